import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// Waitlists over HTTP: the API, the pages, and what a guest's mail leads to.
@Suite(.timeLimit(.minutes(3))) struct WaitlistWebTests {
  private static let form = [
    "Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", "Sec-Fetch-Site": "same-origin",
  ]

  /// Nobody can have a lamp.
  private static func sellOut(_ web: RunningWeb) async throws {
    _ = try await web.square.commerce.setStock(
      by: web.square.owner, variant: web.square.lampVariant, onHand: 0, note: "all broken")
  }

  private static func receive(_ web: RunningWeb, _ count: Int64 = 1) async throws {
    _ = try await web.square.commerce.receiveStock(
      by: web.square.owner, variant: web.square.lampVariant, count: count, note: "delivery")
  }

  private static func buyer(_ name: String = "Asha Rao") -> JSON {
    [
      "name": .string(name), "email": "asha@example.com",
      "address": ["line1": "12 Lamp Lane", "city": "Pune", "postalCode": "411001", "country": "IN"],
    ]
  }

  @Test func `who is signed in waits, is offered a unit, and orders it; nobody else can`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      _ = try await web.square.person("Asha")
      let asha = try await web.signedIn("asha@example.com")
      let list = "/api/v1/variants/\(web.square.lampVariant)/waitlist"
      let early = try await asha.post(list, ["market": "IN"])
      #expect(early.status == 409 && early.code == "not_sold_out")
      try await Self.sellOut(web)
      let joined = try await asha.post(list, ["market": "IN"])
      #expect(joined.status == 201 && joined.json["isMailed"] == false, "\(joined.text)")
      #expect(joined.json["wish"]["place"] == 1 && joined.json["wish"]["state"] == "waiting")
      let path = "/api/v1/wishes/\(joined.json["wish"]["id"].string ?? "")"
      #expect(try await owner.get(path).status == 404)
      #expect(try await web.guest.get(path).status == 404)
      #expect(try await owner.get(list).json["waiting"] == 1)
      #expect(try await asha.get(list).status == 404, "how many wait is the seller's to know")
      try await Self.receive(web)
      let offered = try await asha.get(path).json
      #expect(offered["state"] == "offered" && offered["heldUntil"] != .null && offered["place"] == .null)
      #expect(try await owner.get(list).json["offered"] == 1)
      let other = try await web.guest.post(
        "/api/v1/orders", web.order(1, offer: web.lampOffer()), headers: ["Idempotency-Key": "other"])
      #expect(other.status == 409 && other.code == "sold_out")
      let order: JSON = ["offer": .string(try await web.lampOffer()), "buyer": Self.buyer()]
      #expect(try await owner.post("\(path)/order", order, headers: ["Idempotency-Key": "o"]).status == 404)
      let placed = try await asha.post("\(path)/order", order, headers: ["Idempotency-Key": "mine"])
      #expect(placed.status == 201 && placed.json["order"]["subtotal"]["minor"] == 129_900, "\(placed.text)")
      let again = try await asha.post("\(path)/order", order, headers: ["Idempotency-Key": "mine"])
      #expect(again.json["order"]["id"] == placed.json["order"]["id"])
      #expect(try await asha.get("/api/v1/wishes").json["items"][0]["state"] == "taken")
      #expect(try await asha.delete(path).json["state"] == "taken", "what is over stays as it is")
      #expect(try await web.square.commerce.audit().differences == [])
    }
  }

  @Test(arguments: [("en", "held for you", "Confirm"), ("hi", "आपके लिए रखा है", "पुष्टि करें")])
  func `a guest confirms by mail, and orders and pays on pages without a script`(
    language: String, held: String, confirm: String
  ) async throws {
    try await RunningWeb.run { web in
      try await Self.sellOut(web)
      let product = "/products/\(web.square.lamp.id)"
      let headers = Self.form.merging(["Accept-Language": language]) { $1 }
      let page = try await web.guest.get("\(product)?market=IN", headers: headers)
      #expect(page.text.contains("id=\"tell\"") && page.text.contains("name=\"email\""))
      let body = "market=IN&variant=\(web.square.lampVariant)&email="
      let wrong = try await web.guest.send("POST", product, headers: headers, body: Array((body + "nobody").utf8))
      #expect(wrong.status == 422 && wrong.text.contains("role=\"alert\""))
      let asked = try await web.guest.send(
        "POST", product, headers: headers, body: Array((body + "guest%40example.com").utf8))
      #expect(asked.status == 303, "\(asked.text)")
      let said = try await web.guest.get(asked.header("location") ?? "", headers: headers)
      #expect(said.text.contains("role=\"status\""))

      let first = try await Self.mail("waitlist_confirm", web)
      #expect(first.text.linkText == confirm && !first.text.plain.contains("{"))
      let wish = try await Self.open(first.path, web)
      let unconfirmed = try await wish.get(headers)
      #expect(unconfirmed.text.contains("value=\"confirm\""))
      let yes = try await wish.post("do=confirm", headers)
      #expect(yes.status == 303)
      try await Self.receive(web)
      let second = try await Self.mail("waitlist_offer", web)
      #expect(second.text.subject.contains(held) && second.text.plain.contains("UTC"))
      let offer = try await Self.open(second.path, web)
      let html = try await offer.get(headers).text
      func value(_ name: String) -> String {
        html.components(separatedBy: "name=\"\(name)\" value=\"").dropFirst().first?
          .components(separatedBy: "\"").first ?? ""
      }
      #expect(html.contains("₹1,299") && value("country") == "IN")
      let fields =
        "do=order&order=\(value("order"))&offer=\(value("offer"))&country=IN&name=Asha&email=guest%40example.com"
      let short = try await offer.post(fields, headers)
      #expect(short.status == 422 && short.text.contains("value=\"Asha\""), "what was typed stays")
      let ordered = try await offer.post("\(fields)&line1=12+Lane&city=Pune&postalCode=411001", headers)
      #expect(ordered.status == 303, "\(ordered.text)")
      let opened = try await web.guest.get(ordered.header("location") ?? "", headers: headers)
      let cookie = "haat_order=\(try opened.cookie("haat_order"))"
      let orderPath = opened.header("location") ?? ""
      let orderPage = try await web.guest.get(orderPath, headers: headers.merging(["Cookie": cookie]) { $1 })
      #expect(orderPage.text.contains("<card-payer") && orderPage.text.contains("/js/order.js"))
      let method = try await web.method("4242424242424242")
      let paid = try await web.guest.send(
        "POST", orderPath, headers: headers.merging(["Cookie": cookie]) { $1 },
        body: Array("do=pay&key=one&method=\(method)".utf8))
      #expect(paid.status == 303)
      let done = try await web.guest.get(orderPath, headers: headers.merging(["Cookie": cookie]) { $1 })
      #expect(!done.text.contains("<card-payer") && done.text.contains("aria-current=\"step\""))
      #expect(try await web.square.commerce.audit().differences == [])
    }
  }

  @Test func `the account lists what one waits for, and the seller's stock page how many do`() async throws {
    try await RunningWeb.run { web in
      _ = try await web.square.person("Asha")
      let asha = try await web.signedIn("asha@example.com")
      try await Self.sellOut(web)
      let joined = try await asha.send(
        "POST", "/products/\(web.square.lamp.id)", headers: Self.form,
        body: Array("market=IN&variant=\(web.square.lampVariant)".utf8))
      let page = joined.header("location") ?? ""
      #expect(joined.status == 303 && page.hasPrefix("/waitlist/"))
      #expect(try await asha.get("/account", headers: Self.form).text.contains(page))
      #expect(try await asha.get(page, headers: Self.form).text.contains("You are number 1"))
      #expect(try await web.guest.get(page, headers: Self.form).status == 404)
      let stock = try await web.owner.get("/studio/lamps/stock/\(web.square.lampVariant)", headers: Self.form)
      #expect(stock.text.contains("1 person waits"))
      let mails = try await web.owner.get("/studio/lamps/mails", headers: Self.form)
      #expect(!mails.text.contains("asha@example.com"))
      try await Self.receive(web)
      let mail = try await web.operator.get("/operator/mails", headers: Self.form)
      #expect(mail.text.contains("Held for who waited"))
      let left = try await asha.send("POST", page, headers: Self.form, body: Array("do=leave".utf8))
      #expect(left.status == 303)
      #expect(try await asha.get(page, headers: Self.form).text.contains("You have left the list"))
      let words = try await web.guest.get("/words/waitlist")
      #expect(words.json["waitlist"]["tell"] == "Tell me" && words.json["staffRefusals"]["waitlist_full"] != .null)
    }
  }

  // MARK: Mail

  /// The one of that kind, worded, and where its link leads.
  private static func mail(_ kind: String, _ web: RunningWeb) async throws -> (text: MailText, path: String) {
    let all = try await web.square.commerce.mails(of: nil, by: web.square.operator).items
    let record = try #require(all.first { $0.mail.kind.rawValue == kind })
    let content = try await web.square.commerce.openMail(record.mail)
    var configuration = WebConfiguration()
    configuration.publicURL = "http://localhost:8080"
    let text = try MailWriter(configuration, screens: Screens(resources: ResourceFiles.root)).text(record.mail, content)
    return (text, text.url.replacing("http://localhost:8080", with: ""))
  }

  /// A browser that has followed a mail's link.
  private struct Browser {
    let client: Client
    let path: String
    let cookie: String

    func get(_ headers: [String: String]) async throws -> Reply {
      try await client.get(path, headers: headers.merging(["Cookie": cookie]) { $1 })
    }

    func post(_ body: String, _ headers: [String: String]) async throws -> Reply {
      try await client.send(
        "POST", path, headers: headers.merging(["Cookie": cookie]) { $1 }, body: Array(body.utf8))
    }
  }

  private static func open(_ link: String, _ web: RunningWeb) async throws -> Browser {
    let reply = try await web.guest.get(link, headers: form)
    #expect(reply.status == 303, "\(reply.text)")
    return Browser(
      client: web.guest, path: reply.header("location") ?? "", cookie: "haat_wish=\(try reply.cookie("haat_wish"))")
  }
}

import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// Webhooks as a seller's program gets them, over real connections, checked by a library that is not ours.
@Suite(.timeLimit(.minutes(2))) struct WebhookTests {
  private struct Desk {
    let web: RunningWeb
    let receiver: WebhookReceiver
    let owner: Client
    var path: String { "/api/v1/channels/\(web.square.channel.id)/webhooks" }

    init(_ web: RunningWeb) async throws {
      self.web = web
      receiver = try await WebhookReceiver()
      owner = try await web.owner
    }

    /// Makes one for the receiver's path of that name, which checks with its secret.
    func make(_ name: String, _ kinds: [JSON] = ["order.paid"]) async throws -> (id: String, secret: String) {
      let reply = try await owner.post(path, ["url": .string(receiver.url(name)), "kinds": .array(kinds)])
      #expect(reply.status == 201, "\(reply.text)")
      let secret = reply.json["secret"].string ?? ""
      try await receiver.expect(secret)
      return (reply.json["webhook"]["id"].string ?? "", secret)
    }

    func sell() async throws -> String {
      let (id, token) = try await web.placed()
      let paid = try await web.guest.post(
        "/api/v1/orders/\(id)/payment", ["paymentMethod": .string(web.method("4242424242424242"))],
        headers: ["Idempotency-Key": "pay \(id)", "Order-Token": token])
      #expect(paid.status == 200, "\(paid.text)")
      return id
    }

    func test(_ id: String) async throws {
      #expect(try await owner.post("/api/v1/webhooks/\(id)/tests").status == 201)
    }

    func messages(_ id: String) async throws -> [JSON] {
      let reply = try await owner.get("/api/v1/webhooks/\(id)/messages")
      guard case .array(let items) = reply.json["items"] else { return [] }
      return items
    }

    /// The one message, once it is like this.
    func message(_ id: String, is good: (JSON) -> Bool) async throws -> JSON {
      try await web.until({ try await messages(id).first ?? .null }, is: good)
    }
  }

  private static func run(_ body: @Sendable (Desk) async throws -> Void) async throws {
    try await RunningWeb.run(configure: { $0.webhooks.reachesPrivateAddresses = true }) { web in
      // The receiver looks at the time it is sent, and forgives five minutes.
      web.square.clock.now = Moment(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
      try await body(Desk(web))
    }
  }

  @Test func `an order that is paid is told, signed as a library of Standard Webhooks expects it`() async throws {
    try await Self.run { desk in
      let (id, _) = try await desk.make("shop")
      let order = try await desk.sell()
      let taken = try await desk.receiver.taken(1)[0]
      #expect(taken["isGood"] == true, "\(taken)")
      #expect(taken["said"]["type"] == "order.paid" && taken["said"]["data"]["order"]["id"].string == order)
      #expect(taken["type"] == "application/json" && taken["agent"] == "Haat-Webhooks/1")
      let message = try await desk.message(id) { $0["state"] == "sent" }
      #expect(taken["id"].string == message["id"].string.map { "msg_\($0)" })
      #expect(message["attempts"][0]["status"] == 204 && message["attempts"][1] == .null)
    }
  }

  @Test func `with another secret the old one signs too, and a wrong one is seen`() async throws {
    try await Self.run { desk in
      let (id, secret) = try await desk.make("shop")
      let renewed = try await desk.owner.post("/api/v1/webhooks/\(id)/secret").json["secret"].string ?? ""
      for (known, isGood) in [(secret, true), (renewed, true), ("whsec_" + String(repeating: "A", count: 32), false)] {
        try await desk.receiver.expect(known)
        let before = desk.receiver.taken.count
        try await desk.test(id)
        let taken = try await desk.receiver.taken(before + 1)[before]
        #expect(taken["isGood"] == JSON.bool(isGood) && taken["signatures"] == 2, "\(taken)")
      }
    }
  }

  @Test func `what fails is tried again, no redirect is followed, and one that is gone is turned off`() async throws {
    try await Self.run { desk in
      let (broken, _) = try await desk.make("broken")
      try await desk.test(broken)
      _ = try await desk.message(broken) { $0["attempts"][0]["status"] == 503 }
      // Five seconds by the market's clock.
      desk.web.square.clock.advance(seconds: 5)
      let again = try await desk.message(broken) { $0["state"] == "sent" }
      #expect(again["attempts"][0]["status"] == 204 && again["attempts"][1]["status"] == 503)
      #expect(Set(desk.receiver.taken.map { $0["id"].string }).count == 1, "the same name each time")

      let (moved, _) = try await desk.make("moved")
      try await desk.test(moved)
      let there = try await desk.message(moved) { $0["attempts"][0] != .null }
      #expect(there["attempts"][0]["status"] == 307 && there["attempts"][0]["trouble"] == "redirect")
      #expect(!desk.receiver.taken.contains { $0["path"] == "/elsewhere" })

      let (gone, _) = try await desk.make("gone")
      try await desk.test(gone)
      _ = try await desk.message(gone) { $0["attempts"][0]["status"] == 410 }
      #expect(try await desk.owner.get("/api/v1/webhooks/\(gone)").json["state"] == "broken")
      #expect(try await desk.owner.post("/api/v1/webhooks/\(gone)/tests").json["code"] == "webhook_off")
    }
  }

  @Test func `what was taken can be sent again`() async throws {
    try await Self.run { desk in
      let (id, _) = try await desk.make("shop")
      try await desk.test(id)
      let first = try await desk.message(id) { $0["state"] == "sent" }
      let message = first["id"].string ?? ""
      #expect(try await desk.owner.post("/api/v1/webhook-messages/\(message)/again").status == 200)
      let taken = try await desk.receiver.taken(2)
      #expect(taken[0]["id"] == taken[1]["id"] && taken[0]["said"] == taken[1]["said"])
      #expect(try await desk.web.guest.post("/api/v1/webhook-messages/\(message)/again").status == 401)
      #expect(try await desk.web.stranger.post("/api/v1/webhook-messages/\(message)/again").status == 404)
    }
  }

  @Test func `what is private is not reached, however it is written`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let path = "/api/v1/channels/\(web.square.channel.id)/webhooks"
      for url in [
        "https://127.0.0.1/a", "https://localhost/a", "https://10.0.0.1:8443/a", "https://[::1]/a",
        "https://169.254.169.254/latest", "https://2130706433/", "https://printer.local/", "https://[::ffff:10.0.0.1]/",
      ] {
        let reply = try await owner.post(path, ["url": .string(url), "kinds": ["order.paid"]])
        #expect(reply.status == 422 && reply.json["code"] == "webhook_private", "\(url): \(reply.text)")
      }
      let plain = try await owner.post(path, ["url": "http://shop.example/", "kinds": ["order.paid"]])
      #expect(plain.json["code"] == "webhook_address" && plain.json["field"] == "url")
      // A name that leads to a private address is seen when it is looked up.
      let clients = OutsideClients(OutsideReach())
      for host in ["localhost", "127.0.0.1", "::1"] { #expect(try await clients.client(to: host) == nil, "\(host)") }
      await clients.end()
    }
  }

  @Test(arguments: ["en", "hi"])
  func `by forms an owner makes one, sees its secret once, tests it, and takes it away`(language: String) async throws {
    try await Self.run { desk in
      let page = "/studio/\(desk.web.square.channel.handle)/webhooks"
      let headers = ["Accept-Language": language, "Content-Type": "application/x-www-form-urlencoded"]
      func post(_ path: String, _ body: String) async throws -> Reply {
        try await desk.owner.send("POST", path, headers: headers, body: Array(body.utf8))
      }
      let url = desk.receiver.url("shop").replacing(":", with: "%3A").replacing("/", with: "%2F")
      let wrong = try await post(page, "url=ftp%3A%2F%2Fshop.example&kind-order.paid=on")
      #expect(wrong.status == 422 && wrong.text.contains("ftp://shop.example"))
      let made = try await post(page, "url=\(url)&kind-order.paid=on")
      let secret = try #require(made.text.firstMatch(of: /whsec_[A-Za-z0-9+\/=&;#]+/)).output
      try await desk.receiver.expect(String(secret).replacing("&#x2F;", with: "/").replacing("&#43;", with: "+"))
      let id = try #require(
        try await desk.owner.get(desk.path).json["items"][0]["id"].string)
      #expect(try await post("\(page)/\(id)", "do=test").status == 303)
      let taken = try await desk.receiver.taken(1)[0]
      #expect(taken["isGood"] == true && taken["said"]["type"] == "test", "\(taken)")
      _ = try await desk.message(id) { $0["state"] == "sent" }
      let seen = try await desk.owner.get("\(page)/\(id)", headers: ["Accept-Language": language])
      #expect(seen.text.contains("204") && !seen.text.contains("whsec_"))
      #expect(seen.header("content-language") == language)
      // Another channel's page has none of it.
      #expect(try await desk.web.stranger.get("\(page)/\(id)").status == 404)
      #expect(try await post("\(page)/\(id)", "do=remove").status == 303)
      #expect(try await desk.owner.get("\(page)/\(id)").status == 404)
    }
  }
}

import Commerce
import Foundation
import Post
import Synchronization
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// Buyers' mail from a payment to a mail server of somebody else's, and what is seen of it in the studio.
@Suite(.timeLimit(.minutes(3))) struct MailDeliveryTests {
  private static func configure(_ port: Int) -> (inout WebConfiguration) -> Void {
    { configuration in
      configuration.publicURL = "http://localhost:8080"
      configuration.mail.from = "orders@haat.example"
      configuration.mail.fromName = "Haat"
      configuration.mail.pauseSeconds = 0
      configuration.mail.server = SMTPServer(
        host: "127.0.0.1", port: port, security: .none, ownName: "haat.example")
    }
  }

  /// Pays for a lamp with this address; gives the order's id.
  private static func sell(_ web: RunningWeb, to email: String, language: String = "en") async throws -> String {
    let buyer: JSON = [
      "name": "Asha Rao", "email": .string(email),
      "address": ["line1": "12 Lamp Lane", "city": "Pune", "postalCode": "411001", "country": "IN"],
    ]
    let body: JSON = [
      "show": "\(web.square.show.id)", "market": "IN",
      "lines": [["offer": .string(try await web.lampOffer()), "quantity": 1]], "buyer": buyer,
    ]
    let placed = try await web.guest.post(
      "/api/v1/orders", body, headers: ["Idempotency-Key": UUID().uuidString, "Accept-Language": language])
    let id = placed.json["order"]["id"].string ?? ""
    let paid = try await web.guest.post(
      "/api/v1/orders/\(id)/payment", ["paymentMethod": .string(try await web.method("4242424242424242"))],
      headers: ["Order-Token": placed.json["accessToken"].string ?? "", "Idempotency-Key": UUID().uuidString])
    #expect(paid.status == 200, "\(paid.text)")
    return id
  }

  private static let list = "/api/v1/channels/lamps/mails"

  /// The mails of the channel once they are as they should be.
  private static func mails(_ web: RunningWeb, until isGood: ([JSON]) -> Bool) async throws -> [JSON] {
    let owner = try await web.owner
    return try await web.until({ try await owner.get(list).json["items"].array }, is: isGood)
  }

  @Test func `a confirmation reaches a mail server, and says so in the studio`() async throws {
    let there = try await MailServer()
    try await RunningWeb.run(configure: Self.configure(there.port)) { web in
      let order = try await Self.sell(web, to: "asha@example.com")
      let mail = try await Self.mails(web) { $0.first?["state"] == "sent" }[0]
      let taken = try #require(try await there.taken(1).first)
      #expect(there.taken.count == 1 && taken.to == ["asha@example.com"] && taken.from == "orders@haat.example")
      let id = mail["id"].string ?? ""
      #expect(taken.content.contains("Message-ID: <\(id)@haat.example>\r\n"), "\(taken.content)")
      #expect(mail["order"].string == order && mail["kind"] == "paid" && mail["leftAt"].string != nil)
      let directory = URL(filePath: web.dataDirectory).appending(path: "mail").path
      #expect(!FileManager.default.fileExists(atPath: directory), "it is not written as well")
      #expect(try await web.guest.get("/metrics").text.contains(#"haat_mails_total{outcome="sent"} 1"#))

      // Again: one more, which no reader takes for the first.
      let owner = try await web.owner
      let path = "/api/v1/mails/\(id)/deliveries"
      #expect(try await owner.post(path).status == 400, "without a key")
      for _ in 0..<2 {
        let again = try await owner.post(path, headers: ["Idempotency-Key": "again"])
        #expect(again.status == 202 && again.json["state"] == "queued" && again.json["repeats"] == 1, "\(again.text)")
      }
      _ = try await Self.mails(web) { $0[0]["state"] == "sent" && $0[0]["attempts"] == 2 }
      let both = try await there.taken(2)
      #expect(both.count == 2 && both[1].content.contains("Message-ID: <\(id).1@haat.example>\r\n"))
      let whole = try await owner.get("/api/v1/mails/\(id)").json
      #expect(whole["mail"]["id"].string == id && whole["text"].string?.contains("Total: ₹") == true)
      #expect(whole["html"].string?.contains("<h1>") == true && whole["text"].string?.contains("token=") == false)
    }
  }

  @Test(arguments: ["busy", "hasty"])
  func `what a server did not take is tried again, and arrives once`(buyer: String) async throws {
    let there = try await MailServer()
    try await RunningWeb.run(configure: Self.configure(there.port)) { web in
      _ = try await Self.sell(web, to: "\(buyer)@example.com", language: "hi")
      let waiting = try await Self.mails(web) { $0.first?["attempts"] == 1 && $0[0]["trouble"].string != nil }[0]
      #expect(waiting["state"] == "queued" && waiting["trouble"].string == (buyer == "busy" ? "message" : "closed"))
      #expect(waiting["serverWords"].string == (buyer == "busy" ? "451 4.7.1 Come back later" : nil))
      let operatorPage = try await web.operator.get("/operator").text
      #expect(operatorPage.contains("1 mail waits for another attempt."))
      web.square.clock.advance(seconds: 60)
      let sent = try await Self.mails(web) { $0[0]["state"] == "sent" }[0]
      #expect(sent["attempts"] == 2 && sent["trouble"].string == nil && there.taken.count == 1)
      #expect(there.taken[0].content.contains("<\(sent["id"].string ?? "")@haat.example>"))
      #expect(try await !web.operator.get("/operator").text.contains("another attempt"))
    }
  }

  @Test func `a mail that is refused is kept with the server's words, and the operator is told`() async throws {
    let there = try await MailServer(["--ascii"])
    try await RunningWeb.run(configure: Self.configure(there.port)) { web in
      _ = try await Self.sell(web, to: "nobody@example.com")
      _ = try await Self.sell(web, to: "दीपक@example.com")
      _ = try await Self.sell(web, to: "a,b@example.com")
      let failed = try await Self.mails(web) { $0.count == 3 && $0.allSatisfy { $0["state"] == "failed" } }
      #expect(Set(failed.compactMap { $0["trouble"].string }) == ["recipient", "unicode", "address"])
      let nobody = try #require(failed.first { $0["trouble"] == "recipient" })
      #expect(nobody["serverWords"] == "550 5.1.1 There is nobody of this name")
      #expect(there.taken.isEmpty)
      let page = try await web.operator.get("/operator").text
      #expect(page.contains("3 mails were given up in the last 7 days."))
      let list = try await web.operator.get("/operator/mails?state=failed")
      #expect(list.text.contains("550 5.1.1 There is nobody of this name") && list.text.contains("127.0.0.1:"))
      #expect(try await web.operator.get("/operator/mails?state=sent").text.contains("No mails here."))
      #expect(try await web.operator.get("/api/v1/mails?state=failed&limit=2").json["items"].array.count == 2)
      #expect(try await web.operator.get("/api/v1/mails?state=lost").status == 400)
    }
  }

  @Test func `while no server is there nothing is lost, and its password is in no log`() async throws {
    let lines = LogLines()
    // Held, and not listened at: a port that was only free a moment ago may be another test's server by now.
    let nobody = try HeldPort()
    defer { nobody.release() }
    try await RunningWeb.run(
      configure: {
        Self.configure(nobody.port)(&$0)
        $0.mail.server?.user = "asha"
        $0.mail.server?.password = "hush-hush"
        $0.mail.pauseSeconds = 3600
      }, lines: lines
    ) { web in
      _ = try await Self.sell(web, to: "asha@example.com")
      let first = try await Self.mails(web) { $0.first?["trouble"] == "unreachable" }[0]
      #expect(first["state"] == "queued" && first["serverWords"] == "Connection refused")
      // The pause holds for every other mail: none uses up its attempts.
      _ = try await Self.sell(web, to: "asha@example.com")
      try await Task.sleep(for: .seconds(3))
      #expect(try await Self.mails(web) { $0.count == 2 }.compactMap { $0["attempts"].number }.sorted() == [0, 1])
      #expect(lines.all.contains { $0.contains("takes no mail") && $0.contains("unreachable") })
      #expect(!lines.all.contains { $0.contains("hush-hush") })
    }
  }

  @Test func `a server that does not answer keeps nobody from stopping, and the mail waits`() async throws {
    let there = try await MailServer()
    let kept = Mutex<MarketSquare?>(nil)
    let begun = Mutex(ContinuousClock.now)
    try await RunningWeb.run(configure: Self.configure(there.port)) { web in
      kept.withLock { $0 = web.square }
      _ = try await Self.sell(web, to: "slow@example.com")
      _ = try await Self.mails(web) { $0.first?["attempts"] == 1 }
      // It has the whole message by now, or will have it while we stop: either way it is not waited for.
      begun.withLock { $0 = .now }
    }
    // Its own patience with a server is minutes.
    #expect(ContinuousClock.now - begun.withLock { $0 } < .seconds(30))
    let square = try #require(kept.withLock { $0 })
    let mail = try #require(try await square.commerce.mails(of: square.channel.id, by: square.owner).items.first).mail
    #expect(
      mail.progress == .queued && ["interrupted", "noAnswer", "closed"].contains(mail.trouble), "\(mail.trouble)")
    #expect(try await square.commerce.takeMail().isEmpty)
    square.clock.advance(seconds: 60)
    #expect(try await square.commerce.takeMail().count == 1)
  }

  @Test func `an hour at the desk: a list, a mail, its frame, and the button, without scripts`() async throws {
    let there = try await MailServer()
    try await RunningWeb.run(configure: Self.configure(there.port)) { web in
      _ = try await Self.sell(web, to: "asha@example.com")
      let id = try await Self.mails(web) { $0.first?["state"] == "sent" }[0]["id"].string ?? ""
      let owner = try await web.owner
      #expect(try await owner.get("/studio/lamps?tab=orders").text.contains(#"href="/studio/lamps/mails""#))
      for (client, home) in [(owner, "/studio/lamps/mails"), (try await web.operator, "/operator/mails")] {
        let list = try await client.get(home)
        #expect(list.status == 200 && list.text.contains("asha@example.com") && list.text.contains("\(home)/\(id)"))
        let page = try await client.get("\(home)/\(id)")
        #expect(page.text.contains(#"sandbox="""#) && page.text.contains("\(home)/\(id)/html"), "\(page.text)")
        #expect(page.text.contains("Asha Rao") && !page.text.contains("token="))
        let frame = try await client.get("\(home)/\(id)/html")
        let rules = try #require(frame.header("Content-Security-Policy"))
        #expect(
          rules.contains("default-src 'none'") && rules.contains("sandbox") && rules.contains("form-action 'none'"))
        #expect(frame.text.contains("<h1>") && !frame.text.contains("token="))
      }
      // Two presses of one page send one mail.
      let page = "/studio/lamps/mails/\(id)"
      for _ in 0..<2 { #expect(try await owner.submit(page, ["seen": "1"]).status == 303) }
      _ = try await Self.mails(web) { $0[0]["state"] == "sent" && $0[0]["attempts"] == 2 }
      #expect(try await owner.submit(page, ["seen": "1"]).status == 303)
      try await Task.sleep(for: .seconds(3))
      #expect(there.taken.count == 2)
      let hindi = try await owner.get("\(page)?lang=hi").text
      #expect(hindi.contains("दोबारा भेजें") && hindi.contains("भेजी गई"))
    }
  }

  @Test func `a channel's mails are nobody else's`() async throws {
    try await RunningWeb.run { web in
      _ = try await Self.sell(web, to: "asha@example.com")
      let id = try await Self.mails(web) { $0.first?["state"] == "written" }[0]["id"].string ?? ""
      let (owner, stranger, boss) = (try await web.owner, try await web.stranger, try await web.operator)
      // The stranger has a channel too, and tries it as a way in.
      let other = try await stranger.post(
        "/api/v1/channels", ["handle": "others", "name": "Others", "market": "IN"])
      #expect(other.status == 201)
      var staff: [Client] = []
      for role in ["host", "moderator", "fulfilment"] {
        _ = try await web.square.person(role)
        let email = "\(role)@example.com"
        let client = try await web.signedIn(email)
        let added = try await owner.post(
          "/api/v1/channels/lamps/members", ["email": .string(email), "role": .string(role)])
        #expect(added.status < 300, "\(added.text)")
        staff.append(client)
      }
      let again = "/api/v1/mails/\(id)/deliveries"
      for (client, status) in [
        (web.guest, 401), (stranger, 404), (staff[0], 403), (staff[1], 403), (staff[2], 200), (owner, 200),
        (boss, 200),
      ] {
        #expect(try await client.get("/api/v1/mails/\(id)").status == status)
        if client.cookie != boss.cookie { #expect(try await client.get(Self.list).status == status) }
        guard status != 200 else { continue }
        #expect(try await client.post(again, headers: ["Idempotency-Key": "\(status)"]).status == status)
        for path in ["", "/\(id)", "/\(id)/html"] {
          let page = try await client.get("/studio/lamps/mails\(path)", headers: ["Accept": "text/html"])
          #expect(status == 401 ? [303, 401].contains(page.status) : page.status == status, "\(path) \(page.status)")
        }
        #expect(try await client.submit("/studio/lamps/mails/\(id)", ["seen": "1"]).status != 200)
      }
      #expect(try await stranger.get("/studio/others/mails").status == 200)
      #expect(try await stranger.get("/studio/others/mails/\(id)").status == 404)
      #expect(try await stranger.get("/studio/others/mails/\(id)/html").status == 404)
      for client in [owner, stranger, staff[2]] {
        for path in ["/api/v1/mails", "/operator/mails", "/operator/mails/\(id)", "/operator/mails/\(id)/html"] {
          #expect(try await client.get(path).status == 403, "\(path)")
        }
      }
      #expect(
        try await web.until({ try await owner.get(Self.list).json["items"].array }, is: { !$0.isEmpty })[0]["repeats"]
          == 0)
    }
  }

  @Test func `whatever can go wrong has words, in every language`() throws {
    let screens = try Screens(resources: ResourceFiles.root)
    let others = ["address", "file", "fault", "unknown", "interrupted"]
    for language in screens.languages.all {
      let words = try #require(screens.words(language))
      for code in SMTPTrouble.allCases.map(\.rawValue) + others {
        #expect(words.mailTrouble(code) != words["mailDesk.troubleUnknown"] || code == "unknown", "\(language) \(code)")
      }
      #expect(words.mailTrouble("made up") == words["mailDesk.troubleUnknown"])
    }
    // Nobody takes a mail from who is still at it.
    #expect(Policy().mailLeaseSeconds > SMTPServer.Limits().deliverySeconds + 60)
    #expect((1...9).map { MailPause.seconds(after: $0, of: 15) } == [15, 30, 60, 120, 240, 300, 300, 300, 300])
  }
}

/// A port at which nobody listens, and which nobody else is given meanwhile.
private struct HeldPort {
  struct Fault: Error {}

  let port: Int
  private let file: Int32

  init() throws {
    let held = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isHeld = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(held, address, length) == 0 && getsockname(held, address, &length) == 0
      }
    }
    guard held >= 0, isHeld else { throw Fault() }
    file = held
    port = Int(UInt16(bigEndian: address.sin_port))
  }

  func release() { close(file) }
}

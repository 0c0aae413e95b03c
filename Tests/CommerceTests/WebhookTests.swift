import Foundation
import Store
import TestKit
import Testing

@testable import Commerce

/// Programs of sellers and partners are told what happened, once for each thing, until they have taken it.
@Suite struct WebhookTests {
  private struct House {
    let house: PartnerHouse
    var commerce: Commerce { house.commerce }
    var owner: Caller { house.stall.owner }
    var seller: Payee { .channel(house.stall.channel) }
    var partner: Payee { .partner(house.partner) }
    var clock: SettableClock { house.stall.clock }

    init(_ engine: Engine) async throws { house = try await PartnerHouse(engine) }

    @discardableResult
    func make(
      _ kinds: [WebhookKind] = WebhookKind.choosable, of owner: Payee? = nil, url: String = "https://shop.example/haat"
    ) async throws -> Webhook {
      let owner = owner ?? seller
      return try await commerce.makeWebhook(
        commerce.makeID(), of: owner, by: owner == seller ? self.owner : house.blogger,
        WebhookDraft(url: url, kinds: kinds)
      ).webhook
    }

    func take(_ each: Int = 16) async throws -> [WebhookDelivery] { try await commerce.takeWebhooks(each: each) }

    func json(_ delivery: WebhookDelivery) throws -> JSON {
      try JSONDecoder().decode(JSON.self, from: Data(delivery.message.body.utf8))
    }

    /// Fails the one message that is due, and gives after how many seconds it is due again; nil when it was given up.
    func fail(after seconds: Int64? = nil) async throws -> Int64? {
      let delivery = try #require(try await take().first)
      try await commerce.webhookFailed(
        delivery.message, status: 500, trouble: "status", milliseconds: 7, after: seconds)
      let message = try await commerce.webhookMessages(of: delivery.message.webhook, by: owner).items[0]
      guard message.state == .waiting else { return nil }
      let pause = message.next.milliseconds(since: clock.now) / 1000
      clock.now = message.next
      return pause
    }
  }

  @Test(arguments: Engine.allCases)
  func `seller and partner are told of an order, each what is theirs to know, and nothing of its buyer`(
    engine: Engine
  ) async throws {
    let house = try await House(engine)
    try await house.make()
    try await house.make(of: house.partner, url: "https://blog.example/haat")
    try await house.make([.showStarted])
    let order = try await house.house.sell()
    let told = try await house.take()
    #expect(Set(told.map(\.url)) == ["https://shop.example/haat", "https://blog.example/haat"] && told.count == 2)
    let seller = try house.json(try #require(told.first { $0.url.contains("shop") }))
    #expect(seller["type"] == "order.paid" && seller["timestamp"].string == house.clock.now.description)
    let data = seller["data"]["order"]
    #expect(data["id"].string == "\(order.id)" && data["number"].string == order.number && data["state"] == "paid")
    #expect(data["total"]["minor"].number == Double(order.total.minor) && data["total"]["currency"] == "INR")
    #expect(data["lines"][0]["sku"].string == order.lines[0].sku && data["lines"][0]["quantity"] == 1)
    let partner = try house.json(try #require(told.first { $0.url.contains("blog") }))["data"]["order"]
    #expect(partner["share"]["minor"].number == Double(order.lines[0].partnerShare.minor) && partner["lines"] == .null)
    for delivery in told {
      for secret in [order.buyer.email, order.buyer.name] { #expect(!delivery.message.body.contains(secret)) }
    }
    for delivery in told { try await house.commerce.webhookTaken(delivery.message, status: 204, milliseconds: 12) }
    #expect(try await house.take().isEmpty)

    let parcel = try await house.commerce.ship(order.id, by: house.owner)
    let parcels = try await house.take()
    #expect(parcels.count == 2)
    let shipped = try house.json(try #require(parcels.first { $0.url.contains("shop") }))
    #expect(shipped["type"] == "order.shipped" && shipped["data"]["shipment"]["id"].string == "\(parcel.id)")
    _ = try await house.commerce.deliver(parcel.id, of: order.id, by: house.owner)
    #expect(try await house.take().map(\.message.kind).sorted() == ["order.delivered", "order.delivered"])
    let refund = try await house.commerce.refund(order.id, by: house.owner, amountMinor: 100, reason: "a scratch")
    _ = try await house.house.stall.deliverWebhooks()
    let refunded = try await house.take()
    #expect(refunded.map(\.message.kind) == ["order.refunded", "order.refunded"])
    let back = try house.json(try #require(refunded.first { $0.url.contains("shop") }))
    #expect(back["data"]["refund"]["id"].string == "\(refund.id)" && back["data"]["refund"]["amount"]["minor"] == 100)
    #expect(back["data"]["order"]["refunded"]["minor"] == 100)
  }

  @Test(arguments: Engine.allCases)
  func `a show that goes on air, and ends, is told to its channel and to partners`(engine: Engine) async throws {
    let house = try await House(engine)
    try await house.make([.showStarted, .showEnded])
    try await house.make([.showStarted], of: house.partner, url: "https://blog.example/haat")
    let show = try await house.commerce.scheduleShow(
      house.commerce.makeID(), by: house.owner, channel: house.house.stall.channel,
      ShowDraft(title: "Lamps", scheduledAt: house.clock.now.adding(seconds: 60), markets: ["IN"]))
    try await house.commerce.startShow(by: house.owner, show: show.id)
    // What happens in a show is told at a moment of its own.
    house.clock.advance(seconds: 1)
    let started = try await house.take()
    try #require(started.map(\.message.kind) == ["show.started", "show.started"])
    let data = try house.json(started[0])["data"]["show"]
    #expect(data["id"].string == "\(show.id)" && data["title"] == "Lamps" && data["state"] == "live")
    try await house.commerce.endShow(by: house.owner, show: show.id)
    house.clock.advance(seconds: 1)
    #expect(try await house.take().map(\.message.kind) == ["show.ended"])
  }

  @Test(arguments: Engine.allCases)
  func `what is not taken is tried ten times in three and a half days, and then given up`(
    engine: Engine
  ) async throws {
    let house = try await House(engine)
    let webhook = try await house.make([.orderPaid])
    let order = try await house.house.sell()
    var pauses: [Int64] = []
    while let pause = try await house.fail() { pauses.append(pause) }
    #expect(pauses == [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400])
    let messages = try await house.commerce.webhookMessages(of: webhook.id, by: house.owner).items
    #expect(messages.map(\.state) == [.failed] && messages[0].attempts == 10)
    let tries = try await house.commerce.webhookAttempts(
      of: messages.map(\.id), webhook: webhook.id, by: house.owner)[messages[0].id]
    #expect(tries?.map(\.number) == Array((1...10).reversed()) && tries?.allSatisfy { $0.status == 500 } == true)
    #expect(try await house.commerce.webhook(webhook.id, by: house.owner).failing != nil)

    // Asked for again it has all its tries again, and its name stays.
    let again = try await house.commerce.sendWebhookAgain(messages[0].id, by: house.owner)
    #expect(again.state == .waiting && again.name == messages[0].name)
    #expect(try await house.fail() == 5)
    let delivery = try #require(try await house.take().first)
    #expect(try house.json(delivery)["data"]["order"]["id"].string == "\(order.id)")
    try await house.commerce.webhookTaken(delivery.message, status: 200, milliseconds: 3)
    #expect(try await house.commerce.webhook(webhook.id, by: house.owner).failing == nil)
  }

  @Test(arguments: Engine.allCases)
  func `a receiver may ask for a longer pause, of a day at most`(engine: Engine) async throws {
    let house = try await House(engine)
    try await house.make([.orderPaid])
    _ = try await house.house.sell()
    #expect(try await house.fail(after: 60) == 60)
    #expect(try await house.fail(after: 1) == 300)
    #expect(try await house.fail(after: 1_000_000) == 86_400)
    #expect(try await house.fail(after: -5) == 7_200)
  }

  @Test(arguments: Engine.allCases)
  func `one that takes nothing for five days, or is gone, is sent nothing until it is turned on`(
    engine: Engine
  ) async throws {
    let house = try await House(engine)
    let webhook = try await house.make([.orderPaid])
    _ = try await house.house.sell()
    let gone = try #require(try await house.take().first)
    try await house.commerce.webhookFailed(
      gone.message, status: 410, trouble: "status", milliseconds: 1, isGone: true)
    #expect(try await house.commerce.webhook(webhook.id, by: house.owner).state == .broken)
    house.clock.advance(days: 1)
    #expect(try await house.take().isEmpty)
    // What happens meanwhile is not kept for it; what waited is.
    _ = try await house.house.sell()
    #expect(try await refusal { try await house.commerce.testWebhook(webhook.id, by: house.owner) } == "webhook_off")
    _ = try await house.commerce.changeWebhook(webhook.id, by: house.owner, isOn: true)
    #expect(try await house.take().map(\.message.id) == [gone.message.id])

    // One that fails after it was turned off is not due either.
    let late = try #require(try await house.commerce.webhookMessages(of: webhook.id, by: house.owner).items.first)
    _ = try await house.commerce.changeWebhook(webhook.id, by: house.owner, isOn: false)
    try await house.commerce.webhookFailed(late, status: 500, trouble: "status", milliseconds: 1)
    #expect(try await house.commerce.webhookMessages(of: webhook.id, by: house.owner).items[0].next == .never)
    _ = try await house.commerce.changeWebhook(webhook.id, by: house.owner, isOn: true)

    _ = try await house.commerce.testWebhook(webhook.id, by: house.owner)
    _ = try await house.fail()
    house.clock.advance(days: 5)
    _ = try await house.commerce.testWebhook(webhook.id, by: house.owner)
    for delivery in try await house.take() {
      try await house.commerce.webhookFailed(delivery.message, status: nil, trouble: "unreachable", milliseconds: 1)
    }
    #expect(try await house.commerce.webhook(webhook.id, by: house.owner).state == .broken)
  }

  @Test(arguments: Engine.allCases)
  func `no more waits for one that takes nothing than there is room for`(engine: Engine) async throws {
    let house = try await House(engine)
    let webhook = try await house.make([.orderPaid])
    _ = try await house.house.sell()
    _ = try await house.fail()
    try await house.house.stall.database.write { [now = house.clock.now] db in
      for _ in 1..<Int(Webhook.waitingMax) {
        let id: ID<WebhookMessage> = house.commerce.makeID()
        try db.run(
          """
          INSERT INTO webhook_message (id, webhook_id, kind, body, state, attempts, attempts_before, next_ms, made_ms)
          VALUES (\(id), \(webhook.id), 'test', '{}', 'waiting', 1, 0, \(now), \(now))
          """)
      }
    }
    _ = try await house.house.sell()
    let found = try await house.commerce.webhook(webhook.id, by: house.owner)
    #expect(found.dropped == 1)
    #expect(try await house.house.stall.number("SELECT COUNT(*) FROM webhook_message") == Webhook.waitingMax)
  }

  @Test(arguments: Engine.allCases)
  func `one that is slow keeps back no other, and what somebody died with is taken again`(engine: Engine) async throws {
    let house = try await House(engine)
    let slow = try await house.make([.orderPaid])
    let quick = try await house.make([.orderPaid], of: house.partner, url: "https://blog.example/haat")
    for _ in 0..<3 { _ = try await house.house.sell() }
    let first = try await house.take(2)
    #expect(first.filter { $0.message.webhook == slow.id }.count == 2 && first.count == 4)
    let others = try await house.commerce.takeWebhooks(but: [slow.id])
    #expect(others.map(\.message.webhook) == [quick.id])
    house.clock.advance(seconds: WebhookMessage.leaseSeconds)
    #expect(try await house.take().count == 6)
    // What a late sender says of its own attempt counts no more.
    try await house.commerce.webhookFailed(first[0].message, status: 500, trouble: "status", milliseconds: 1)
    #expect(try await house.take().isEmpty)
  }

  @Test func `signatures are those of Standard Webhooks`() {
    // As PyPI's standardwebhooks 1.0.1 signs the same.
    let signatures = WebhookMessage.signatures(
      name: "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds: 1_614_265_330, body: #"{"test": 2432232314}"#,
      secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLjSw"])
    #expect(signatures == "v1,q6KMVIJHk4Gs770FfR5f591Ftx7uVJSGl5wHV1ri978=")
  }

  @Test(arguments: Engine.allCases)
  func `after a change of secret both sign for a day`(engine: Engine) async throws {
    let house = try await House(engine)
    let id: ID<Webhook> = house.commerce.makeID()
    let draft = WebhookDraft(url: "https://shop.example/haat", kinds: [.orderPaid])
    let (webhook, secret) = try await house.commerce.makeWebhook(id, of: house.seller, by: house.owner, draft)
    // Made again it is the same one.
    let again = try await house.commerce.makeWebhook(id, of: house.seller, by: house.owner, draft)
    #expect(again.webhook == webhook && again.secret == secret && secret.hasPrefix("whsec_"))
    let renewed = try await house.commerce.renewWebhookSecret(id, by: house.owner)
    #expect(renewed != secret)
    _ = try await house.commerce.testWebhook(id, by: house.owner)
    #expect(try await house.take()[0].secrets == [renewed, secret])
    house.clock.advance(days: 1)
    let later = try #require(try await house.take().first)
    #expect(later.secrets == [renewed])
    let call = try #require(house.commerce.call(for: later))
    let headers = Dictionary(uniqueKeysWithValues: call.headers.map { ($0.name, $0.value) })
    #expect(headers["webhook-id"] == later.message.name)
    #expect(headers["webhook-timestamp"] == "\(house.clock.now.milliseconds / 1000)")
    let kept = try await house.house.stall.database.read { db in
      try db.requireRow("SELECT secret FROM webhook").get("secret", as: [UInt8].self)
    }
    #expect(!String(decoding: kept, as: UTF8.self).contains("whsec_"))
  }

  @Test(arguments: Engine.allCases)
  func `only owners and a partner's people see and change them`(engine: Engine) async throws {
    let house = try await House(engine)
    let commerce = house.commerce
    let webhook = try await house.make()
    _ = try await commerce.testWebhook(webhook.id, by: house.owner)
    let message = try await commerce.webhookMessages(of: webhook.id, by: house.owner).items[0]
    let (_, secret) = try await commerce.makePartnerKey(of: house.house.partner, by: house.house.blogger, name: "app")
    let key = try #require(try await commerce.caller(apiKey: secret.text))
    for other in [house.house.blogger, house.house.house, key] {
      #expect(try await refusal { try await commerce.webhook(webhook.id, by: other) } != nil)
      #expect(try await refusal { try await commerce.webhooks(of: house.seller, by: other) } != nil)
      #expect(try await refusal { try await commerce.removeWebhook(webhook.id, by: other) } != nil)
      #expect(try await refusal { try await commerce.renewWebhookSecret(webhook.id, by: other) } != nil)
      #expect(try await refusal { try await commerce.changeWebhook(webhook.id, by: other, isOn: false) } != nil)
      #expect(try await refusal { try await commerce.sendWebhookAgain(message.id, by: other) } != nil)
      #expect(try await refusal { try await commerce.webhookMessages(of: webhook.id, by: other) } != nil)
    }
    #expect(try await refusal { try await commerce.webhook(webhook.id, by: .nobody) } == "sign_in_needed")
    #expect(
      try await refusal {
        try await commerce.makeWebhook(
          commerce.makeID(), of: house.partner, by: key, WebhookDraft(url: "https://a.example/", kinds: [.orderPaid]))
      } == "partner_key")
  }

  @Test(arguments: Engine.allCases)
  func `addresses and kinds are looked at, and there are ten at most`(engine: Engine) async throws {
    let house = try await House(engine)
    for url in [
      "", "shop.example", "http://shop.example/", "https://", "https://a:b@shop.example/", "ftp://shop.example/",
      "https://shop.example/#part", "https://shop.example/\u{7F}", "https://shop.example:99999/",
      "https://shop.example/" + String(repeating: "a", count: 1_000),
    ] {
      #expect(try await refusal { try await house.make(url: url) } == "webhook_address", "\(url)")
    }
    #expect(try await refusal { try await house.make([]) } == "webhook_kinds")
    #expect(try await refusal { try await house.make([.test]) } == "webhook_kinds")
    for _ in 0..<10 { try await house.make() }
    #expect(try await refusal { try await house.make() } == "too_many")
  }

  @Test(arguments: Engine.allCases)
  func `what is old, or of a removed one, is forgotten`(engine: Engine) async throws {
    let house = try await House(engine)
    let webhook = try await house.make([.orderPaid])
    _ = try await house.house.sell()
    _ = try await house.fail()
    #expect(try await house.commerce.forgetWebhooks() == 0)
    house.clock.advance(days: 31)
    #expect(try await house.commerce.forgetWebhooks() == 1)
    _ = try await house.house.sell()
    try await house.commerce.removeWebhook(webhook.id, by: house.owner)
    #expect(try await house.take().isEmpty)
    // The message, then the webhook.
    for _ in 0..<2 { #expect(try await house.commerce.forgetWebhooks() == 1) }
    let stall = house.house.stall
    #expect(try await stall.number("SELECT COUNT(*) FROM webhook") == 0)
    #expect(try await stall.number("SELECT COUNT(*) FROM webhook_message") == 0)
    #expect(try await stall.number("SELECT COUNT(*) FROM webhook_attempt") == 0)
  }
}

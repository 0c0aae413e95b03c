import Store
import TestKit
import Testing

@testable import Commerce

/// Who deletes their account is forgotten, but for what others have to be able to show.
@Suite struct DeleteAccountTests {
  private struct House {
    static let password = "a lantern in the dark"

    let stall: Stall
    let show: ID<Show>
    let asha: Caller
    var commerce: Commerce { stall.commerce }

    init(_ engine: Engine) async throws {
      stall = try await Stall(engine, units: 3)
      show = try await stall.liveShow()
      asha = Caller(
        try await stall.commerce.makeAccount(
          stall.commerce.makeID(), email: "asha@example.com", name: "Asha Rao", password: Self.password))
    }

    func delete(_ password: String = password) async throws {
      try await commerce.deleteAccount(by: asha, password: password, address: "10.0.0.1")
    }

    func say(_ text: String) async throws -> Message {
      try await commerce.say(commerce.makeID(), by: asha, show: show, text: text)
    }

    /// Buys a lamp as Asha.
    func buy() async throws -> Order {
      let placed = try await commerce.placeOrder(
        commerce.makeID(), stall.bag(), buyer: Stall.buyer(account: asha.account), language: "en")
      guard try await stall.pay(placed) == .paid else { throw Stall.Unexpected(what: "not paid") }
      return placed.order
    }
  }

  @Test(arguments: Engine.allCases)
  func `what was theirs is gone, and nobody can sign in as them`(engine: Engine) async throws {
    let house = try await House(engine)
    let (commerce, asha) = (house.commerce, house.asha)
    let signedIn = try await commerce.signIn(
      email: "asha@example.com", password: House.password, address: "10.0.0.1")
    let (_, key) = try await commerce.makeAPIKey(by: asha, name: "app")
    _ = try await commerce.follow(house.stall.channel, by: asha)
    _ = try await commerce.setSpendLimit(by: asha, .day, currency: Stall.rupee, minor: 100_000)
    let id: ID<SavedAddress> = commerce.makeID()
    _ = try await commerce.saveAddress(
      id, by: asha, SavedAddressDraft(phone: "+91 98765 43210", address: Stall.buyer().address))
    #expect(try await house.stall.number("SELECT followers FROM channel") == 1)
    try await house.delete()

    #expect(try await house.stall.number("SELECT followers FROM channel") == 0)
    #expect(try await commerce.session(token: signedIn.token.text) == nil)
    #expect(try await commerce.caller(apiKey: key.text) == nil)
    #expect(
      try await refusal {
        try await commerce.signIn(email: "asha@example.com", password: House.password, address: "10.0.0.1")
      } == "wrong_email_or_password")
    for left in [
      "SELECT COUNT(*) FROM follow", "SELECT COUNT(*) FROM spend_limit", "SELECT COUNT(*) FROM saved_address",
      "SELECT COUNT(*) FROM session", "SELECT COUNT(*) FROM api_key",
      "SELECT COUNT(*) FROM account WHERE name LIKE 'Asha%' OR email LIKE 'asha%'",
      "SELECT COUNT(*) FROM account WHERE deleted_ms IS NOT NULL AND forgotten_ms IS NULL",
    ] as [SQL] { #expect(try await house.stall.number(left) == 0) }
    // The address is free for whoever has it.
    _ = try await commerce.makeAccount(
      commerce.makeID(), email: "asha@example.com", name: "Asha", password: House.password)
    let audit = try await commerce.audit()
    #expect(audit.isClean, "\(audit.summary)")
  }

  @Test(arguments: Engine.allCases)
  func `what they said is emptied, also in what replies quote, and viewers who are there are told`(
    engine: Engine
  ) async throws {
    let house = try await House(engine)
    let commerce = house.commerce
    let said = try await house.say("I live in Lamp Lane")
    let reply = try await commerce.say(
      commerce.makeID(), by: .nobody, show: house.show, name: "Ravi", text: "so do I", replyTo: said.id)
    // More than are emptied at a time.
    for number in 0..<205 { _ = try await house.say("and \(number)") }
    try await house.delete()
    let account = try #require(house.asha.account)
    #expect(
      try await house.stall.number(
        "SELECT COUNT(*) FROM message WHERE account_id = \(account) AND (body <> '' OR name <> '')") == 0)
    while try await !commerce.numberTimeline(house.show).isEmpty {}
    let events = try await commerce.timeline(house.show, after: 0, limit: 1_000)
    let all = events.map { "\($0.payload)" }.joined()
    #expect(!all.contains("Lamp Lane") && !all.contains("Asha"))
    #expect(all.contains("so do I"))
    #expect(events.filter { $0.kind == .messageRemoved }.count == 206)
    #expect(events.contains { $0.kind == .message && "\($0.payload)".contains("so do I") && reply.text == "so do I" })
  }

  @Test(arguments: Engine.allCases)
  func `orders stay as they were, and while one is under way so does the account`(engine: Engine) async throws {
    let house = try await House(engine)
    let order = try await house.buy()
    #expect(try await refusal { try await house.delete() } == "account_orders")
    let parcel = try await house.commerce.ship(order.id, by: house.stall.owner)
    #expect(try await refusal { try await house.delete() } == "account_orders")
    _ = try await house.commerce.deliver(parcel.id, of: order.id, by: house.stall.owner)
    house.stall.clock.advance(days: 30)
    try await house.commerce.settleOrders()
    try await house.delete()
    let kept = try await house.commerce.order(order.id, by: house.stall.owner)
    #expect(kept.buyer.email == order.buyer.email && kept.state == .settled)
    let audit = try await house.commerce.audit()
    #expect(audit.isClean, "\(audit.summary)")
  }

  @Test(arguments: Engine.allCases)
  func `what was held for them goes back on the shelf`(engine: Engine) async throws {
    let house = try await House(engine)
    let commerce = house.commerce
    _ = try await commerce.openClaimWord(
      commerce.makeID(), by: house.stall.owner, show: house.show,
      ClaimWordDraft(product: house.stall.products[0], market: "IN", word: "sold"))
    _ = try await house.say("sold x2")
    #expect(try await house.stall.stock().reserved == 2)
    try await house.delete()
    #expect(try await house.stall.stock().reserved == 0)
    #expect(try await house.stall.number("SELECT COUNT(*) FROM claim WHERE name <> ''") == 0)
    let audit = try await commerce.audit()
    #expect(audit.isClean, "\(audit.summary)")
  }

  @Test(arguments: Engine.allCases)
  func `a wrong password, a channel of theirs, and an operator are refused`(engine: Engine) async throws {
    let house = try await House(engine)
    let account = try #require(house.asha.account)
    #expect(try await refusal { try await house.delete("something else") } == "wrong_email_or_password")
    #expect(
      try await refusal {
        try await house.commerce.deleteAccount(by: .nobody, password: House.password, address: "10.0.0.1")
      } == "sign_in_needed")
    try await house.stall.database.write { [house] db in
      try Stall.insertChannel(
        house.commerce.makeID(), handle: "ashas", owner: account, at: house.stall.clock.now, in: db)
    }
    #expect(try await refusal { try await house.delete() } == "account_member")
    try await house.stall.run("DELETE FROM member WHERE account_id = \(account)")
    try await house.stall.run("UPDATE account SET is_operator = 1 WHERE id = \(account)")
    #expect(try await refusal { try await house.delete() } == "account_operates")
    try await house.stall.run("UPDATE account SET is_operator = 0 WHERE id = \(account)")
    try await house.delete()
  }
}

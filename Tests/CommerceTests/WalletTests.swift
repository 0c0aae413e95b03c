import Store
import TestKit
import Testing

@testable import Commerce

/// What a buyer keeps to buy with: addresses, cards at the provider, one tap.
@Suite struct WalletTests {
  /// A stall, and a buyer with an account.
  private struct Visit {
    let stall: Stall
    let buyer: Caller
    var commerce: Commerce { stall.commerce }

    init(_ engine: Engine, policy: Policy = Stall.policy) async throws {
      stall = try await Stall(engine, policy: policy)
      buyer = try await Self.person("asha@example.com", stall)
    }

    static func person(_ email: String, _ stall: Stall) async throws -> Caller {
      let account: ID<Account> = stall.commerce.makeID()
      try await stall.database.write { db in
        try Stall.insertAccount(account, email, at: stall.clock.now, in: db)
      }
      return Caller(account: account)
    }

    func place() async throws -> PlacedOrder {
      try await commerce.placeOrder(
        nil, stall.bag(), buyer: Stall.buyer(account: buyer.account), language: "en")
    }

    func pay(_ placed: PlacedOrder, _ card: ID<SavedCard>, by caller: Caller? = nil, key: String = "1") async throws
      -> PaymentOutcome
    {
      try await commerce.pay(placed.order.id, card: card, key: key, by: caller ?? buyer)
    }

    func card(_ number: String) async throws -> String {
      try await stall.sandbox.makeMethod(number: number, expMonth: 12, expYear: 2031, cvc: "123").id
    }

    func cards() async throws -> [String] {
      try await commerce.savedCards(by: buyer).map { "\($0.brand) \($0.last4)" }
    }

    func save(_ number: String) async throws -> CardSetupOutcome {
      try await commerce.saveCard(commerce.makeID(), by: buyer, method: card(number))
    }
  }

  private static func draft(_ line1: String, country: String = "IN", name: String = "Asha") -> SavedAddressDraft {
    SavedAddressDraft(
      phone: "98765 43210",
      address: Buyer.Address(name: name, line1: line1, city: "Pune", postalCode: "411001", country: country))
  }

  @Test(arguments: Engine.allCases)
  func `the address used last comes first, and the same one is kept once`(engine: Engine) async throws {
    let visit = try await Visit(engine)
    let commerce = visit.commerce
    func book() async throws -> [String] { try await commerce.savedAddresses(by: visit.buyer).map(\.address.line1) }
    let home = try await commerce.saveAddress(commerce.makeID(), by: visit.buyer, Self.draft(" 1 Lane "))
    let work = try await commerce.saveAddress(commerce.makeID(), by: visit.buyer, Self.draft("2 Road"))
    #expect(try await book() == ["2 Road", "1 Lane"])
    #expect(try await commerce.saveAddress(commerce.makeID(), by: visit.buyer, Self.draft("1 Lane")).id == home.id)
    #expect(try await book() == ["1 Lane", "2 Road"])
    // Also where the clock was set back.
    visit.stall.clock.advance(seconds: -60)
    try await commerce.preferAddress(work.id, by: visit.buyer)
    #expect(try await book() == ["2 Road", "1 Lane"])
    _ = try await commerce.changeAddress(work.id, by: visit.buyer, Self.draft("3 Street"))
    try await commerce.removeAddress(home.id, by: visit.buyer)
    #expect(try await book() == ["3 Street"])
  }

  @Test(arguments: Engine.allCases)
  func `an address book is its owner's alone, and has a limit`(engine: Engine) async throws {
    var policy = Stall.policy
    policy.savedAddressesMax = 2
    let visit = try await Visit(engine, policy: policy)
    let commerce = visit.commerce
    let other = try await Visit.person("ravi@example.com", visit.stall)
    let home = try await commerce.saveAddress(commerce.makeID(), by: visit.buyer, Self.draft("1 Lane"))
    #expect(try await commerce.savedAddresses(by: other) == [])
    #expect(try await refusal { try await commerce.changeAddress(home.id, by: other, Self.draft("x")) } == "not_found")
    #expect(try await refusal { try await commerce.removeAddress(home.id, by: other) } == "not_found")
    #expect(try await refusal { try await commerce.preferAddress(home.id, by: other) } == "not_found")
    #expect(try await refusal { try await commerce.saveAddress(home.id, by: other, Self.draft("x")) } == "id_taken")
    #expect(try await refusal { try await commerce.savedAddresses(by: .nobody) } != nil)
    for (field, draft) in [
      ("address.line1", Self.draft("")), ("address.country", Self.draft("x", country: "in")),
      ("address.name", Self.draft("x", name: " ")),
    ] {
      await #expect {
        _ = try await commerce.saveAddress(commerce.makeID(), by: visit.buyer, draft)
      } throws: {
        ($0 as? GeneralRefusal)?.field == field
      }
    }
    _ = try await commerce.saveAddress(commerce.makeID(), by: visit.buyer, Self.draft("2 Road"))
    #expect(
      try await refusal { try await commerce.saveAddress(commerce.makeID(), by: visit.buyer, Self.draft("3")) }
        == "too_many")
  }

  @Test(arguments: Engine.allCases)
  func `a card that paid is kept where its owner wanted it, and pays again without being typed`(
    engine: Engine
  ) async throws {
    let visit = try await Visit(engine)
    let method = try await visit.card("4242 4242 4242 4242")
    let once = try await visit.place()
    #expect(try await visit.commerce.pay(once.order.id, method: method, key: "1", by: visit.buyer) == .paid)
    #expect(try await visit.cards() == [])
    let kept = try await visit.place()
    #expect(
      try await visit.commerce.pay(kept.order.id, method: method, saves: true, key: "1", by: visit.buyer) == .paid)
    #expect(try await visit.cards() == ["Visa 4242"])
    let card = try #require(try await visit.commerce.savedCards(by: visit.buyer).first)
    #expect(card.expMonth == 12 && card.expYear == 2031)
    // The sandbox forgets what nobody keeps.
    visit.stall.clock.advance(days: 300)
    #expect(try await visit.stall.sandbox.forgetOldMethods(hours: 24) == 0)
    let again = try await visit.place()
    #expect(try await visit.pay(again, card.id) == .paid)
    #expect(try await visit.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a card is kept only once its payment has succeeded, and by whichever way that is told`(
    engine: Engine
  ) async throws {
    let visit = try await Visit(engine)
    let declined = try await visit.place()
    let no = try await visit.card("4000 0000 0000 0002")
    _ = try await visit.commerce.pay(declined.order.id, method: no, saves: true, key: "1", by: visit.buyer)
    #expect(try await visit.cards() == [])
    let secure = try await visit.card("4000 0025 0000 3155")
    let outcome = try await visit.commerce.pay(
      declined.order.id, method: secure, saves: true, key: "2", by: visit.buyer)
    guard case .requiresAction(let url) = outcome else { throw Stall.Unexpected(what: "\(outcome)") }
    #expect(try await visit.cards() == [])
    try await visit.stall.sandbox.authenticate(String(url.split(separator: "/").last ?? ""), approved: true)
    try await visit.stall.deliverWebhooks()
    #expect(try await visit.stall.order(declined).state == .paid)
    #expect(try await visit.cards() == ["Visa 3155"])
    // It was confirmed once: kept, it asks no more.
    let card = try #require(try await visit.commerce.savedCards(by: visit.buyer).first)
    #expect(try await visit.pay(visit.place(), card.id) == .paid)
  }

  @Test(arguments: Engine.allCases)
  func `nobody pays with another's card, keeps one for nobody, or learns of it`(engine: Engine) async throws {
    let visit = try await Visit(engine)
    _ = try await visit.save("4242 4242 4242 4242")
    let card = try #require(try await visit.commerce.savedCards(by: visit.buyer).first)
    let other = try await Visit.person("ravi@example.com", visit.stall)
    let theirs = try await visit.commerce.placeOrder(
      nil, visit.stall.bag(), buyer: Stall.buyer(account: other.account), language: "en")
    #expect(try await refusal { try await visit.pay(theirs, card.id, by: other) } == "not_found")
    #expect(try await refusal { try await visit.pay(theirs, card.id) } == "not_found", "nor another's order")
    #expect(try await refusal { try await visit.commerce.removeCard(card.id, by: other) } == "not_found")
    #expect(try await refusal { try await visit.commerce.preferCard(card.id, by: other) } == "not_found")
    #expect(try await visit.commerce.savedCards(by: other) == [])
    let guest = try await visit.stall.place()
    let method = try await visit.card("4242 4242 4242 4242")
    #expect(
      try await refusal {
        try await visit.commerce.pay(guest.order.id, method: method, saves: true, key: "1", token: guest.access)
      } == "sign_in_needed")
    // A guest's order is paid with a token, by whoever holds it, and the card is the payer's.
    let paid = try await visit.commerce.pay(
      guest.order.id, card: card.id, key: "2", by: visit.buyer, token: guest.access)
    #expect(paid == .paid)
  }

  @Test(arguments: Engine.allCases)
  func `a card is saved without a payment, with a second step where its bank wants one`(engine: Engine) async throws {
    let visit = try await Visit(engine)
    guard case .saved(let visa) = try await visit.save("4242 4242 4242 4242") else {
      throw Stall.Unexpected(what: "not saved")
    }
    guard case .declined(code: "card_declined", _) = try await visit.save("4000 0000 0000 0002") else {
      throw Stall.Unexpected(what: "a bad card was saved")
    }
    let id: ID<CardSetup> = visit.commerce.makeID()
    let method = try await visit.card("4000 0025 0000 3155")
    guard
      case .requiresAction(let url) = try await visit.commerce.saveCard(id, by: visit.buyer, method: method)
    else { throw Stall.Unexpected(what: "no second step") }
    #expect(try await visit.cards() == ["Visa 4242"])
    let step = String(url.split(separator: "/").last ?? "")
    #expect(try await visit.stall.sandbox.authentication(step)?.amount == nil)
    try await visit.stall.sandbox.authenticate(step, approved: true)
    guard case .saved(let secure) = try await visit.commerce.finishCardSetup(id, by: visit.buyer) else {
      throw Stall.Unexpected(what: "not saved")
    }
    // The same try again is the same card, and so is the same card typed again.
    #expect(try await visit.commerce.saveCard(id, by: visit.buyer, method: method) == .saved(secure))
    _ = try await visit.save("4242 4242 4242 4242")
    #expect(try await visit.cards() == ["Visa 4242", "Visa 3155"])
    #expect(try await visit.commerce.savedCards(by: visit.buyer).first?.id == visa.id)
    try await visit.commerce.preferCard(secure.id, by: visit.buyer)
    #expect(try await visit.cards() == ["Visa 3155", "Visa 4242"])
    try await visit.commerce.removeCard(secure.id, by: visit.buyer)
    #expect(try await visit.cards() == ["Visa 4242"])
    #expect(try await refusal { try await visit.pay(visit.place(), secure.id) } == "not_found")
    let other = try await Visit.person("ravi@example.com", visit.stall)
    #expect(try await refusal { try await visit.commerce.finishCardSetup(id, by: other) } == "not_found")
  }

  @Test(arguments: Engine.allCases)
  func `who tries out cards is stopped`(engine: Engine) async throws {
    var policy = Stall.policy
    policy.cardSetupsPerHourMax = 2
    policy.savedCardsMax = 3
    let visit = try await Visit(engine, policy: policy)
    for _ in 0..<2 { _ = try await visit.save("4000 0000 0000 0002") }
    #expect(try await refusal { try await visit.save("4000 0000 0000 9995") } == "too_many")
    visit.stall.clock.advance(seconds: 3_601)
    _ = try await visit.save("4242 4242 4242 4242")
    _ = try await visit.save("5555 5555 5555 4444")
    visit.stall.clock.advance(seconds: 3_601)
    _ = try await visit.save("3782 822463 10005")
    #expect(try await visit.cards().count == 3)
    #expect(try await refusal { try await visit.save("4000 0035 6000 0008") } == "too_many")
  }

  @Test(arguments: Engine.allCases)
  func `the house charges a kept card without its owner there, but not one whose bank wants them`(
    engine: Engine
  ) async throws {
    let visit = try await Visit(engine)
    guard case .saved(let visa) = try await visit.save("4242 4242 4242 4242") else {
      throw Stall.Unexpected(what: "not saved")
    }
    let placed = try await visit.place()
    #expect(try await visit.commerce.charge(placed.order.id, card: visa.id, key: "auction") == .paid)
    let id: ID<CardSetup> = visit.commerce.makeID()
    let strict = try await visit.card("4000 0027 6000 3184")
    guard
      case .requiresAction(let url) = try await visit.commerce.saveCard(id, by: visit.buyer, method: strict)
    else { throw Stall.Unexpected(what: "no second step") }
    try await visit.stall.sandbox.authenticate(String(url.split(separator: "/").last ?? ""), approved: true)
    guard case .saved(let card) = try await visit.commerce.finishCardSetup(id, by: visit.buyer) else {
      throw Stall.Unexpected(what: "not saved")
    }
    let other = try await visit.place()
    guard
      case .declined(code: "authentication_required", _) = try await visit.commerce.charge(
        other.order.id, card: card.id, key: "auction")
    else { throw Stall.Unexpected(what: "charged") }
    // Its owner, who is there, can.
    guard case .requiresAction = try await visit.pay(other, card.id) else { throw Stall.Unexpected(what: "no step") }
  }

  @Test(arguments: Engine.allCases)
  func `one tap is off until its owner turns it on`(engine: Engine) async throws {
    let visit = try await Visit(engine)
    #expect(try await !visit.commerce.buysWithOneTap(by: visit.buyer))
    for _ in 0..<2 { try await visit.commerce.setOneTap(true, by: visit.buyer) }
    #expect(try await visit.commerce.buysWithOneTap(by: visit.buyer))
    #expect(try await !visit.commerce.buysWithOneTap(by: visit.stall.owner))
    try await visit.commerce.setOneTap(false, by: visit.buyer)
    #expect(try await !visit.commerce.buysWithOneTap(by: visit.buyer))
  }
}

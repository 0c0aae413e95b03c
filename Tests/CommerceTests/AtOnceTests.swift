import Commerce
import Store
import TestKit
import Testing

/// What the database decides when several ask at the same moment.
@Suite struct AtOnceTests {
  @Test(arguments: Engine.allCases)
  func `what is asked for many times at once is made once`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let (account, channel) = (commerce.makeID(Account.self), commerce.makeID(Channel.self))
    let (product, show, message) = (
      commerce.makeID(Product.self), commerce.makeID(Show.self), commerce.makeID(Message.self)
    )
    let shown = ShowDraft(title: "Next", scheduledAt: square.clock.now, markets: ["IN"])
    let sold = ProductDraft(title: "Wick", variants: [VariantDraft(prices: ["IN": 500], onHand: 5)])
    let made = try await many { _ in
      try await [
        commerce.makeAccount(account, email: "twin@example.com", name: "Twin", password: "one long password").id.bytes,
        commerce.makeChannel(
          channel, by: square.owner, ChannelDraft(handle: "twins", name: "Twins", market: "IN")
        ).id.bytes,
        commerce.makeProduct(product, by: square.owner, channel: square.channel.id, sold).variants[0].id.bytes,
        commerce.scheduleShow(show, by: square.owner, channel: square.channel.id, shown).id.bytes,
        commerce.say(message, by: .nobody, show: square.show.id, text: "hello").id.bytes,
      ]
    }
    #expect(Set(made).count == 1)
    #expect(try await commerce.products(of: square.channel.id, by: square.owner).items.count == 2)
    #expect(try await commerce.numberTimeline(square.show.id).map(\.kind) == [.showStarted, .message])
    #expect(try await commerce.audit().differences.isEmpty)
  }

  @Test(arguments: Engine.allCases)
  func `a handle that many want at once goes to one of them`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let outcomes = try await many { _ in
      do {
        _ = try await commerce.makeChannel(
          commerce.makeID(), by: square.owner, ChannelDraft(handle: "pots", name: "Pots", market: "IN"))
        return "made"
      } catch ChannelRefusal.handleTaken { return "taken" }
    }
    #expect(outcomes.sorted() == ["made"] + Array(repeating: "taken", count: 9))
  }

  @Test(arguments: Engine.allCases)
  func `a token that is due is replaced by one of the requests under way`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let token = try await commerce.signIn(
      email: MarketSquare.ownerEmail, password: MarketSquare.password, address: "192.0.2.1"
    ).token.text
    square.clock.advance(days: 1)
    let tokens = try await many { _ in try #require(try await commerce.session(token: token)).newToken?.text }
    #expect(tokens.count { $0 != nil } == 1)
  }

  @Test(arguments: Engine.allCases)
  func `a setup token that many use at once makes one operator`(engine: Engine) async throws {
    let database = try await engine.database(Commerce.migrations)
    let commerce = Commerce(database: database.database, policy: MarketSquare.policy, providers: .none)
    let token = try #require(try await commerce.setupToken()).text
    let outcomes = try await many { number in
      do {
        _ = try await commerce.makeOperator(
          token: token, email: "o\(number)@example.com", name: "O", password: MarketSquare.password)
        return "made"
      } catch PeopleRefusal.setupTokenUnknown { return "unknown" }
    }
    #expect(outcomes.sorted() == ["made"] + Array(repeating: "unknown", count: 9))
  }

  @Test(arguments: Engine.allCases)
  func `pins of many hosts leave the last one told on screen`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    var products: [ID<Product>] = []
    for number in 0..<10 {
      products.append(
        try await commerce.makeProduct(
          commerce.makeID(), by: square.owner, channel: square.channel.id,
          ProductDraft(title: "Product \(number)", variants: [VariantDraft(prices: ["IN": 100])])
        ).id)
    }
    let run = products
    _ = try await many { number in
      try await commerce.pin(by: square.owner, show: square.show.id, product: run[number]).id
    }
    let events = try await commerce.numberTimeline(square.show.id)
    #expect(events.count == 11)
    let pinned = try #require(try await commerce.show(square.show.id).pinned)
    #expect(events.last?.payload == "{\"product\":\"\(pinned)\"}")
    #expect(Set(events.map(\.at)).count == 11, "no two changes are at the same moment")
  }

  /// Ten at once.
  private func many<T: Sendable>(_ body: @escaping @Sendable (Int) async throws -> T) async throws -> [T] {
    try await withThrowingTaskGroup(of: T.self) { group in
      for number in 0..<10 { group.addTask { try await body(number) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }
}

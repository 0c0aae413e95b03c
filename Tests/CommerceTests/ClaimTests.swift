import Store
import TestKit
import Testing

@testable import Commerce

/// Comments that reserve units.
@Suite struct ClaimTests {
  private static let ravi = String(repeating: "r", count: 40)
  private static let mira = String(repeating: "m", count: 40)

  private struct Square {
    let market: MarketSquare
    let asha: Caller
    let shirt: Product
    /// Red and blue, each in M and L.
    let variants: [String: ID<Variant>]

    init(_ engine: Engine, policy: Policy = MarketSquare.policy) async throws {
      market = try await MarketSquare(engine, policy: policy)
      asha = try await market.person("Asha")
      let commerce = market.commerce
      shirt = try await commerce.makeProduct(
        commerce.makeID(), by: market.owner, channel: market.channel.id,
        ProductDraft(
          title: "Shirt", options: ["Colour", "Size"],
          variants: [("Red", "M"), ("Red", "L"), ("Blue", "M"), ("Blue", "L")].map { colour, size in
            VariantDraft(
              sku: "S-\(colour)-\(size)", optionValues: [colour, size], prices: ["IN": 60_000], onHand: 3)
          }))
      variants = Dictionary(
        uniqueKeysWithValues: shirt.variants.map { ($0.options.joined(separator: " "), $0.id) })
    }

    var commerce: Commerce { market.commerce }
    var show: ID<Show> { market.show.id }

    @discardableResult
    func open(
      _ word: String, lamp: Bool = false, unitsMax: Int64? = nil, perBuyer: Int64? = nil, minutes: Int64 = 15,
      isForAccounts: Bool = false
    ) async throws -> ClaimWord {
      // Of one moment they would be listed in any order.
      market.clock.advance(milliseconds: 1)
      return try await commerce.openClaimWord(
        commerce.makeID(), by: market.owner, show: show,
        ClaimWordDraft(
          product: lamp ? market.lamp.id : shirt.id, market: "IN", word: word, unitsMax: unitsMax,
          unitsPerBuyerMax: perBuyer, holdMinutes: minutes, isForAccounts: isForAccounts))
    }

    func say(
      _ text: String, _ caller: Caller = .nobody, visitor: String? = ClaimTests.ravi, address: String? = nil,
      id: ID<Message>? = nil
    ) async throws -> (message: Message, claim: ClaimOutcome?) {
      try await commerce.speak(
        id ?? commerce.makeID(), by: caller, show: show, text: text, visitor: visitor, address: address)
    }

    /// What was claimed; nil when nothing was.
    func claim(_ text: String, _ caller: Caller = .nobody, visitor: String? = ClaimTests.ravi) async throws -> Claim? {
      guard case .claimed(let claim, _) = try await say(text, caller, visitor: visitor).claim else { return nil }
      return claim
    }

    /// The code of why nothing was; nil when something was, or nothing was claimed.
    func no(
      _ text: String, _ caller: Caller = .nobody, visitor: String? = ClaimTests.ravi, address: String? = nil
    ) async throws -> String? {
      guard case .refused(let refusal) = try await say(text, caller, visitor: visitor, address: address).claim else {
        return nil
      }
      return refusal.code
    }

    func level(_ variant: ID<Variant>) async throws -> StockLevel {
      try await market.testDatabase.database.read { db in
        try Stock.levels(of: [variant], in: db)[variant] ?? .none
      }
    }

    func offer(_ variant: ID<Variant>) async throws -> ID<Offer> {
      let offer = try await market.testDatabase.database.read { db in
        try Offers.list(of: variant, market: "IN", in: db)
      }
      return try #require(offer).id
    }

    func differences() async throws -> [String] { try await commerce.audit().differences }
    func run(_ sql: SQL) async throws { try await market.testDatabase.database.write { db in _ = try db.run(sql) } }
  }

  @Test(arguments: Engine.allCases)
  func `a comment reserves what it names for whoever says it, and everybody sees that it did`(engine: Engine)
    async throws
  {
    let square = try await Square(engine)
    try await square.open("Sold 12")
    let said = try await square.say("SOLD 12 red L", square.asha)
    guard case .claimed(let claim, let access) = said.claim else { return #expect(Bool(false), "\(said)") }
    let variant = try #require(square.variants["Red L"])
    #expect(claim.variant == variant && claim.quantity == 1 && claim.state == .held && claim.name == "Asha")
    #expect(claim.title == "Shirt · Red / L" || claim.title.contains("Red"), "\(claim.title)")
    #expect(claim.until == square.market.clock.now.adding(seconds: 900))
    // An account opens it as itself.
    #expect(access == nil && said.message.isClaim)
    #expect(try await square.level(variant) == StockLevel(onHand: 3, reserved: 1))
    _ = try await square.commerce.numberTimeline(square.show)
    let told = try await square.commerce.liveState(square.show).messages
    #expect(told.map { $0.detail("claimed") } == ["yes"])
    // Nobody learns of what, how much, or where it is.
    #expect(!told[0].payload.contains("\(claim.bag)") && !told[0].payload.contains("\(variant)"))
    #expect(try await square.commerce.claimBags(by: square.asha).map(\.id) == [claim.bag])
    #expect(try await square.commerce.claimBag(claim.bag, by: square.asha).claims == [claim])
    let other = try await square.market.person("Omar")
    for caller in [Caller.nobody, other, square.market.owner] {
      #expect(try await refusal { try await square.commerce.claimBag(claim.bag, by: caller) } == "not_found")
    }
    #expect(try await square.differences() == [])
  }

  @Test func `what is said is read as a person would`() async throws {
    let square = try await Square(.sqlite)
    try await square.open("sold 12")
    try await square.open("दीपक", lamp: true)
    func what(_ text: String) async throws -> String {
      switch try await square.say(text).claim {
      case .claimed(let claim, _):
        _ = try await square.commerce.cancelClaim(claim.id, by: square.market.owner, show: square.show)
        let name = square.variants.first { $0.value == claim.variant }?.key ?? "lamp"
        return "\(claim.quantity) \(name)"
      case .refused(let refusal): return refusal.code
      case nil: return "-"
      }
    }
    for (text, expected) in [
      ("sold 12 red L", "1 Red L"), ("SOLD 12 RED l!!!", "1 Red L"), ("sold 12 l red", "1 Red L"),
      ("sold12 Blue M", "1 Blue M"), ("sold 12 red L x2", "2 Red L"), ("sold 12 red L 2", "2 Red L"),
      ("sold 12 red L 2x", "2 Red L"), ("sold १२ red L", "1 Red L"), ("sold 12 red", "claim_which"),
      ("sold 12", "claim_which"), ("sold 12 red x2", "claim_which"), ("दीपक", "1 lamp"), ("दीपक ३", "3 lamp"),
      // Conversation.
      ("is sold 12 red L still there?", "-"), ("sold 12 green L", "-"), ("sold 12 red L please", "-"),
      ("sold 123 red L", "-"), ("sold", "-"), ("sold 12 red L x0", "-"), ("sold 12 red red", "-"), ("hello", "-"),
    ] {
      #expect(try await what(text) == expected, "\(text)")
    }
  }

  @Test func `sizes that are numbers are sizes first, and the longer choice is another`() {
    let sizes = ["8", "9"].map { ClaimText.Choice(name: $0, values: [$0]) }
    #expect(ClaimText("shoe 8").reading(of: ["shoe"], among: sizes) == .claims("8", quantity: 1))
    #expect(ClaimText("shoe 8 2").reading(of: ["shoe"], among: sizes) == .claims("8", quantity: 2))
    #expect(ClaimText("shoe 2").reading(of: ["shoe"], among: sizes) == .unclear)
    #expect(ClaimText("shoe 9 x9").reading(of: ["shoe"], among: sizes) == .claims("9", quantity: 9))
    let colours = [["Dark Red"], ["Red"], ["Red", "M"]].map { ClaimText.Choice(name: $0, values: $0) }
    #expect(ClaimText("b dark red").reading(of: ["b"], among: colours) == .claims(["Dark Red"], quantity: 1))
    #expect(ClaimText("b red").reading(of: ["b"], among: colours) == .claims(["Red"], quantity: 1))
    #expect(ClaimText("b red m").reading(of: ["b"], among: colours) == .claims(["Red", "M"], quantity: 1))
    for (piece, quantity) in [("2", 2), ("x2", 2), ("2X", 2), ("×12", 12), ("०२", 2)] as [(String, Int64)] {
      #expect(ClaimText.quantity(piece) == quantity, "\(piece)")
    }
    for piece in ["0", "x", "", "100", "-1", "2a", "½", "x2x"] { #expect(ClaimText.quantity(piece) == nil, "\(piece)") }
  }

  @Test(arguments: Engine.allCases)
  func `a rush for the last units reserves each one once, and the others are told`(engine: Engine) async throws {
    let square = try await Square(engine)
    let word = try await square.open("lamp", lamp: true, unitsMax: 7)
    let codes = try await withThrowingTaskGroup(of: String.self) { group in
      for number in 0..<40 {
        group.addTask {
          let visitor = String(repeating: "v", count: 40) + "\(number)"
          let said = try await square.say("lamp", visitor: visitor)
          return switch said.claim {
          case .claimed: "claimed"
          case .refused(let refusal): refusal.code
          case nil: "-"
          }
        }
      }
      return try await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
    }
    #expect(codes == ["claimed": 7, "claim_sold_out": 33])
    #expect(try await square.level(square.market.lampVariant).reserved == 7)
    // Everybody said it.
    #expect(try await square.commerce.claims(of: square.show, by: square.market.owner).count == 7)
    #expect(try await square.commerce.claimWords(of: square.show, by: square.market.owner)[0].taken == 7)
    #expect(word.taken == 0)
    #expect(try await square.differences() == [])
  }

  @Test(arguments: Engine.allCases)
  func `nobody claims more than they may, and only who can be known again claims anything`(engine: Engine) async throws
  {
    var policy = MarketSquare.policy
    policy.claimUnitsPerAddressMax = 4
    let square = try await Square(engine, policy: policy)
    try await square.open("lamp", lamp: true, perBuyer: 2)
    try await square.open("shirt", isForAccounts: true)
    #expect(try await square.claim("lamp 2") != nil)
    #expect(try await square.no("lamp") == "claim_limit")
    #expect(try await square.no("lamp 3", square.asha) == "claim_limit")
    #expect(try await square.no("lamp", visitor: nil) == "claim_no_visitor")
    #expect(try await square.no("shirt red m") == "claim_sign_in")
    #expect(try await square.claim("shirt red m", square.asha) != nil)
    // Guests of one address hold so much together; who is signed in is not counted.
    for (number, code) in [(1, nil), (2, nil), (3, "claim_too_many")] as [(Int, String?)] {
      let visitor = String(repeating: "v", count: 40) + "\(number)"
      #expect(try await square.no("lamp 2", visitor: visitor, address: "203.0.113.7") == code)
    }
    #expect(try await square.no("lamp 2", square.asha, address: "203.0.113.7") == nil)
    // The channel's own people only show how it is done.
    #expect(try await square.say("lamp", square.market.owner).claim == nil)
    // What no order may have is not held.
    let blue = try #require(square.variants["Blue M"])
    try await square.run("UPDATE variant SET order_units_max = 1 WHERE id = \(blue)")
    #expect(try await square.no("shirt blue m 2", square.asha) == "claim_limit")
    #expect(try await square.differences() == [])
  }

  @Test(arguments: Engine.allCases)
  func `a message sent twice claims once, and only its own speaker is told again`(engine: Engine) async throws {
    let square = try await Square(engine)
    try await square.open("lamp", lamp: true)
    let id = square.commerce.makeID(Message.self)
    var tokens: Set<String> = []
    for _ in 0..<2 {
      guard case .claimed(let claim, let access?) = try await square.say("lamp", id: id).claim else {
        return #expect(Bool(false))
      }
      #expect(try await square.commerce.claimBag(claim.bag, by: .nobody, token: access).claims == [claim])
      tokens.insert(access.text)
    }
    #expect(tokens.count == 2)
    #expect(try await square.say("lamp", visitor: Self.mira, id: id).claim == nil)
    #expect(try await square.level(square.market.lampVariant).reserved == 1)
    #expect(try await square.differences() == [])
  }

  @Test(arguments: Engine.allCases)
  func `what is not ordered in time, let go or called off is everybody's again`(engine: Engine) async throws {
    let square = try await Square(engine)
    let word = try await square.open("lamp", lamp: true, unitsMax: 4, minutes: 5)
    let first = try #require(try await square.claim("lamp", square.asha))
    let second = try #require(try await square.claim("lamp", square.asha))
    let third = try #require(try await square.claim("lamp", visitor: Self.mira))
    let fourth = try await square.say("lamp")
    #expect(try await square.no("lamp", visitor: Self.mira) == "claim_sold_out")
    try await square.commerce.leaveClaim(first.id, in: first.bag, by: square.asha)
    try await square.commerce.leaveClaim(first.id, in: first.bag, by: square.asha)
    #expect(
      try await square.commerce.cancelClaim(third.id, by: square.market.owner, show: square.show).state == .cancelled)
    // A message that is taken away holds nothing.
    try await square.commerce.removeMessage(
      by: square.market.owner, show: square.show, message: fourth.message.id)
    #expect(try await square.level(square.market.lampVariant).reserved == 1)
    square.market.clock.advance(seconds: 299)
    #expect(try await square.commerce.advanceClaims() == 0)
    square.market.clock.advance(seconds: 1)
    // Its time is over, though nobody has written that down.
    #expect(try await square.commerce.claimBags(by: square.asha).isEmpty)
    #expect(try await square.commerce.advanceClaims() == 1)
    #expect(try await square.commerce.advanceClaims() == 0)
    #expect(try await square.level(square.market.lampVariant) == StockLevel(onHand: 10, reserved: 0))
    #expect(try await square.commerce.claimBag(second.bag, by: square.asha).claims.map(\.state) == [.lapsed, .left])
    #expect(try await square.claim("lamp", square.asha) != nil)
    // Closed, it is a word like others; what was reserved stays so.
    try await square.commerce.closeClaimWord(word.id, by: square.market.owner, show: square.show)
    try await square.commerce.closeClaimWord(word.id, by: square.market.owner, show: square.show)
    #expect(try await square.say("lamp", visitor: Self.mira).claim == nil)
    #expect(try await square.level(square.market.lampVariant).reserved == 1)
    #expect(try await square.differences() == [])
  }

  @Test(arguments: Engine.allCases)
  func `what was claimed is ordered together, once, by whose it is, at today's price`(engine: Engine) async throws {
    let square = try await Square(engine)
    let commerce = square.commerce
    try await square.open("lamp", lamp: true)
    try await square.open("shirt")
    let lamp = try #require(try await square.claim("lamp 2", square.asha))
    let shirt = try #require(try await square.claim("shirt red m", square.asha))
    #expect(try await square.claim("lamp", square.asha)?.bag == lamp.bag && shirt.bag == lamp.bag)
    let offers = [try await square.offer(square.market.lampVariant), try await square.offer(shirt.variant)]
    let quote = try #require(try await commerce.quote(for: commerce.claimBag(lamp.bag, by: square.asha)))
    #expect(quote.lines.map(\.quantity).sorted() == [1, 3] && quote.subtotal.minor == 3 * 129_900 + 60_000)
    let buyer = Buyer(
      account: square.asha.account, name: "Asha", email: "asha@example.com", phone: "",
      address: Buyer.Address(
        name: "Asha", line1: "1 MG Road", line2: "", city: "Pune", region: "MH", postalCode: "411001", country: "IN"))
    func order(
      _ id: ID<Order>?, _ offers: [ID<Offer>], by caller: Caller? = nil, key: IdempotencyKey? = nil
    ) async throws -> PlacedOrder {
      try await commerce.orderClaimed(
        lamp.bag, as: id, offers: offers, buyer: buyer, by: caller ?? square.asha, language: "en", key: key)
    }
    let id = commerce.makeID(Order.self)
    #expect(try await refusal { try await order(id, [offers[0]]) } == "claim_other_things")
    #expect(try await refusal { try await order(id, offers, by: .nobody) } == "not_found")
    let other = try await square.offer(square.variants["Blue L"] ?? shirt.variant)
    #expect(try await refusal { try await order(id, [offers[0], other]) } == "claim_other_things")
    let placed = try await order(id, offers)
    #expect(placed.isNew && placed.order.total == quote.total)
    // Once, however often it is asked for.
    #expect(try await order(id, offers).order.id == id)
    #expect(try await refusal { try await order(commerce.makeID(), offers) } == "claim_over")
    #expect(try await square.level(square.market.lampVariant) == StockLevel(onHand: 10, reserved: 3))
    let bag = try await commerce.claimBag(lamp.bag, by: square.asha)
    #expect(bag.claims.allSatisfy { $0.state == .taken && $0.order == id })
    #expect(try await square.differences() == [])
    // Not paid for in time, it is back on the shelf, and the claims are not.
    square.market.clock.advance(seconds: 3_600)
    _ = try await commerce.expireOrders()
    #expect(try await square.level(square.market.lampVariant) == StockLevel(onHand: 10, reserved: 0))
    #expect(try await square.differences() == [])
  }

  @Test(arguments: Engine.allCases)
  func `only who may speak claims, and what waits for a moderator claims nothing`(engine: Engine) async throws {
    let square = try await Square(engine)
    let (commerce, owner) = (square.commerce, square.market.owner)
    try await square.open("lamp", lamp: true)
    _ = try await commerce.putChatWord("lamp", .hold, by: owner, channel: square.market.channel.id)
    let held = try await square.say("lamp", square.asha)
    #expect(held.message.isHeld && held.claim == nil)
    try await commerce.decideHeld(held.message.id, approve: true, by: owner)
    #expect(try await commerce.claims(of: square.show, by: owner).isEmpty)
    for word in try await commerce.chatWords(of: square.market.channel.id, by: owner) {
      try await commerce.removeChatWord(word.id, by: owner, channel: square.market.channel.id)
    }
    let rude = try await square.say("rude", visitor: Self.mira)
    _ = try await commerce.restrict(
      by: owner, show: square.show, message: rude.message.id, ChatRestrictionDraft(kind: .ban, reason: .abuse))
    #expect(try await refusal { try await square.say("lamp", visitor: Self.mira) } == "chat_banned")
    #expect(try await square.level(square.market.lampVariant).reserved == 0)
    #expect(try await square.differences() == [])
  }

  @Test(arguments: Engine.allCases)
  func `a host opens words that mean one thing each, on air, and they end with the show`(engine: Engine) async throws {
    let square = try await Square(engine)
    let commerce = square.commerce
    let word = try await square.open("Sold 12")
    for taken in ["sold 12", "SÓLD  12!", "sold", "sold 12 red"] {
      #expect(try await refusal { try await square.open(taken, lamp: true) } == "claim_word_taken", "\(taken)")
    }
    try await square.open("sold 1", lamp: true)
    for bad in ["", "!!", String(repeating: "a", count: 41)] {
      #expect(try await refusal { try await square.open(bad) } == "invalid", "\(bad)")
    }
    #expect(try await refusal { try await square.open("x", unitsMax: 0) } == "invalid")
    #expect(try await refusal { try await square.open("x", perBuyer: 100) } == "invalid")
    #expect(try await refusal { try await square.open("x", minutes: 121) } == "invalid")
    for caller in [Caller.nobody, square.asha] {
      #expect(try await refusal { try await commerce.claimWords(of: square.show, by: caller) } != nil)
      #expect(try await refusal { try await commerce.closeClaimWord(word.id, by: caller, show: square.show) } != nil)
    }
    let told = try await commerce.liveState(square.show).claimWords
    #expect(told.map { $0["word"] } == ["Sold 12", "sold 1"] && told[0]["options"] == "Colour, Size")
    try await commerce.endShow(by: square.market.owner, show: square.show)
    #expect(try await commerce.liveState(square.show).claimWords.isEmpty)
    while try await !commerce.numberTimeline(square.show).isEmpty {}
    let kinds = try await commerce.timeline(square.show, after: 0, limit: 100).map(\.kind)
    #expect(kinds.filter { $0 == .claimOpened }.count == 2 && kinds.filter { $0 == .claimClosed }.count == 2)
    #expect(kinds.last == .showEnded)
    #expect(try await refusal { try await square.open("later") } == "show_ended")
    #expect(try await square.differences() == [])
  }

  @Test(arguments: Engine.allCases)
  func `the audit finds claims that were counted, said or bought wrongly, and old ones name no browser`(engine: Engine)
    async throws
  {
    let square = try await Square(engine)
    try await square.open("lamp", lamp: true)
    let said = try await square.say("lamp")
    guard case .claimed(let claim, let access?) = said.claim else { return #expect(Bool(false)) }
    for (broken, mended) in [
      ("UPDATE claim_word SET units_taken = 2", "UPDATE claim_word SET units_taken = 1"),
      ("UPDATE message SET is_claim = 0", "UPDATE message SET is_claim = 1"),
      ("UPDATE claim SET units_held = 0, state = 'lapsed'", "UPDATE claim SET units_held = 1, state = 'held'"),
    ] as [(SQL, SQL)] {
      try await square.run(broken)
      #expect(try await !square.differences().isEmpty)
      try await square.run(mended)
      #expect(try await square.differences() == [])
    }
    #expect(try await square.commerce.forgetClaimants() == 0)
    square.market.clock.advance(days: 31)
    #expect(try await square.commerce.advanceClaims() == 1)
    #expect(try await square.commerce.forgetClaimants() == 1)
    #expect(try await square.commerce.forgetClaimants() == 0)
    #expect(
      try await refusal { try await square.commerce.claimBag(claim.bag, by: .nobody, token: access) } == "not_found")
    #expect(try await square.differences() == [])
  }
}

import Foundation
import TestKit
import Testing

@testable import Commerce
@testable import Store

@Suite struct RatingTests {
  /// A delivered order.
  private func delivered(_ stall: Stall) async throws -> PlacedOrder {
    let sold = try await stall.sell()
    let parcel = try await stall.commerce.ship(sold.order.id, by: stall.owner)
    _ = try await stall.commerce.deliver(parcel.id, of: sold.order.id, token: sold.access)
    return sold
  }

  private func sum(_ stall: Stall) async throws -> RatingSum { try await stall.commerce.ratingSum(of: stall.channel) }

  @Test(arguments: Engine.allCases)
  func `who bought rates what arrived, once, and may change it for a while`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let sold = try await stall.sell()
    let id = sold.order.id
    func rate(_ stars: Int64, _ text: String = "") async throws -> Rating {
      try await stall.commerce.rate(id, stars: stars, text: text, token: sold.access)
    }
    #expect(try await refusal { try await rate(5) } == "rating_not_arrived")
    let parcel = try await stall.commerce.ship(id, by: stall.owner)
    #expect(try await refusal { try await rate(5) } == "rating_not_arrived")
    #expect(try await stall.commerce.rating(of: id, token: sold.access) == RatingStanding(rating: nil, isOpen: false))
    _ = try await stall.commerce.deliver(parcel.id, of: id, token: sold.access)
    #expect(try await stall.commerce.rating(of: id, token: sold.access).isOpen)
    #expect(try await stall.commerce.rating(of: id, by: stall.owner) == RatingStanding(rating: nil, isOpen: false))
    #expect(try await refusal { try await stall.commerce.rate(id, stars: 5) } == "not_found")
    #expect(try await refusal { try await stall.commerce.rate(id, stars: 5, by: stall.owner) } == "not_found")
    for stars in [0, 6, -1] as [Int64] { #expect(try await refusal { try await rate(stars) } == "invalid") }
    let first = try await rate(2, " slow\nbut there ")
    #expect(first.text == "slow\nbut there" && first.name == "Asha" && first.stars == 2)
    #expect(try await sum(stall) == RatingSum(count: 1, stars: 2))
    stall.clock.advance(days: 29)
    let second = try await rate(5, "it shines")
    #expect(second.id == first.id && second.made == first.made)
    #expect(try await sum(stall) == RatingSum(count: 1, stars: 5))
    #expect(try await stall.commerce.ratings(of: stall.channel).items == [second])
    stall.clock.advance(days: 2)
    #expect(try await refusal { try await rate(1) } == "rating_too_late")
    #expect(try await stall.commerce.audit().differences == [])
    try await stall.run("UPDATE channel SET rating_stars = 4")
    #expect(try await stall.commerce.audit().differences.count == 1)
  }

  @Test(arguments: Engine.allCases)
  func `a parcel that nobody said arrived can be rated after ten days, and nothing after months`(
    engine: Engine
  ) async throws {
    let stall = try await Stall(engine)
    let (sold, late) = (try await stall.sell(), try await stall.sell())
    for order in [sold, late] { _ = try await stall.commerce.ship(order.order.id, by: stall.owner) }
    stall.clock.advance(seconds: 10 * 86_400 - 1)
    #expect(
      try await refusal { try await stall.commerce.rate(sold.order.id, stars: 4, token: sold.access) }
        == "rating_not_arrived")
    stall.clock.advance(seconds: 1)
    _ = try await stall.commerce.rate(sold.order.id, stars: 4, token: sold.access)
    stall.clock.advance(days: 120)
    #expect(
      try await refusal { try await stall.commerce.rate(late.order.id, stars: 4, token: late.access) }
        == "rating_too_late")
  }

  @Test(arguments: Engine.allCases)
  func `what was refunded is rated all the same, and what never came is not`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let came = try await delivered(stall)
    _ = try await stall.commerce.rate(came.order.id, stars: 1, text: "broken", token: came.access)
    _ = try await stall.commerce.refund(came.order.id, by: stall.owner, reason: "sorry")
    #expect(try await sum(stall) == RatingSum(count: 1, stars: 1), "a seller does not pay a rating away")
    let other = try await delivered(stall)
    _ = try await stall.commerce.refund(other.order.id, by: stall.owner, reason: "sorry")
    _ = try await stall.commerce.rate(other.order.id, stars: 3, token: other.access)
    let never = try await stall.sell()
    _ = try await stall.commerce.refund(never.order.id, by: stall.owner, reason: "none left")
    stall.clock.advance(days: 20)
    #expect(
      try await refusal { try await stall.commerce.rate(never.order.id, stars: 1, token: never.access) }
        == "rating_not_arrived")
    #expect(try await sum(stall) == RatingSum(count: 2, stars: 4))
  }

  @Test(arguments: Engine.allCases)
  func `nobody rates what they sell, and no text leads elsewhere or is too long`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let sold = try await delivered(stall)
    func rate(_ text: String = "") async throws -> Rating {
      try await stall.commerce.rate(sold.order.id, stars: 5, text: text, token: sold.access)
    }
    try await stall.run("UPDATE account SET email = 'asha@example.com'")
    #expect(try await refusal { try await rate() } == "rating_own")
    try await stall.run("UPDATE account SET email = 'owner@example.com'")
    let owner = try #require(stall.owner.account)
    try await stall.run("UPDATE orders SET account_id = \(owner)")
    #expect(try await refusal { try await rate() } == "rating_own")
    try await stall.run("UPDATE orders SET account_id = NULL")
    #expect(try await refusal { try await rate("see www.shop.example") } == "rating_link")
    #expect(try await refusal { try await rate(String(repeating: "é", count: 501)) } == "invalid")
    #expect(try await rate(String(repeating: "é", count: 500)).text.count == 500)
  }

  @Test(arguments: Engine.allCases)
  func `a seller answers once, and an operator takes down what was told of`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let (first, second) = (try await delivered(stall), try await delivered(stall))
    let bad = try await stall.commerce.rate(first.order.id, stars: 1, text: "rude words", token: first.access)
    _ = try await stall.commerce.rate(second.order.id, stars: 5, token: second.access)
    let stranger = Caller(account: stall.commerce.makeID())
    #expect(try await refusal { try await stall.commerce.answer(bad.id, "no", by: stranger) } == "not_found")
    #expect(try await refusal { try await stall.commerce.answer(bad.id, "", by: stall.owner) } == "invalid")
    let answered = try await stall.commerce.answer(bad.id, "We are sorry.", by: stall.owner)
    #expect(answered.answer == "We are sorry." && answered.answered == stall.clock.now)
    #expect(
      try await refusal { try await stall.commerce.answer(bad.id, "again", by: stall.owner) } == "rating_answered")

    let visitor = String(repeating: "v", count: 32)
    #expect(try await refusal { try await stall.commerce.flag(bad.id, by: .nobody) } == "flag_no_reporter")
    for note in ["rude", "very rude"] {
      try await stall.commerce.flag(bad.id, note: note, by: .nobody, visitor: visitor)
    }
    #expect(try await refusal { try await stall.commerce.flaggedRatings(by: stall.owner) } == "not_allowed")
    #expect(
      try await refusal { try await stall.commerce.settle(bad.id, hiding: "x", by: stall.owner) } == "not_allowed")
    try await stall.run("UPDATE account SET is_operator = 1")
    let flagged = try await stall.commerce.flaggedRatings(by: stall.owner)
    #expect(flagged.map(\.count) == [1] && flagged.map(\.notes) == [["very rude"]])
    #expect(try await stall.commerce.settle(bad.id, hiding: "rude words", by: stall.owner).hidden == "rude words")
    _ = try await stall.commerce.settle(bad.id, hiding: "rude words", by: stall.owner)
    #expect(try await sum(stall) == RatingSum(count: 1, stars: 5))
    #expect(try await stall.commerce.ratings(of: stall.channel).items.map(\.stars) == [5])
    #expect(try await stall.commerce.flaggedRatings(by: stall.owner).isEmpty)
    #expect(
      try await refusal { try await stall.commerce.rate(first.order.id, stars: 2, token: first.access) }
        == "rating_hidden")
    #expect(try await refusal { try await stall.commerce.flag(bad.id, by: .nobody, visitor: visitor) } == "not_found")
    #expect(try await stall.commerce.audit().differences == [])
    _ = try await stall.commerce.settle(bad.id, hiding: nil, by: stall.owner)
    #expect(try await sum(stall) == RatingSum(count: 2, stars: 6))
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `who deletes their account leaves their stars and no word`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let sold = try await delivered(stall)
    let asha: ID<Account> = stall.commerce.makeID()
    let now = stall.clock.now
    try await stall.database.write { db in
      try Stall.insertAccount(asha, "asha@example.com", at: now, in: db)
      try db.run("UPDATE orders SET account_id = \(asha)")
    }
    _ = try await stall.commerce.rate(sold.order.id, stars: 4, text: "mine", by: Caller(account: asha))
    let own = try await stall.commerce.ownRatings(by: Caller(account: asha))
    #expect(own.items.map(\.text) == ["mine"])
    try await stall.database.write { db in try Rating.forget(account: asha, in: db) }
    let left = try #require(try await stall.commerce.ratings(of: stall.channel).items.first)
    #expect(left.name.isEmpty && left.text.isEmpty && left.stars == 4)
    #expect(try await sum(stall) == RatingSum(count: 1, stars: 4))
  }

  @Test func `an average is rounded half up to a tenth, and a name is shortened`() {
    #expect(RatingSum.none.average == nil)
    #expect(RatingSum(count: 3, stars: 14).average == "4.7")
    #expect(RatingSum(count: 20, stars: 91).average == "4.6")
    #expect(RatingSum(count: 1, stars: 5).average == "5.0")
    #expect(Rating.shownName(of: "Asha Devi Rao") == "Asha R." && Rating.shownName(of: "Asha") == "Asha")
    #expect(Rating.shownName(of: "मीरा देवी") == "मीरा दे." && Rating.shownName(of: " ") == "")
  }
}

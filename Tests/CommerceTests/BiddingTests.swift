import Store
import TestKit
import Testing

@testable import Commerce

/// Proxy bidding, as docs/auctions.md has it.
@Suite struct BiddingTests {
  private static let people: [ID<Account>] = {
    let entropy = SeededEntropy(seed: 3).entropy
    return (0..<5).map { ID(at: Moment(milliseconds: 1_000 + $0), entropy: entropy) }
  }()

  private static func bidding(opening: Int64 = 500_00, increment: Int64? = nil) -> Bidding {
    Bidding(currency: Stall.rupee, opening: opening, increment: increment)
  }

  @Test func `the worked example of the document comes out as it is written`() {
    let (asha, ravi, meera) = (Self.people[0], Self.people[1], Self.people[2])
    var bidding = Self.bidding()
    #expect(bidding.least == 500_00)
    #expect(bidding.receive(1_200_00, from: asha) == .leads && bidding.price == 500_00)
    #expect(bidding.receive(800_00, from: ravi) == .outbid && bidding.price == 850_00)
    #expect(bidding.lead?.bidder == asha && bidding.least == 900_00)
    #expect(bidding.receive(1_200_00, from: meera) == .outbid && bidding.price == 1_200_00)
    #expect(bidding.lead?.bidder == asha, "of equals the first")
    #expect(bidding.receive(1_500_00, from: asha) == .raised && bidding.price == 1_200_00)
    #expect(bidding.least == 1_300_00)
    #expect(bidding.receive(2_000_00, from: ravi) == .leads && bidding.price == 1_600_00)
    let places = bidding.places(
      [(asha, 1_500_00, 4), (ravi, 2_000_00, 5), (meera, 1_200_00, 3)], runnersUp: 2)
    #expect(
      places == [
        .init(bidder: ravi, price: 1_600_00), .init(bidder: asha, price: 1_300_00),
        .init(bidder: meera, price: 500_00),
      ])
  }

  @Test func `too little is said with what it takes`() {
    let (asha, ravi) = (Self.people[0], Self.people[1])
    var bidding = Self.bidding(increment: 70_00)
    #expect(bidding.receive(499_99, from: asha) == .tooLow(500_00))
    #expect(bidding.receive(600_00, from: asha) == .leads)
    #expect(bidding.receive(569_99, from: ravi) == .tooLow(570_00))
    #expect(bidding.receive(600_00, from: asha) == .notAbove(600_00))
    #expect(bidding.receive(570_00, from: ravi) == .outbid && bidding.price == 600_00, "never above the leader's own")
    #expect(bidding.least == 670_00)
  }

  @Test(arguments: [
    ("INR", 99_99, 5_00), ("INR", 100_00, 50_00), ("INR", 999_99, 50_00), ("INR", 1_000_00, 100_00),
    ("INR", 5_000_00, 500_00), ("INR", 20_000_00, 1_000_00), ("INR", 100_000_00, 5_000_00), ("USD", 99, 5),
    ("USD", 24_99, 50), ("USD", 10_000_00, 100_00), ("JPY", 3_000, 100), ("KWD", 1_500, 250),
  ])
  func `the increment goes by the price`(currency: String, price: Int64, step: Int64) throws {
    #expect(BidIncrements.step(at: price, in: try #require(Currency(currency))) == step)
  }

  /// Everything that was bid, looked through anew each time.
  private struct Plain {
    var maxima: [(bidder: ID<Account>, maximum: Int64, at: Int)] = []
    var price: Int64?

    var ranked: [(bidder: ID<Account>, maximum: Int64, at: Int)] {
      maxima.sorted { $0.maximum != $1.maximum ? $0.maximum > $1.maximum : $0.at < $1.at }
    }

    /// Nil when it does not count.
    mutating func bid(_ maximum: Int64, from bidder: ID<Account>, at: Int, _ rule: Bidding) -> Bool {
      let leader = ranked.first
      if leader?.bidder == bidder {
        guard maximum > leader?.maximum ?? 0 else { return false }
      } else if let price {
        guard maximum >= price + rule.step(at: price) else { return false }
      } else if maximum < rule.opening {
        return false
      }
      maxima.removeAll { $0.bidder == bidder }
      maxima.append((bidder, maximum, at))
      guard leader?.bidder != bidder else { return true }
      let now = ranked
      price = now.count == 1 ? rule.opening : min(now[0].maximum, now[1].maximum + rule.step(at: now[1].maximum))
      return true
    }
  }

  @Test(arguments: 0..<200)
  func `a run of bids comes to what looking through all of them comes to`(seed: Int) {
    let random = SeededEntropy(seed: UInt64(seed + 1) &* 7919)
    let increment: Int64? = seed % 3 == 0 ? Int64(random.next() % 9_000 + 1) : nil
    var bidding = Self.bidding(opening: Int64(random.next() % 60_000 + 1), increment: increment)
    let rule = bidding
    var plain = Plain()
    for step in 0..<60 {
      let bidder = Self.people[Int(random.next() % 5)]
      let around = bidding.least
      let maximum = max(1, around + Int64(random.next() % 40_000) - 8_000)
      let (before, lead) = (bidding.price, bidding.lead)
      let counts = plain.bid(maximum, from: bidder, at: step, rule)
      switch bidding.receive(maximum, from: bidder) {
      case .tooLow, .notAbove: #expect(!counts && bidding.price == before && bidding.lead == lead)
      case .raised: #expect(counts && bidding.price == before, "raising one's own maximum does not raise the price")
      case .leads, .outbid: #expect(counts && bidding.price ?? 0 >= before ?? 0)
      }
      #expect(bidding.price == plain.price, "step \(step) of seed \(seed)")
      #expect(bidding.lead?.bidder == plain.ranked.first?.bidder)
      #expect(bidding.lead?.maximum == plain.ranked.first?.maximum)
      if let price = bidding.price { #expect(price >= rule.opening && price <= bidding.lead?.maximum ?? 0) }
    }
    let places = bidding.places(
      plain.maxima.map { ($0.bidder, $0.maximum, Int64($0.at)) }, runnersUp: 10)
    #expect(places.map(\.bidder) == plain.ranked.map(\.bidder))
    #expect(places.first?.price == bidding.price)
    for (place, one) in zip(places, plain.ranked) { #expect(place.price <= one.maximum) }
  }
}

/// How far a bid has to be above the price: by price bands, so that it is felt and does not take all evening.
public enum BidIncrements {
  struct Band: Sendable {
    /// Minor units; nil for all that is above the others.
    let below: Int64?
    let step: Int64
  }

  /// Paise: below ₹100 by ₹5, below ₹1,000 by ₹50, below ₹5,000 by ₹100, below ₹20,000 by ₹500, below ₹1,00,000 by
  /// ₹1,000, and then by ₹5,000.
  static let rupees: [Band] = [
    Band(below: 100_00, step: 5_00), Band(below: 1_000_00, step: 50_00), Band(below: 5_000_00, step: 100_00),
    Band(below: 20_000_00, step: 500_00), Band(below: 100_000_00, step: 1_000_00), Band(below: nil, step: 5_000_00),
  ]

  /// Hundredths, and whole units where a currency has nothing smaller: below 1.00 by 0.05, below 5.00 by 0.25, below
  /// 25.00 by 0.50, and so on. Where a currency has thousandths, ten times as many.
  static let others: [Band] = [
    Band(below: 1_00, step: 5), Band(below: 5_00, step: 25), Band(below: 25_00, step: 50),
    Band(below: 100_00, step: 1_00), Band(below: 250_00, step: 2_50), Band(below: 500_00, step: 5_00),
    Band(below: 1_000_00, step: 10_00), Band(below: 2_500_00, step: 25_00), Band(below: 5_000_00, step: 50_00),
    Band(below: nil, step: 100_00),
  ]

  /// The increment at a price, both in minor units.
  public static func step(at price: Int64, in currency: Currency) -> Int64 {
    let scale: Int64 = currency.fractionDigits == 3 ? 10 : 1
    let bands = currency.code == "INR" ? rupees : others
    let band = bands.first { band in band.below.map { price < $0 * scale } ?? true }
    return (band?.step ?? 1) * scale
  }
}

/// The rule of proxy bidding, without a clock or a database: who leads, and at what price.
///
/// A bid names the most its bidder would pay. Whoever named most leads, of equals the first. The price is one increment
/// above the most that anybody else named, but no more than the leader's own: the leader pays as little as it takes.
struct Bidding: Sendable, Equatable {
  enum Outcome: Equatable {
    case leads
    /// The leader raised their own maximum, and the price stays.
    case raised
    /// Somebody had named as much, or more.
    case outbid
    /// It has to be this at least.
    case tooLow(Int64)
    /// The leader has named as much already.
    case notAbove(Int64)
  }

  struct Lead: Sendable, Equatable {
    let bidder: ID<Account>
    let maximum: Int64
  }

  let currency: Currency
  let opening: Int64
  /// What the host chose; nil goes by the table.
  let increment: Int64?
  var lead: Lead?
  /// Nil before the first bid.
  var price: Int64?

  func step(at price: Int64) -> Int64 { increment ?? BidIncrements.step(at: price, in: currency) }

  /// The least that the next bid has to be: the opening bid, or one increment above the price.
  var least: Int64 { price.map { $0 + step(at: $0) } ?? opening }

  mutating func receive(_ maximum: Int64, from bidder: ID<Account>) -> Outcome {
    guard let lead, let price else {
      guard maximum >= opening else { return .tooLow(opening) }
      self.lead = Lead(bidder: bidder, maximum: maximum)
      self.price = opening
      return .leads
    }
    if lead.bidder == bidder {
      guard maximum > lead.maximum else { return .notAbove(lead.maximum) }
      self.lead = Lead(bidder: bidder, maximum: maximum)
      return .raised
    }
    guard maximum >= least else { return .tooLow(least) }
    guard maximum > lead.maximum else {
      self.price = max(price, min(lead.maximum, maximum + step(at: maximum)))
      return .outbid
    }
    self.lead = Lead(bidder: bidder, maximum: maximum)
    self.price = max(price, min(maximum, lead.maximum + step(at: lead.maximum)))
    return .leads
  }

  /// What somebody would buy for if it comes to them.
  struct Place: Equatable {
    let bidder: ID<Account>
    let price: Int64
  }

  /// The winner at the price, and then those who named most after them, each at what they would have won for had nobody
  /// above them bid: one increment above the next one's maximum and at most their own, or the opening bid.
  ///
  /// - Parameter maxima: the last of each bidder, with its number.
  func places(_ maxima: [(bidder: ID<Account>, maximum: Int64, sequence: Int64)], runnersUp: Int) -> [Place] {
    let ranked = maxima.sorted { ($1.maximum, $0.sequence) < ($0.maximum, $1.sequence) }
    return ranked.prefix(runnersUp + 1).enumerated().map { index, one in
      guard index > 0 else { return Place(bidder: one.bidder, price: price ?? opening) }
      let next = ranked.dropFirst(index + 1).first
      return Place(
        bidder: one.bidder,
        price: next.map { min(one.maximum, $0.maximum + step(at: $0.maximum)) } ?? opening)
    }
  }
}

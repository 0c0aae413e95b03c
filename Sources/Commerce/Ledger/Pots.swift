/// What a paid order brought, in the pots that its refunds are taken from: one for each line, by its position, and one
/// for the shipping.
///
/// Rates differ from line to line, so a refund of a line gives back what that line's parties had of it. A refund of an
/// amount takes from every pot in proportion to what is left in it. Whatever is taken in whatever order, a pot that is
/// empty has given back exactly each party's part of it, and so has the order whose pots are all empty.
struct Pots {
  /// The key of the shipping.
  static let shipping = -1
  /// The key of the one pot of an order with refunds from before there were others.
  static let whole = -2

  private(set) var splits: [Int: Split]

  var isApart: Bool { splits[Self.whole] == nil }

  /// - Parameter isApart: false for an order that has one pot.
  init(of order: Order, isApart: Bool = true) {
    guard isApart else {
      splits = [Self.whole: Split(of: order)]
      return
    }
    splits = [:]
    var given = Split.nothing
    for (position, line) in order.lines.enumerated() {
      let split = Split(of: line)
      if split.whole > 0 { splits[position] = split } else { given.add(split) }
    }
    if order.shippingPaid.minor > 0 { splits[Self.shipping] = Split(ofShippingOf: order) }
    // What a coupon gave away brings no money that could go back: its parts go with the first that does.
    if let first = Self.inOrder(splits.keys).first { splits[first]?.add(given) }
  }

  /// The pots that refunds of `order` are taken from, knowing all of them.
  init(of order: Order, after refunds: [Refund]) {
    self.init(of: order, isApart: refunds.allSatisfy { $0.state == .failed || $0.kind == .stray || !$0.parts.isEmpty })
  }

  /// Takes what a refund takes, and gives who gave how much of it.
  mutating func take(_ refund: Refund) -> Split {
    var taken = Split.nothing
    for (pot, amount) in refund.parts.isEmpty ? [Self.whole: refund.amount.minor] : refund.parts {
      guard let split = splits[pot] else { continue }
      let part = split.part(amount)
      splits[pot] = split.without(part)
      taken.add(part)
    }
    return taken
  }

  /// How much of each pot neither went back nor is on its way.
  func left(after refunds: [Refund]) -> [Int: Int64] {
    var left = splits.mapValues(\.whole)
    for refund in refunds where refund.kind == .sale && refund.state != .failed {
      for (pot, amount) in refund.parts.isEmpty ? [Self.whole: refund.amount.minor] : refund.parts {
        left[pot]? -= amount
      }
    }
    return left
  }

  /// An amount taken from pots in proportion to what is left in them: each gives its share rounded down, and the minor
  /// units that are left go to the largest remainders, in doubt to the first line's. `amount` is 0 to the sum of `left`.
  static func spread(_ amount: Int64, over left: [Int: Int64]) -> [Int: Int64] {
    let sum = left.values.reduce(0, +)
    guard sum > 0 else { return [:] }
    let pots = inOrder(left.keys)
    let shares = pots.map { sum.dividingFullWidth((left[$0] ?? 0).multipliedFullWidth(by: amount)) }
    var given = shares.map(\.quotient)
    let rest = Int(amount - given.reduce(0, +))
    let byRemainder = shares.indices.sorted { (-shares[$0].remainder, $0) < (-shares[$1].remainder, $1) }
    for index in byRemainder.prefix(rest) { given[index] += 1 }
    return Dictionary(uniqueKeysWithValues: zip(pots, given)).filter { $0.value > 0 }
  }

  /// The lines, then the shipping.
  private static func inOrder(_ pots: some Collection<Int>) -> [Int] {
    pots.sorted { ($0 < 0 ? 1 : 0, $0) < ($1 < 0 ? 1 : 0, $1) }
  }
}

extension Split {
  static let nothing = Split(tax: 0, commission: 0, seller: 0)

  /// Of what a line was sold for: tax, commission and the creator's share as rounded once, all else the seller's.
  init(of line: OrderLine) {
    tax = line.tax.minor
    commission = line.commission.minor
    creator = line.creatorShare.minor
    partner = line.partnerShare.minor
    promotion = line.promotion.minor
    fee = line.refundFee.minor
    seller = line.net.minor - commission - creator
  }

  /// All of it is the seller's, but for its tax.
  init(ofShippingOf order: Order) {
    self.init(
      tax: order.shippingTax.minor, commission: 0, seller: order.shippingPaid.minor - order.shippingTax.minor)
  }

  /// Of what a paid order brought.
  init(of order: Order) {
    self = .init(ofShippingOf: order)
    for line in order.lines { add(Split(of: line)) }
  }

  mutating func add(_ other: Split) {
    tax += other.tax
    commission += other.commission
    seller += other.seller
    creator += other.creator
    partner += other.partner
    promotion += other.promotion
    fee += other.fee
  }
}

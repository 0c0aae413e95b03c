import Store

/// Which discounts go together, and how much they take: the one place that says so.
///
/// - A live deal is a price, and takes effect first.
/// - An order has one coupon at most.
/// - A coupon takes nothing off what is bought in a live deal: that price is low already.
/// - Nor off a bundle, for the same reason; and a bundle has no live deal. Deals on its parts change nothing about it.
/// - Nor off a preorder, whose price is promised when the deposit is paid.
/// - It never takes more than nine tenths of what it applies to, so that something is left to pay.
/// - A bag of several sellers has one coupon too: the first seller in it whose order the code fits has it.
/// - Shipping is reckoned from what is left to pay for the goods, and no coupon takes anything off it.
enum Discounts {
  /// The quotes of a bag, one of them with what a code takes off. When it fits none of them, the first seller who knows
  /// it says why; throws `CouponRefusal`.
  static func give(
    _ code: String, to quotes: [Quote], in market: String, at now: Moment, _ db: any Connection
  ) throws -> [Quote] {
    var refusal = CouponRefusal.unknown(String(code.prefix(20)))
    var isKnown = false
    for (index, quote) in quotes.enumerated() {
      guard let coupon = try Coupon.named(code, of: quote.channel, market: market, in: db) else { continue }
      do {
        var quotes = quotes
        quotes[index] = try quote.with(coupon, at: now)
        return quotes
      } catch let no as CouponRefusal {
        if !isKnown { refusal = no }
        isKnown = true
      }
    }
    throw refusal
  }

  /// The most that a coupon may take.
  static let shareMax = Rate(basisPoints: 9_000) ?? .zero

  static func applies(to line: Quote.Line) -> Bool {
    line.deal == nil && line.bundle == nil && line.preorder == nil
  }

  /// What a coupon takes off each line of these totals; a line it does not apply to has 0 here. The parts sum to the
  /// whole discount: each is its share rounded down, and the minor units that are left go to the largest remainders, in
  /// doubt to the first lines.
  static func parts(of coupon: Coupon, from totals: [Int64]) -> [Int64] {
    let whole = totals.reduce(0, +)
    guard whole > 0 else { return totals.map { _ in 0 } }
    let wanted =
      switch coupon.value {
      case .percent(let rate, let max): min(rate.of(whole), max?.minor ?? .max)
      case .amount(let amount): amount.minor
      }
    let discount = min(wanted, whole - (whole + 9) / 10)
    let shares = totals.map { whole.dividingFullWidth($0.multipliedFullWidth(by: discount)) }
    var parts = shares.map(\.quotient)
    let left = Int(discount - parts.reduce(0, +))
    let byRemainder = shares.indices.sorted { (-shares[$0].remainder, $0) < (-shares[$1].remainder, $1) }
    for index in byRemainder.prefix(left) { parts[index] += 1 }
    return parts
  }
}

extension Quote {
  /// With what a coupon takes off. Throws `CouponRefusal`.
  func with(_ coupon: Coupon, at now: Moment) throws -> Quote {
    guard coupon.starts <= now else { throw CouponRefusal.notStarted }
    guard now < coupon.ends else { throw CouponRefusal.ended }
    guard coupon.left > 0 else { throw CouponRefusal.allClaimed }
    let totals = lines.map { Discounts.applies(to: $0) ? $0.total.minor : 0 }
    let whole = totals.reduce(0, +)
    guard whole > 0 else { throw CouponRefusal.nothingToTakeFrom }
    guard whole >= coupon.minimum.minor else { throw CouponRefusal.belowMinimum(coupon.minimum) }
    let parts = Discounts.parts(of: coupon, from: totals)
    return try Quote(
      self, coupon,
      zip(lines, parts).map { $0.discounted(by: $1, paidBy: coupon.funder, isTaxAdded: rates.tax.isAdded) })
  }
}

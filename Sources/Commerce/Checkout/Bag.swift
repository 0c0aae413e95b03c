/// What a buyer wants: which offers, how many of each. Never a price: those are the server's.
public struct Bag: Hashable, Sendable {
  public struct Line: Hashable, Sendable {
    public let offer: ID<Offer>
    /// 1…99.
    public let quantity: Int64

    public init(offer: ID<Offer>, quantity: Int64) {
      self.offer = offer
      self.quantity = quantity
    }
  }

  /// The show it was bought in, if any: its channel is then the seller, and it must sell in `market`.
  public let show: ID<Show>?
  /// The market's code, such as `IN`.
  public let market: String
  /// 1…50, each offer once.
  public let lines: [Line]
  /// A coupon's code, however it is spelt.
  public let coupon: String?
  /// The auction that its one offer is the result of: no bag of a buyer's has one.
  let won: ID<Auction>?

  public init(show: ID<Show>?, market: String, lines: [Line], coupon: String? = nil) {
    self.init(show: show, market: market, lines: lines, coupon: coupon, won: nil)
  }

  init(show: ID<Show>?, market: String, lines: [Line], coupon: String? = nil, won: ID<Auction>?) {
    self.won = won
    self.coupon = coupon
    self.show = show
    self.market = market
    self.lines = lines
  }

  /// Everything that can be refused without a look at the database.
  func check(_ policy: Policy) throws {
    guard (1...policy.bagLinesMax).contains(lines.count) else {
      throw GeneralRefusal.invalid(field: "lines", why: "must have 1 to \(policy.bagLinesMax) lines")
    }
    for (index, line) in lines.enumerated() where !(1...policy.quantityMax).contains(line.quantity) {
      throw GeneralRefusal.invalid(field: "lines[\(index)].quantity", why: "must be 1 to \(policy.quantityMax)")
    }
    if let coupon, !(1...policy.couponCodeBytesMax).contains(coupon.utf8.count) {
      throw GeneralRefusal.invalid(field: "coupon", why: "must be 1 to \(policy.couponCodeBytesMax) bytes")
    }
    guard Set(lines.map(\.offer)).count == lines.count else {
      throw GeneralRefusal.invalid(field: "lines", why: "must name each offer once: add up the quantities")
    }
  }
}

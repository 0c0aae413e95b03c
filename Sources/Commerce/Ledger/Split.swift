import Store

/// How an amount in minor units is shared. The parts, less what the platform puts in, sum to the whole: the seller has
/// what the others leave.
struct Split: Equatable {
  var tax: Int64
  /// With the part of it that is the partner's.
  var commission: Int64
  var seller: Int64
  /// Of the channel in whose show it was sold.
  var creator: Int64
  /// The part of `commission` that is the partner's. It changes nobody else's part.
  var partner: Int64
  /// What the platform puts in for the buyer, who pays so much less.
  var promotion: Int64
  /// What of `commission` the platform keeps when it is all refunded. In the part that a refund takes: what it kept,
  /// which `seller` gave beyond its share, and `commission` did not give. It is all the platform's: the partner gives back
  /// its part of the commission as if there were no fee.
  var fee: Int64

  /// What the buyer pays.
  var whole: Int64 { shared - promotion }
  private var shared: Int64 { tax + commission + seller + creator }

  init(
    tax: Int64, commission: Int64, seller: Int64, creator: Int64 = 0, partner: Int64 = 0, promotion: Int64 = 0,
    fee: Int64 = 0
  ) {
    self.creator = creator
    self.partner = partner
    self.fee = fee
    self.promotion = promotion
    self.tax = tax
    self.commission = commission
    self.seller = seller
  }

  /// The share of `amount` each part gives back, in proportion to what it has. `amount` is 0…`whole`.
  ///
  /// The platform gets back its share rounded down, which the others give with the amount. Each gives its share rounded
  /// down; the minor units that are left go to the largest remainders (in doubt the
  /// seller's, the commission's, the tax's, then the creator's). So no part gives more than it has, the shares sum to `amount`, and the
  /// whole gives back exactly each part.
  func part(_ amount: Int64) -> Split {
    guard whole > 0 else { return Split(tax: 0, commission: 0, seller: 0) }
    let promotion = whole.dividingFullWidth(promotion.multipliedFullWidth(by: amount)).quotient
    let back = amount + promotion
    let shares = [seller, commission, tax, creator].map { part in
      shared.dividingFullWidth(part.multipliedFullWidth(by: back))
    }
    var given = shares.map(\.quotient)
    let left = Int(back - given.reduce(0, +))
    let byRemainder = shares.indices.sorted { (-shares[$0].remainder, $0) < (-shares[$1].remainder, $1) }
    for index in byRemainder.prefix(left) { given[index] += 1 }
    // Of what the commission gives, the partner gives its part, rounded down: all of it with the last of the commission.
    let partner =
      commission > 0 ? commission.dividingFullWidth(partner.multipliedFullWidth(by: given[1])).quotient : 0
    // Of the fee, its share rounded down, so that all of it is kept when everything is refunded.
    let fee = min(given[1], whole.dividingFullWidth(fee.multipliedFullWidth(by: amount)).quotient)
    return Split(
      tax: given[2], commission: given[1] - fee, seller: given[0] + fee, creator: given[3], partner: partner,
      promotion: promotion, fee: fee)
  }

  /// What is left once a refund took `part`, as if no fee had been kept: that much can still be given back.
  func without(_ part: Split) -> Split {
    Split(
      tax: tax - part.tax, commission: commission - part.commission - part.fee, seller: seller - part.seller + part.fee,
      creator: creator - part.creator, partner: partner - part.partner, promotion: promotion - part.promotion,
      fee: fee - part.fee)
  }

  /// From the provider, who has the buyer's money, to everyone's account.
  func entries(of order: Order, provider: String) -> [Ledger.Entry] {
    func money(_ minor: Int64) -> Money { Money(minor: minor, currency: order.total.currency) }
    let ofCreator = order.creator.map { [Ledger.Entry(account: .creator($0), amount: money(creator))] } ?? []
    let ofPartner = order.partner.map { [Ledger.Entry(account: .partner($0), amount: money(partner))] } ?? []
    return [
      Ledger.Entry(account: .provider(provider), amount: money(-whole)),
      Ledger.Entry(account: .seller(order.channel), amount: money(seller)),
    ] + ofCreator + ofPartner + [
      Ledger.Entry(account: .commission, amount: money(commission - partner)),
      Ledger.Entry(account: .tax(market: order.market), amount: money(tax)),
      Ledger.Entry(account: .promotion, amount: money(-promotion)),
    ]
  }
}

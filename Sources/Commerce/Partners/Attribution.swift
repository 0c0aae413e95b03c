public import Store

/// Who is credited for an order besides its seller and its creator, and for which part of the commission.
///
/// This is the one place that decides it (docs/decisions/0025):
///
/// 1. The creator's share comes out of the sale and the partner's out of the commission, so an order may have both, and
///    neither makes the other less.
/// 2. An order has one partner at most: the one its client names, which is the last `?via=` of the day before it, or the
///    embedding page's own. Without one, the order is the platform's.
/// 3. Who is unknown, not active, or has no terms that hold earns nothing. Neither does an order from a frame in a page
///    that is not on the partner's list.
/// 4. Nobody earns on a sale of their own: not when one of the partner's people is the buyer, or a member of the seller's or
///    the creator's channel.
public struct Attribution: Sendable, Equatable {
  public enum Credit: String, Sendable, Codable, CaseIterable {
    /// No partner was named.
    case none
    case partner
    /// A partner was named and earns nothing, because …
    case unknown, inactive
    case noTerms = "no_terms"
    case otherSite = "other_site"
    case ownSale = "own_sale"
  }

  public let credit: Credit
  /// Set for `partner` alone.
  public let partner: ID<Partner>?
  /// Their part of the commission.
  public let rate: Rate

  static let none = Attribution(credit: .none)

  private init(credit: Credit, partner: ID<Partner>? = nil, rate: Rate = .zero) {
    self.credit = credit
    self.partner = partner
    self.rate = rate
  }

  /// What has to be known of the partner that an order names.
  struct Named {
    let partner: ID<Partner>
    let state: Partner.State
    let sites: [String]
    /// Of the terms that hold; nil without any.
    let rate: Rate?
    /// Whether one of its people is the buyer, or the seller's or the creator's.
    let isOwn: Bool
  }

  static func decide(_ source: OrderSource, named: Named?) -> Attribution {
    guard !source.via.isEmpty else { return .none }
    guard let named else { return Attribution(credit: .unknown) }
    guard named.state == .active else { return Attribution(credit: .inactive) }
    guard source.site.isEmpty || named.sites.contains(source.site) else { return Attribution(credit: .otherSite) }
    guard !named.isOwn else { return Attribution(credit: .ownSale) }
    guard let rate = named.rate else { return Attribution(credit: .noTerms) }
    return Attribution(credit: .partner, partner: named.partner, rate: rate)
  }

  /// One statement, and none for an order that names nobody.
  static func of(
    _ source: OrderSource, seller: ID<Channel>, creator: ID<Channel>?, buyer: ID<Account>?, at now: Moment,
    in db: any Connection
  ) throws -> Attribution {
    guard !source.via.isEmpty else { return .none }
    let row = try db.row(
      """
      SELECT partner.id AS id, partner.state AS state, partner.sites AS sites,
        (SELECT terms.rate_bp FROM partner_terms terms WHERE terms.partner_id = partner.id AND terms.starts_ms <= \(now)
          ORDER BY terms.starts_ms DESC, terms.created_ms DESC, terms.id DESC LIMIT 1) AS rate_bp,
        CASE WHEN EXISTS (
          SELECT 1 FROM partner_member people LEFT JOIN member ON member.account_id = people.account_id
            AND member.channel_id IN \(list: [seller] + [creator].compactMap { $0 })
          WHERE people.partner_id = partner.id AND (member.channel_id IS NOT NULL OR people.account_id = \(buyer.sqlValue))
        ) THEN 1 ELSE 0 END AS is_own
      FROM partner WHERE partner.via = \(source.via)
      """)
    let named = try row.map { row in
      Named(
        partner: try row.get("id"), state: try row.get("state"), sites: try TextList.list(of: row.get("sites")),
        rate: try row.get("rate_bp", as: Rate?.self), isOwn: try row.number("is_own") == 1)
    }
    return decide(source, named: named)
  }
}

extension Attribution.Credit: ValueConvertible {}

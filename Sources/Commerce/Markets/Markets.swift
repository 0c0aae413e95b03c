import Store

/// Why a market was not set.
public enum MarketRefusal: Refusal, Equatable {
  case currencyFixed(Currency)
  case tooManyMarkets(limit: Int)

  public var code: String {
    switch self {
    case .currencyFixed: "market_currency_fixed"
    case .tooManyMarkets: "too_many_markets"
    }
  }

  public var sentence: String {
    switch self {
    case .currencyFixed(let currency):
      "This market's currency is \(currency): its prices and books are in it, so it cannot be changed."
    case .tooManyMarkets(let limit): "There are at most \(limit) markets."
    }
  }

  public var kind: RefusalKind { .conflict }

  public var field: String? {
    switch self {
    case .currencyFixed: "currency"
    case .tooManyMarkets: nil
    }
  }
}

extension Commerce {
  /// All markets by code; there are at most `Policy.marketsMax`.
  public func markets() async throws -> [Market] {
    try await database.read { db in try Market.all(in: db) }
  }

  /// Throws `GeneralRefusal.notFound`.
  public func market(_ code: String) async throws -> Market {
    try await database.read { db in
      guard let market = try Market.find(code, in: db) else { throw GeneralRefusal.notFound("market") }
      return market
    }
  }

  /// Makes a market or changes all of it but its currency. Only for the operator. Orders keep the rates, and the days to
  /// send something back, that they were sold under.
  ///
  /// Closing one stops new orders in it at once and nothing else: what is placed can be paid, what is paid goes on.
  @discardableResult
  public func putMarket(by caller: Caller, _ market: Market) async throws -> Market {
    let market = try market.checked(policy)
    return try await writeAndTell { [policy] db in
      let person = try caller.requireOperator(in: db)
      var market = market
      let before = try Market.find(market.code, in: db)
      market.admission = market.admission ?? before?.admission ?? policy.admission
      if let before {
        guard before.currency == market.currency else { throw MarketRefusal.currencyFixed(before.currency) }
      } else if try Market.all(in: db).count >= policy.marketsMax {
        throw MarketRefusal.tooManyMarkets(limit: policy.marketsMax)
      }
      try db.run(
        """
        INSERT INTO market (\(Market.columns))
        VALUES (\(market.code), \(market.currency), \(market.name), \(market.languages.joined(separator: ",")),
          \(market.isOpen), \(market.admission), \(market.commission), \(market.taxIncluded), \(market.shippingMinor),
          \(market.shippingTable), \(market.shippingFreeFromMinor.sqlValue),
          \(market.taxTable), \(market.isTaxAdded), \(market.taxesShipping),
          \(market.returnDays.sqlValue))
        ON CONFLICT (code) DO UPDATE SET name = excluded.name, languages = excluded.languages,
          is_open = excluded.is_open, admission = excluded.admission, commission_bp = excluded.commission_bp,
          tax_included_bp = excluded.tax_included_bp, shipping_minor = excluded.shipping_minor,
          shipping_table = excluded.shipping_table, shipping_free_from_minor = excluded.shipping_free_from_minor,
          tax_table = excluded.tax_table, tax_is_added = excluded.tax_is_added,
          taxes_shipping = excluded.taxes_shipping, return_days = excluded.return_days
        """)
      if market.returnDays != before?.returnDays {
        try ReturnPeriod.begin(market.returnDays, in: market.code, at: clock.now, db)
      }
      if let before, let after = market.admission {
        try Admission.changed(
          market.code, from: before.admission(policy), to: after, on: occasion(by: person), in: db)
        if !market.isOpen { _ = try Wish.endUnbuyable(of: market.code, on: occasion(by: person), in: db) }
        try Outbox.announce(.market(market.code), in: db)
      }
      return market
    }
  }
}

extension Market {
  fileprivate func checked(_ policy: Policy) throws -> Market {
    guard Self.isCode(code) else {
      throw GeneralRefusal.invalid(field: "code", why: "must be an ISO 3166 code of two capital letters, like IN")
    }
    guard (1...policy.languagesPerMarketMax).contains(languages.count), languages.allSatisfy(Self.isLanguage),
      Set(languages).count == languages.count
    else {
      throw GeneralRefusal.invalid(
        field: "languages", why: "must be 1 to \(policy.languagesPerMarketMax) different tags like en or hi-IN")
    }
    let amounts = [("shippingMinor", shippingMinor), ("shippingFreeFromMinor", shippingFreeFromMinor ?? 0)]
    for (field, amount) in amounts where !(0...Money.minorMax).contains(amount) {
      throw GeneralRefusal.invalid(field: field, why: "must be between 0 and \(Money.minorMax) minor units")
    }
    if let days = returnDays, !ReturnPeriod.daysRange.contains(days) {
      throw GeneralRefusal.invalid(field: "returnDays", why: "must be 0 to \(ReturnPeriod.daysRange.upperBound) days")
    }
    try shippingTable.check(policy)
    var market = self
    market.taxTable = try taxTable.checked(policy)
    market.name = try policy.text(name, "name", max: policy.nameCharactersMax)
    return market
  }

  /// BCP 47 in outline: a language of two or three letters, then subtags.
  private static func isLanguage(_ tag: String) -> Bool {
    guard tag.utf8.count <= 35 else { return false }
    let parts = tag.split(separator: "-", omittingEmptySubsequences: false)
    let isSubtag = { (part: Substring) in
      (1...8).contains(part.utf8.count)
        && part.utf8.allSatisfy { ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A || (0x30...0x39).contains($0) }
    }
    return (2...3).contains(parts[0].utf8.count) && parts[0].utf8.allSatisfy { (0x61...0x7A).contains($0) }
      && parts.dropFirst().allSatisfy(isSubtag)
  }
}

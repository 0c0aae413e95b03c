public import Store

/// Whom the house owes money that it pays out.
public enum Payee: Hashable, Sendable, CustomStringConvertible {
  case channel(ID<Channel>)
  case partner(ID<Partner>)

  /// As the payouts have it: `channel:<id>`, `partner:<id>`.
  public var description: String {
    switch self {
    case .channel(let channel): "channel:\(channel)"
    case .partner(let partner): "partner:\(partner)"
    }
  }

  /// Nil for anything else than a description.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    switch parts[0] {
    case "channel":
      guard let id = ID<Channel>(parts[1]) else { return nil }
      self = .channel(id)
    case "partner":
      guard let id = ID<Partner>(parts[1]) else { return nil }
      self = .partner(id)
    default: return nil
    }
  }

  /// Their accounts in the books, in the order in which a payout takes from them.
  var accounts: [LedgerAccount] {
    switch self {
    case .channel(let channel): [.seller(channel), .creator(channel)]
    case .partner(let partner): [.partner(partner)]
    }
  }

  /// The payee an account of the books belongs to.
  static func of(account: String) -> Payee? {
    let parts = account.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    switch parts[0] {
    case "seller", "creator": return ID<Channel>(parts[1]).map(Payee.channel)
    case "partner": return ID<Partner>(parts[1]).map(Payee.partner)
    default: return nil
    }
  }

  /// Whoever may see and say where the money goes: a channel's owners, a partner's people. Throws `GeneralRefusal`.
  @discardableResult
  func require(_ caller: Caller, in db: any Connection) throws -> ID<Account> {
    switch self {
    case .channel(let channel): return try Membership.require(.everything, of: channel, by: caller, in: db)
    case .partner(let partner):
      guard let account = try Partner.require(partner, .own, by: caller, in: db) else {
        throw GeneralRefusal.signInNeeded
      }
      return account
    }
  }

  /// Whoever may see what they have: the same, and a partner's keys.
  func requireLook(_ caller: Caller, in db: any Connection) throws {
    switch self {
    case .channel: try require(caller, in: db)
    case .partner(let partner): try Partner.require(partner, .look, by: caller, in: db)
    }
  }

  /// The same, or the operator.
  func requireOrOperator(_ caller: Caller, in db: any Connection) throws {
    if (try? caller.requireOperator(in: db)) != nil { return }
    try requireLook(caller, in: db)
  }

  /// What people call them.
  func name(in db: any Connection) throws -> String {
    switch self {
    case .channel(let channel):
      try db.row("SELECT name FROM channel WHERE id = \(channel)")?.get("name") ?? ""
    case .partner(let partner):
      try db.row("SELECT name FROM partner WHERE id = \(partner)")?.get("name") ?? ""
    }
  }

  /// Writes to a channel's owners or a partner's people.
  func tell(_ kind: Mail.Kind, because cause: [UInt8], at now: Moment, in db: any Connection) throws {
    switch self {
    case .channel(let channel): try Mail.queue(kind, of: channel, because: cause, at: now, in: db)
    case .partner(let partner): try Mail.queue(kind, of: partner, because: cause, at: now, in: db)
    }
  }

  /// The same about a payout.
  func tell(_ kind: Mail.Kind, _ payout: ID<Payout>, at now: Moment, in db: any Connection) throws {
    try tell(kind, because: payout.bytes, at: now, in: db)
  }

  /// Whether the operator has shut them out: their money waits then.
  func isSuspended(in db: any Connection) throws -> Bool {
    switch self {
    case .channel(let channel):
      try db.row("SELECT state FROM channel WHERE id = \(channel)")?.get("state", as: ChannelState.self) != .approved
    case .partner(let partner):
      try db.row("SELECT state FROM partner WHERE id = \(partner)")?.get("state", as: Partner.State.self) == .suspended
    }
  }

  /// Those who are suspended and have a payout waiting.
  static func suspended(in db: any Connection) throws -> [Payee] {
    let waiting = try db.rows("SELECT DISTINCT payee FROM payout WHERE state = \(Payout.State.pending)")
      .map { try $0.get("payee", as: Payee.self) }
    return try waiting.filter { try $0.isSuspended(in: db) }
  }

  /// What each of their accounts has of settled orders, and of those that were refunded whole, less what was paid out;
  /// by currency. A negative sum is a debt.
  func released(in db: any Connection) throws -> [Currency: [(account: String, minor: Int64)]] {
    var sums: [Currency: [(account: String, minor: Int64)]] = [:]
    for row in try db.rows(
      """
      SELECT entry.account AS account, entry.currency AS currency,
        CAST(SUM(entry.amount_minor) AS BIGINT) AS minor
      FROM ledger_entry entry JOIN ledger_transfer transfer ON transfer.id = entry.transfer_id
      LEFT JOIN orders ON orders.id = transfer.order_id
      WHERE entry.account IN \(list: accounts.map(\.description))
        AND (transfer.order_id IS NULL OR orders.state IN ('settled', 'refunded'))
      GROUP BY entry.account, entry.currency ORDER BY entry.account
      """)
    {
      sums[try row.get("currency"), default: []].append((try row.get("account"), try row.get("minor")))
    }
    return sums
  }
}

extension Payee: ValueConvertible {
  public var sqlValue: Value { .text(description) }

  public init(sqlValue: Value) throws {
    guard case .text(let text) = sqlValue, let payee = Payee(text) else {
      throw UnreadableValue(expected: "a payee", found: sqlValue)
    }
    self = payee
  }
}

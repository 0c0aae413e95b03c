public import Store

/// A line of a statement: what one transfer brought or took.
public struct StatementLine: Sendable, Equatable {
  public enum Kind: String, Sendable, Codable, CaseIterable {
    case payment, refund, payout
    case payoutReturned = "payout_returned"
  }

  public let transfer: ID<Transfer>
  public let kind: Kind
  /// Nil for a payout.
  public let order: ID<Order>?
  public let payout: ID<Payout>?
  public let at: Moment
  /// What the buyer paid or had back, and what the platform put in. Nothing for a payout.
  public let sold: Money
  /// Of that: tax, and what the platform kept with the part of it that is a partner's.
  public let tax: Money
  public let commission: Money
  /// And the creator's share, when somebody else's show sold it.
  public let creator: Money
  /// What the balance became more by, or less.
  public let amount: Money

  /// The order's or the payout's name among people.
  public var number: String { order?.orderNumber ?? payout?.number(after: "P") ?? "" }
}

/// A payee's account in one currency and one span of time.
public struct Statement: Sendable, Equatable {
  public let payee: Payee
  public let name: String
  public let span: StatementSpan
  public let opening: Money
  public let closing: Money
  /// By kind, what they came to.
  public let sums: [StatementLine.Kind: Money]
  /// What was sold less what was refunded, its tax, and its commission.
  public let sold: Money
  public let tax: Money
  public let commission: Money
  public let creator: Money
  /// The first of its lines; `StatementSpan.linesMax` at most.
  public let lines: [StatementLine]
  /// How many there are.
  public let count: Int64
}

/// A span of time of the books: from a moment on, and before another.
public struct StatementSpan: Sendable, Equatable {
  public let from: Moment
  public let until: Moment
  /// As a page shows: more are in the file.
  public static let linesMax = 500

  public init(from: Moment, until: Moment) {
    self.from = from
    self.until = until
  }

  /// A month of UTC, `2026-11`; nil for anything else.
  public init?(month: String) {
    let parts = month.split(separator: "-")
    guard month.utf8.count == 7, parts.count == 2, parts[0].utf8.count == 4, let year = Int(parts[0]),
      let number = Int(parts[1]), (1...12).contains(number), (1970...9998).contains(year)
    else { return nil }
    let next = number == 12 ? (year + 1, 1) : (year, number + 1)
    func first(_ year: Int, _ month: Int) -> Moment? {
      Moment("\(year)-\(month < 10 ? "0" : "")\(month)-01T00:00:00Z")
    }
    guard let from = first(year, number), let until = first(next.0, next.1) else { return nil }
    self.init(from: from, until: until)
  }

  /// Ids begin with their time: those of transfers in the span lie between these.
  var first: [UInt8] { Self.lowest(from) }
  var end: [UInt8] { Self.lowest(until) }

  private static func lowest(_ moment: Moment) -> [UInt8] {
    let milliseconds = UInt64(max(0, min(moment.milliseconds, 0xFFFF_FFFF_FFFF)))
    return (0..<6).map { UInt8(truncatingIfNeeded: milliseconds >> (40 - 8 * UInt64($0))) }
      + [UInt8](repeating: 0, count: 10)
  }
}

extension Commerce {
  /// What each transfer brought a channel or took from it, the latest first; for its owners.
  public func statement(by caller: Caller, _ channel: ID<Channel>, after cursor: Cursor? = nil, limit: Int = 50)
    async throws -> Page<StatementLine>
  {
    try policy.check(limit: limit)
    return try await database.read { db in
      let payee = Payee.channel(channel)
      try payee.require(caller, in: db)
      // A transfer's id begins with its time, so the order of the ids is the order in time.
      let before = cursor?.id ?? [UInt8](repeating: 0xFF, count: 16)
      let lines = try StatementLine.all(
        of: payee, "transfer_id < \(before)", order: "DESC", limit: limit + 1, in: db)
      return Page(lines, limit: limit) { Cursor(0, $0.transfer) }
    }
  }

  /// A payee's statement, one for each currency; for a channel's owners, and the operator.
  public func statements(of payee: Payee, by caller: Caller, _ span: StatementSpan) async throws -> [Statement] {
    try await database.read { db in
      try payee.requireOrOperator(caller, in: db)
      return try Statement.all(of: payee, span, in: db)
    }
  }

  /// A payee's statement as comma-separated values, all its lines; for a channel's owners, and the operator.
  public func statementFile(of payee: Payee, by caller: Caller, _ span: StatementSpan) async throws -> [UInt8] {
    var file = CSVWriter()
    // What a seller and a creator agreed on is not a partner's to read.
    let isPartner = if case .partner = payee { true } else { false }
    func add(_ head: [String], _ sums: [String], _ tail: [String]) {
      file.add(head + (isPartner ? [sums[0], sums[2]] : sums) + tail)
    }
    add(["date", "kind", "number", "order"], ["sold", "tax", "commission", "creator"], ["amount", "currency"])
    for statement in try await statements(of: payee, by: caller, span) {
      func balance(_ kind: String, _ at: Moment, _ amount: Money) {
        add(
          [at.description, kind, "", ""], ["", "", "", ""], [amount.plainNumber, amount.currency.code])
      }
      balance("opening", span.from, statement.opening)
      var after = span.first
      while true {
        try Task.checkCancellation()
        let from = after
        let lines = try await database.read { db in
          try StatementLine.all(
            of: payee, "transfer_id > \(from) AND transfer_id < \(span.end)", order: "ASC", limit: 1_000,
            currency: statement.opening.currency, in: db)
        }
        guard let last = lines.last else { break }
        for line in lines {
          add(
            [line.at.description, line.kind.rawValue, line.number, line.order?.description ?? ""],
            [line.sold, line.tax, line.commission, line.creator].map(\.plainNumber),
            [line.amount.plainNumber, line.amount.currency.code])
        }
        after = last.transfer.bytes
      }
      balance("closing", span.until, statement.closing)
    }
    return file.bytes
  }
}

extension Statement {
  /// One for each currency.
  static func all(of payee: Payee, _ span: StatementSpan, in db: any Connection) throws -> [Statement] {
    let name = try payee.name(in: db)
    let sums = try sums(of: payee, span, in: db)
    let currencies = Set(sums.map(\.currency)).sorted { $0.code < $1.code }
    return try currencies.map { currency in
      try Statement(payee, name, span, currency, sums.filter { $0.currency == currency }, in: db)
    }
  }

  struct Sum {
    let currency: Currency
    let isBefore: Bool
    let kind: StatementLine.Kind
    let minor: Int64
  }

  /// What all transfers before the span's end come to: those before it, and those in it by kind.
  fileprivate static func sums(of payee: Payee, _ span: StatementSpan, in db: any Connection) throws -> [Sum] {
    try db.rows(
      """
      SELECT currency, kind, is_before, CAST(SUM(minor) AS BIGINT) AS minor
      FROM (
        SELECT entry.currency AS currency, transfer.kind AS kind, entry.amount_minor AS minor,
          CASE WHEN entry.transfer_id < \(span.first) THEN 1 ELSE 0 END AS is_before
        FROM ledger_entry entry JOIN ledger_transfer transfer ON transfer.id = entry.transfer_id
        WHERE entry.account IN \(list: payee.accounts.map(\.description)) AND entry.transfer_id < \(span.end)
      ) booked GROUP BY currency, kind, is_before
      """
    ).map {
      Sum(
        currency: try $0.get("currency"), isBefore: try $0.number("is_before") == 1, kind: try $0.get("kind"),
        minor: try $0.number("minor"))
    }
  }

  fileprivate init(
    _ payee: Payee, _ name: String, _ span: StatementSpan, _ currency: Currency, _ found: [Sum],
    in db: any Connection
  ) throws {
    func money(_ minor: Int64) -> Money { Money(minor: minor, currency: currency) }
    self.payee = payee
    self.name = name
    self.span = span
    opening = money(found.filter(\.isBefore).reduce(0) { $0 + $1.minor })
    closing = money(found.reduce(0) { $0 + $1.minor })
    var sums: [StatementLine.Kind: Money] = [:]
    for sum in found where !sum.isBefore { sums[sum.kind] = money(sum.minor) }
    self.sums = sums
    let accounts = payee.accounts.map(\.description)
    let others = try db.requireRow(
      """
      SELECT COUNT(DISTINCT transfer.id) AS count,
        CAST(COALESCE(SUM(CASE WHEN entry.account LIKE 'tax:%' THEN entry.amount_minor ELSE 0 END), 0) AS BIGINT) AS tax,
        CAST(COALESCE(SUM(CASE WHEN entry.account = 'commission' OR entry.account LIKE 'partner:%'
          AND transfer.order_id IS NOT NULL THEN entry.amount_minor ELSE 0 END), 0) AS BIGINT) AS commission,
        CAST(COALESCE(SUM(CASE WHEN entry.account LIKE 'creator:%' AND transfer.order_id IS NOT NULL
          THEN entry.amount_minor ELSE 0 END), 0) AS BIGINT) AS creator,
        CAST(COALESCE(SUM(CASE WHEN (entry.account LIKE 'provider:%' OR entry.account = 'promotion')
          AND transfer.order_id IS NOT NULL THEN -entry.amount_minor ELSE 0 END), 0) AS BIGINT) AS sold
      FROM ledger_transfer transfer JOIN ledger_entry entry ON entry.transfer_id = transfer.id
      WHERE entry.currency = \(currency) AND transfer.id IN (
        SELECT transfer_id FROM ledger_entry
        WHERE account IN \(list: accounts) AND currency = \(currency) AND transfer_id >= \(span.first)
          AND transfer_id < \(span.end))
      """)
    count = try others.number("count")
    sold = money(try others.number("sold"))
    tax = money(try others.number("tax"))
    commission = money(try others.number("commission"))
    creator = money(try others.number("creator"))
    lines = try StatementLine.all(
      of: payee, "transfer_id >= \(span.first) AND transfer_id < \(span.end)", order: "ASC",
      limit: StatementSpan.linesMax, currency: currency, in: db)
  }
}

extension StatementLine {
  /// Some of a payee's lines, each of one transfer and one currency.
  fileprivate static func all(
    of payee: Payee, _ condition: SQL, order: SQL, limit: Int, currency: Currency? = nil, in db: any Connection
  ) throws -> [StatementLine] {
    let accounts = payee.accounts.map(\.description)
    let ofCurrency: SQL = currency.map { "AND currency = \($0)" } ?? ""
    return try db.rows(
      """
      SELECT transfer.id AS id, transfer.kind AS kind, transfer.order_id AS order_id, transfer.at_ms AS at_ms,
        CASE WHEN transfer.kind = 'payout' THEN transfer.cause_id
          WHEN transfer.kind = 'payout_returned' THEN COALESCE(
            (SELECT id FROM payout WHERE end_id = transfer.cause_id),
            (SELECT payout_id FROM payout_transfer WHERE id = transfer.cause_id),
            (SELECT sent.payout_id FROM payout_reversal reversal
              JOIN payout_transfer sent ON sent.id = reversal.transfer_id WHERE reversal.id = transfer.cause_id))
          ELSE NULL END AS payout_id, own.currency AS currency, own.minor AS minor,
        CAST(SUM(CASE WHEN entry.account LIKE 'tax:%' THEN entry.amount_minor ELSE 0 END) AS BIGINT) AS tax,
        CAST(SUM(CASE WHEN entry.account = 'commission' OR entry.account LIKE 'partner:%'
          THEN entry.amount_minor ELSE 0 END) AS BIGINT) AS commission,
        CAST(SUM(CASE WHEN entry.account LIKE 'creator:%' THEN entry.amount_minor ELSE 0 END) AS BIGINT) AS creator,
        CAST(SUM(CASE WHEN entry.account LIKE 'provider:%' OR entry.account = 'promotion'
          THEN -entry.amount_minor ELSE 0 END) AS BIGINT) AS sold
      FROM (
        SELECT transfer_id, currency, CAST(SUM(amount_minor) AS BIGINT) AS minor FROM ledger_entry
        WHERE account IN \(list: accounts) AND \(condition) \(ofCurrency)
        GROUP BY transfer_id, currency ORDER BY transfer_id \(order), currency LIMIT \(limit)
      ) own
      JOIN ledger_transfer transfer ON transfer.id = own.transfer_id
      JOIN ledger_entry entry ON entry.transfer_id = own.transfer_id AND entry.currency = own.currency
      GROUP BY transfer.id, transfer.kind, transfer.order_id, transfer.cause_id, transfer.at_ms, own.currency, own.minor
      ORDER BY transfer.id \(order), own.currency
      """
    ).map(StatementLine.init)
  }

  private init(row: Row) throws {
    let currency: Currency = try row.get("currency")
    func money(_ column: String) throws -> Money { Money(minor: try row.get(column), currency: currency) }
    transfer = try row.get("id")
    kind = try row.get("kind")
    order = try row.get("order_id")
    payout = try row.get("payout_id")
    at = try row.get("at_ms")
    let isOfOrder = kind == .payment || kind == .refund
    let nothing = Money(minor: 0, currency: currency)
    sold = isOfOrder ? try money("sold") : nothing
    tax = try money("tax")
    commission = isOfOrder ? try money("commission") : nothing
    creator = isOfOrder ? try money("creator") : nothing
    amount = try money("minor")
  }
}

extension StatementLine.Kind: ValueConvertible {}

import Store

/// What one account of the books had, came to, and has, in one currency and one span of time.
public struct BookedAccount: Sendable, Equatable {
  public let account: String
  public let opening: Money
  /// What was added to it, and what was taken; both 0 or more.
  public let added: Money
  public let taken: Money

  public var closing: Money {
    Money(minor: opening.minor + added.minor - taken.minor, currency: opening.currency)
  }
}

extension Commerce {
  /// The platform's statement: every account of the books over a span of time, those of sellers, of buyers and of taxes
  /// summed by kind; for the operator.
  public func books(by caller: Caller, _ span: StatementSpan) async throws -> [BookedAccount] {
    try await database.read { db in
      try caller.requireOperator(in: db)
      return try db.rows(
        """
        SELECT account, currency, CAST(SUM(CASE WHEN is_before = 1 THEN minor ELSE 0 END) AS BIGINT) AS opening,
          CAST(SUM(CASE WHEN is_before = 0 AND minor > 0 THEN minor ELSE 0 END) AS BIGINT) AS added,
          CAST(SUM(CASE WHEN is_before = 0 AND minor < 0 THEN -minor ELSE 0 END) AS BIGINT) AS taken
        FROM (
          SELECT CASE WHEN account LIKE 'seller:%' THEN 'seller' WHEN account LIKE 'creator:%' THEN 'creator'
              WHEN account LIKE 'partner:%' THEN 'partner'
              WHEN account LIKE 'buyer:%' THEN 'buyer'
              ELSE account END AS account,
            currency, amount_minor AS minor, CASE WHEN transfer_id < \(span.first) THEN 1 ELSE 0 END AS is_before
          FROM ledger_entry WHERE transfer_id < \(span.end)
        ) entries GROUP BY account, currency ORDER BY currency, account
        """
      ).map { row in
        let currency: Currency = try row.get("currency")
        func money(_ column: String) throws -> Money { Money(minor: try row.get(column), currency: currency) }
        return BookedAccount(
          account: try row.get("account"), opening: try money("opening"), added: try money("added"),
          taken: try money("taken"))
      }
    }
  }

  /// The journal of a span of time as comma-separated values, a line for each entry, in pieces of at most 2 000 lines;
  /// for the operator. The last piece has no lines.
  public func journal(by caller: Caller, _ span: StatementSpan, after last: [UInt8]?) async throws -> JournalPiece {
    try await database.read { db in
      try caller.requireOperator(in: db)
      var file = CSVWriter()
      if last == nil { file.add(["date", "transfer", "kind", "order", "account", "amount", "currency"]) }
      let from = last ?? span.first
      let transfers = try db.rows(
        """
        SELECT id, kind, order_id, at_ms FROM ledger_transfer
        WHERE id > \(from) AND id < \(span.end) ORDER BY id LIMIT 400
        """)
      let ids = try transfers.map { try $0.get("id", as: ID<Transfer>.self) }
      guard let end = ids.last else { return JournalPiece(bytes: file.bytes, last: nil) }
      let entries = try db.rows(
        """
        SELECT transfer_id, account, currency, amount_minor FROM ledger_entry
        WHERE transfer_id IN \(list: ids) ORDER BY transfer_id, position
        """)
      let byTransfer = try Dictionary(grouping: entries) { try $0.get("transfer_id", as: ID<Transfer>.self) }
      for (id, transfer) in zip(ids, transfers) {
        for entry in byTransfer[id] ?? [] {
          let amount = Money(minor: try entry.number("amount_minor"), currency: try entry.get("currency"))
          file.add([
            try transfer.get("at_ms", as: Moment.self).description, id.description, try transfer.get("kind"),
            try transfer.get("order_id", as: ID<Order>?.self)?.description ?? "", try entry.get("account"),
            amount.plainNumber, amount.currency.code,
          ])
        }
      }
      return JournalPiece(bytes: file.bytes, last: end.bytes)
    }
  }
}

/// A part of the journal, and where the next one begins; nil at the end.
public struct JournalPiece: Sendable {
  public let bytes: [UInt8]
  public let last: [UInt8]?
}

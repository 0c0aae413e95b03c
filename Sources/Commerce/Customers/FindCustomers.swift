import Foundation
import Store

extension Commerce {
  /// Who bought from a channel, who bought last first, with `search` those in whose name, e-mail address or city it is;
  /// for its owners and fulfilment members. What people spent is the owners' to know, and e-mail addresses are masked.
  public func customers(
    of channel: ID<Channel>, by caller: Caller, search: String = "", after cursor: Cursor? = nil, limit: Int = 50
  ) async throws -> Page<Customer> {
    try policy.check(limit: limit)
    let sought = try Self.sought(search, policy)
    let isOwner = try await requireCustomers(of: channel, by: caller)
    return try await database.read { db in
      let (time, id) = (cursor?.key ?? .max, cursor?.id ?? [])
      let matching: SQL = sought.map { #"AND customer.words LIKE \#($0) ESCAPE '!'"# } ?? ""
      let rows = try db.rows(
        """
        \(Customer.source) WHERE customer.channel_id = \(channel) \(matching)
          AND (customer.last_ms, customer.id) < (\(time), \(id))
        ORDER BY customer.last_ms DESC, customer.id DESC LIMIT \(limit + 1)
        """)
      return Page(try Customer.of(rows: rows, withSpent: isOwner, whole: false, in: db), limit: limit) {
        Cursor($0.last.milliseconds, $0.id)
      }
    }
  }

  /// One customer with their orders, returns and note; for the channel's owners and fulfilment members. To others there is
  /// none.
  public func customer(
    _ id: ID<Customer>, by caller: Caller, after cursor: Cursor? = nil, limit: Int = 50
  ) async throws -> CustomerFile {
    try policy.check(limit: limit)
    let isOwner = try await requireCustomers(of: try await channel(of: id, by: caller), by: caller)
    return try await database.read { db in
      let rows = try db.rows("\(Customer.source) WHERE customer.id = \(id)")
      guard let customer = try Customer.of(rows: rows, withSpent: isOwner, whole: isOwner, in: db).first else {
        throw GeneralRefusal.notFound("customer")
      }
      let (time, last) = (cursor?.key ?? .max, cursor?.id ?? [])
      let ids = try db.rows(
        """
        SELECT order_id FROM customer_order WHERE customer_id = \(id) AND (paid_ms, order_id) < (\(time), \(last))
        ORDER BY paid_ms DESC, order_id DESC LIMIT \(limit + 1)
        """
      ).map { try $0.get("order_id", as: ID<Order>.self) }
      let found = try Order.all(ids, in: db)
      let orders = ids.compactMap { found[$0] }
      let returns = try Return.withLines(
        db.rows(
          """
          SELECT \(Return.columns) FROM order_return
          WHERE order_id IN (SELECT order_id FROM customer_order WHERE customer_id = \(id))
          ORDER BY made_ms DESC, id DESC LIMIT 50
          """), in: db)
      return CustomerFile(
        customer: customer, phone: customer.isDeleted ? "" : orders.first?.buyer.phone ?? "",
        orders: Page(orders, limit: limit) { Cursor($0.paid?.milliseconds ?? 0, $0.id) }, returns: returns)
    }
  }

  /// Writes down something about a customer; empty, it is forgotten. Nothing is kept of who deleted their account.
  public func putNote(_ note: String, of id: ID<Customer>, by caller: Caller) async throws -> String {
    let note = try policy.text(note, "note", max: policy.returnNoteCharactersMax, required: false, lines: true)
    let channel = try await channel(of: id, by: caller)
    return try await database.write { db in
      try Membership.require(.orders, of: channel, by: caller, "customer", in: db)
      let changed = try db.run(
        """
        UPDATE customer SET note = \(note) WHERE id = \(id)
          AND NOT EXISTS (SELECT 1 FROM account WHERE account.id = customer.account_id AND deleted_ms IS NOT NULL)
        """)
      guard changed == 1 else { throw CustomerRefusal.deleted }
      return note
    }
  }

  /// A channel's customers as comma-separated values, a row for each and each currency, the latest
  /// `Customer.fileRowsMax` customers; for its owners.
  public func customersFile(of channel: ID<Channel>, by caller: Caller) async throws -> [UInt8] {
    guard try await requireCustomers(of: channel, by: caller) else {
      throw GeneralRefusal.notAllowed(need: Permission.everything.need)
    }
    var file = CSVWriter(lineEnd: "\r\n")
    file.add(["customer", "name", "email", "account", "orders", "spent", "currency", "first_order", "last_order"])
    var (time, last, count) = (Int64.max, [UInt8](), 0)
    while count < Customer.fileRowsMax {
      try Task.checkCancellation()
      let (before, id) = (time, last)
      let some = try await database.read { db in
        let rows = try db.rows(
          """
          \(Customer.source) WHERE customer.channel_id = \(channel)
            AND (customer.last_ms, customer.id) < (\(before), \(id))
          ORDER BY customer.last_ms DESC, customer.id DESC LIMIT 500
          """)
        return try Customer.of(rows: rows, withSpent: true, whole: true, in: db)
      }
      guard let end = some.last else { break }
      for customer in some {
        let account = customer.isDeleted ? "deleted" : customer.account == nil ? "guest" : "account"
        for spent in customer.spent ?? [] {
          file.add(
            [customer.id.description, CSVWriter.harmless(customer.name), CSVWriter.harmless(customer.email), account]
              + ["\(customer.orders)", spent.plainNumber, spent.currency.code]
              + [customer.first.description, customer.last.description])
        }
      }
      count += some.count
      (time, last) = (end.last.milliseconds, end.id.bytes)
    }
    return file.bytes
  }

  /// Whether the caller is an owner. Gathers what is new. Throws for who does not deal with orders.
  private func requireCustomers(of channel: ID<Channel>, by caller: Caller) async throws -> Bool {
    let isOwner = try await database.read { db in
      try Membership.require(.orders, of: channel, by: caller, in: db)
      return try Membership.role(of: caller, in: channel, in: db)?.may(.everything) ?? false
    }
    try await gatherCustomers(of: channel)
    return isOwner
  }

  private func channel(of id: ID<Customer>, by caller: Caller) async throws -> ID<Channel> {
    try await database.read { db in
      _ = try caller.requireAccount()
      guard let row = try db.row("SELECT channel_id FROM customer WHERE id = \(id)") else {
        throw GeneralRefusal.notFound("customer")
      }
      let channel: ID<Channel> = try row.get("channel_id")
      try Membership.require(.orders, of: channel, by: caller, "customer", in: db)
      return channel
    }
  }

  /// A pattern that finds the text anywhere; nil for all.
  private static func sought(_ text: String, _ policy: Policy) throws -> String? {
    guard text.utf8.count <= policy.searchBytesMax else {
      throw GeneralRefusal.invalid(field: "q", why: "must have at most \(policy.searchBytesMax) bytes")
    }
    let plain = text.trimmingCharacters(in: .whitespacesAndNewlines).precomposedStringWithCanonicalMapping.lowercased()
    guard !plain.isEmpty else { return nil }
    let safe = plain.replacing("!", with: "!!").replacing("%", with: "!%").replacing("_", with: "!_")
    return "%\(safe)%"
  }
}

/// Why nothing is written down.
public enum CustomerRefusal: Refusal, Equatable {
  case deleted

  public var code: String { "customer_deleted" }
  public var sentence: String { "This customer deleted their account: nothing more is written down about them." }
  public var kind: RefusalKind { .gone }
}

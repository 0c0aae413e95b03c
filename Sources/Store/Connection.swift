/// What the body of a ``Database/write(_:)`` or ``Database/read(_:)`` speaks to. It is of use only inside that body.
///
/// When a statement fails, so does the whole call: every later statement throws, and so does the call itself when its
/// body returns as if nothing had happened. PostgreSQL works so; SQLite does not, and is made to here, because a rule
/// that leans on a caught error must not pass on one engine and fail on the other. Let the database decide instead:
/// `ON CONFLICT DO NOTHING … RETURNING`.
public protocol Connection: AnyObject {
  /// Runs one statement and gives the number of rows it inserted, updated or deleted.
  @discardableResult func run(_ sql: SQL) throws -> Int

  /// Runs one statement and gives all rows of its result.
  func rows(_ sql: SQL) throws -> [Row]

  /// Runs one statement whose outcome the body does not look at: it may travel with a later one, and what is wrong with
  /// it may be thrown by that, or by the call as a whole. The order of all statements is kept.
  func send(_ sql: SQL) throws

  /// What was kept for this key; nil where nothing was, or somebody may have changed what it goes by.
  func kept(for key: AnyHashable) -> Any?

  /// Keeps a value for the calls that share this transaction, until a statement changes one of `tables`, or deletes
  /// anything, or a call is undone.
  func keep(_ value: Any, for key: AnyHashable, of tables: Set<String>)

  /// The mirror of this kind, made by `make` where there is none; nil where others may write to the database too, as on
  /// PostgreSQL, and where nothing can be written.
  func mirror<M: Mirror>(_ make: (any Connection) throws -> M) throws -> M?
}

extension Connection {
  public func mirror<M: Mirror>(_ make: (any Connection) throws -> M) throws -> M? { nil }

  public func send(_ sql: SQL) throws { try run(sql) }

  public func kept(for key: AnyHashable) -> Any? { nil }

  public func keep(_ value: Any, for key: AnyHashable, of tables: Set<String>) {}
}

// Inlined: who asks knows the types, and the runtime need not find them out for every order.
extension Connection {
  /// What `make` gave for this key before in the same transaction, which other calls may share, or else what it gives
  /// now. It is asked again once a statement has changed one of `tables`, or deleted anything, or a call was undone.
  ///
  /// It saves a hundred orders of one lamp, which share a commit, ninety-nine looks at what the lamp costs. `make` may do
  /// nothing but read those tables; or write what is enough to write once in a transaction, and then `tables` is empty.
  @inlinable
  public func remember<T>(_ key: some Hashable & Sendable, of tables: Set<String>, _ make: () throws -> T) throws -> T {
    let key = AnyHashable(key)
    if let value = kept(for: key) as? T { return value }
    let value = try make()
    keep(value, for: key, of: tables)
    return value
  }

  /// What `keep` was given for this key, as `remember` would find it.
  @inlinable
  public func recall<T>(_ key: some Hashable & Sendable, as type: T.Type = T.self) -> T? {
    kept(for: AnyHashable(key)) as? T
  }
}

extension Connection {
  /// The first row of the result, or nil when it is empty.
  public func row(_ sql: SQL) throws -> Row? {
    try rows(sql).first
  }
}

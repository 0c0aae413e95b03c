/// Where a database is: `sqlite:path/to/file` or `postgres://user@host/name`.
public enum DatabaseLocation: Sendable, Equatable {
  /// A file, made when it is not there. Its directory must exist.
  case sqlite(path: String)
  /// What libpq takes as a connection URI, password and TLS settings included.
  case postgres(url: String)

  /// - Throws: ``StoreFault/location(_:)``, which does not repeat the text: it may hold a password.
  public init(_ text: String) throws {
    if text.hasPrefix("sqlite:") {
      let path = String(text.dropFirst("sqlite:".count))
      guard !path.isEmpty, path != ":memory:", !path.utf8.contains(0) else {
        throw StoreFault.location("sqlite: needs the path of a file")
      }
      self = .sqlite(path: path)
    } else if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
      guard !text.utf8.contains(0) else { throw StoreFault.location("a NUL character") }
      self = .postgres(url: text)
    } else {
      throw StoreFault.location("it begins with neither sqlite: nor postgres://")
    }
  }
}

/// What keeps a database.
public enum DatabaseEngine: String, Sendable {
  case sqlite = "SQLite"
  case postgres = "PostgreSQL"
}

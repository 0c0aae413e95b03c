/// What the calls of one transaction have read, and need not read again while nothing has changed it.
final class Memory {
  private struct Kept {
    let value: Any
    let tables: Set<String>
  }

  private var kept: [AnyHashable: Kept] = [:]
  /// All that what is kept depends on.
  private var watched: Set<String> = []

  /// Above what the calls of one commit can ask for; beyond it nothing more is kept.
  private static let keptMax = 4096

  func value<T>(_ key: some Hashable & Sendable, as type: T.Type) -> T? {
    kept.isEmpty ? nil : kept[AnyHashable(key)]?.value as? T
  }

  func keep(_ value: Any, for key: some Hashable & Sendable, of tables: Set<String>) {
    guard kept.count < Self.keptMax else { return }
    kept[AnyHashable(key)] = Kept(value: value, tables: tables)
    watched.formUnion(tables)
  }

  /// Forgets what a statement may change.
  func forget(for sql: SQL) {
    guard !kept.isEmpty else { return }
    switch sql.change {
    case .nothing: break
    case .rows(let table):
      if watched.contains(table) { kept = kept.filter { !$0.value.tables.contains(table) } }
    case .anything: forgetAll()
    }
  }

  func forgetAll() {
    kept = [:]
    watched = []
  }
}

extension SQL {
  /// What a statement changes, as far as its first words say.
  enum Change: Equatable {
    case nothing
    /// Rows of this table are made or are others.
    case rows(String)
    /// It deletes, which may reach into other tables, or is none of the usual ones.
    case anything
  }

  var change: Change {
    if bytes.starts(with: "SELECT ".utf8) { return .nothing }
    for verb in ["INSERT INTO ", "UPDATE "] where bytes.starts(with: verb.utf8) {
      let name = bytes.dropFirst(verb.utf8.count).prefix { byte in
        byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      }
      return name.isEmpty ? .anything : .rows(String(decoding: name, as: UTF8.self))
    }
    return .anything
  }
}

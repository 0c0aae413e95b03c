/// What the calls of one transaction have read, and need not read again while nothing has changed it.
final class Memory {
  private struct Kept {
    let value: Any
    let tables: Set<String>
  }

  private var kept: [AnyHashable: Kept] = [:]
  /// All that what is kept depends on.
  private var watched: Set<String> = []

  /// What the statements of this transaction change.
  private var changes: [SQL.Shape: SQL.Change] = [:]

  /// Above what the calls of one commit can ask for; beyond it nothing more is kept.
  private static let keptMax = 4096

  subscript(key: AnyHashable) -> Any? { kept.isEmpty ? nil : kept[key]?.value }

  func keep(_ value: Any, for key: AnyHashable, of tables: Set<String>) {
    guard kept.count < Self.keptMax else { return }
    kept[key] = Kept(value: value, tables: tables)
    watched.formUnion(tables)
  }

  /// Forgets what a statement may change.
  func forget(for sql: SQL) {
    guard !kept.isEmpty else { return }
    switch change(of: sql.shape) {
    case .nothing: break
    case .rows(let table):
      if watched.contains(table) { kept = kept.filter { !$0.value.tables.contains(table) } }
    case .anything: forgetAll()
    }
  }

  private func change(of shape: SQL.Shape) -> SQL.Change {
    if let known = changes[shape] { return known }
    let change = shape.change
    changes[shape] = change
    return change
  }

  func forgetAll() {
    kept = [:]
    watched = []
  }
}

/// What a process that alone writes to a database keeps of it in memory: an index that would cost more to write than it is
/// worth (docs/decisions/0066).
///
/// It is read from the database when it is first asked for, again after somebody else has changed the database, and again
/// after a transaction was undone in which it had forgotten something. It is used within writes, on the writer's thread.
///
/// What it was told in a transaction that is undone it goes on to know: what it says has to be looked up before it is
/// believed.
public protocol Mirror: AnyObject {
  /// Set by the mirror when it forgets, for a transaction that may yet be undone; cleared when a transaction begins.
  var hasForgotten: Bool { get set }
}

/// The mirrors of a database. Used on its writer's thread alone.
final class Mirrors: @unchecked Sendable {
  private var mirrors: [ObjectIdentifier: any Mirror] = [:]
  /// Made by the transaction that is under way, from what it may have changed itself.
  private var made: Set<ObjectIdentifier> = []
  /// What others had done to the database when they were made.
  private var version: Int64?

  func begin() {
    made = []
    for mirror in mirrors.values { mirror.hasForgotten = false }
  }

  /// - Parameter version: another number than before if somebody else has changed the database.
  func look(at version: Int64) {
    if version != self.version { removeAll() }
    self.version = version
  }

  func undo() {
    mirrors = mirrors.filter { !made.contains($0.key) && !$0.value.hasForgotten }
    made = []
  }

  func removeAll() {
    mirrors = [:]
    made = []
  }

  subscript<M: Mirror>(type: M.Type) -> M? {
    get { mirrors[ObjectIdentifier(type)] as? M }
    set {
      mirrors[ObjectIdentifier(type)] = newValue
      made.insert(ObjectIdentifier(type))
    }
  }
}

/// What can go wrong between the code and its database. Messages name statements and tables, never values.
public enum StoreFault: Error, Equatable, CustomStringConvertible {
  /// Too many calls wait already. Nothing was done; ask again later.
  case overloaded
  /// A uniqueness, foreign key, NOT NULL or CHECK rule of the schema was broken. The call was rolled back.
  case constraint(String)
  /// The engine refused a statement, or an earlier statement of the same call had failed. The call was rolled back.
  case statement(String)
  /// A value cannot be kept: text with a NUL character, a fraction in a result.
  case value(String)
  /// Other writers got in between each time it was tried. Nothing was done; ask again later.
  case contended(String)
  /// The database could not be reached or stopped answering before the commit. Nothing was done.
  case connection(String)
  /// The disk is full or broken, or the file is locked by another program. Nothing was done.
  case storage(String)
  /// The connection broke while it committed, or the disk did after it: the change is there whole, or not at all. Look
  /// before you try again.
  case inDoubt(String)
  /// The address of the database is not one of ours.
  case location(String)
  /// The recorded history of the schema is not the beginning of the one given.
  case migration(String)
  /// ``Database/close()`` was called.
  case closed

  public var description: String {
    switch self {
    case .overloaded: "the database has too many calls waiting"
    case .constraint(let why): "a rule of the schema was broken: \(why)"
    case .statement(let why): "a statement failed: \(why)"
    case .value(let why): "a value cannot be kept: \(why)"
    case .contended(let why): "other writers kept getting in between: \(why)"
    case .connection(let why): "the database cannot be reached: \(why)"
    case .storage(let why): "the database cannot be written: \(why)"
    case .inDoubt(let why): "it broke while it committed: \(why)"
    case .location(let why): "not an address of a database: \(why)"
    case .migration(let why): "the schema cannot be brought up to date: \(why)"
    case .closed: "the database is closed"
    }
  }
}

import Store

/// Somebody's wish to be told when a show begins, at one recipient.
public struct Reminder: Sendable, Equatable {
  public let id: ID<Reminder>
  public let show: Show
  public let recipient: Recipient
  /// False until whoever reads the mail has said yes.
  public let isOn: Bool
  /// When it was asked for, or confirmed.
  public let since: Moment

  static let columns: SQL = """
    reminder.id AS reminder_id, reminder.show_id AS show_id, reminder.is_on AS is_on, reminder.since_ms AS since_ms,
    \(Recipient.columns)
    """
  static let tables: SQL = "reminder JOIN recipient ON recipient.id = reminder.recipient_id"

  /// Those that a condition names, each with its show.
  static func all(_ condition: SQL, in db: any Connection) throws -> [Reminder] {
    let rows = try db.rows("SELECT \(columns) FROM \(tables) WHERE \(condition)")
    let ids = try Set(rows.map { try $0.get("show_id", as: ID<Show>.self) })
    guard !ids.isEmpty else { return [] }
    let shows = try Show.read(
      db.rows("SELECT \(Show.columns) FROM \(Show.source) WHERE show.id IN \(list: ids.sorted())"), in: db)
    let known = Dictionary(uniqueKeysWithValues: shows.map { ($0.id, $0) })
    return try rows.compactMap { row in
      guard let show = try known[row.get("show_id")] else { return nil }
      return Reminder(
        id: try row.get("reminder_id"), show: show, recipient: try Recipient(row: row), isOn: try row.get("is_on"),
        since: try row.get("since_ms"))
    }
  }
}

/// Why nobody is reminded.
public enum ReminderRefusal: Refusal, Equatable {
  case onAir
  case ended
  case tooMany(limit: Int64)
  case tooManyFromAddress

  public var code: String {
    switch self {
    case .onAir: "reminder_on_air"
    case .ended: "reminder_over"
    case .tooMany: "too_many_reminders"
    case .tooManyFromAddress: "reminder_address"
    }
  }

  public var sentence: String {
    switch self {
    case .onAir: "The show is on air. Watch it now."
    case .ended: "The show is over, so there is nothing to be reminded of."
    case .tooMany(let limit): "At most \(limit) reminders are kept for one address or browser. Remove one first."
    case .tooManyFromAddress:
      "Many who have not confirmed their reminder yet ask from your network. Confirm yours, or sign in."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .onAir, .ended, .tooMany: .conflict
    case .tooManyFromAddress: .limited
    }
  }
}

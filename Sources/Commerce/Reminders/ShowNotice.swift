import Crypto
import Foundation
import Store

/// Something of a show that those are told who asked to be.
struct ShowNotice: Sendable {
  enum Kind: String, Sendable, CaseIterable, ValueConvertible {
    /// It begins in a while.
    case soon
    case live
    case moved
    case calledOff = "called_off"
  }

  enum Stage: String, Sendable, ValueConvertible { case reminders, followers, told }

  let id: ID<ShowNotice>
  let show: ID<Show>
  let kind: Kind
  /// The start of the show that it is about.
  let start: Moment
  let until: Moment
  let stage: Stage
  /// Who of the stage was told last: a recipient, or an account; empty before the first.
  let after: [UInt8]

  static let columns: SQL = "id, show_id, kind, start_ms, until_ms, stage, after_id"

  init(row: Row) throws {
    id = try row.get("id")
    show = try row.get("show_id")
    kind = try row.get("kind")
    start = try row.get("start_ms")
    until = try row.get("until_ms")
    stage = try row.get("stage")
    after = try row.get("after_id")
  }

  static func find(_ id: ID<ShowNotice>, in db: any Connection) throws -> ShowNotice? {
    try db.row("SELECT \(columns) FROM show_notice WHERE id = \(id)").map(ShowNotice.init)
  }

  /// Notes what is to be told, in the transaction in which it becomes so. The same again changes nothing.
  private static func post(
    _ kind: Kind, of show: ID<Show>, turn: Moment?, start: Moment, due: Moment, until: Moment, at now: Moment,
    in db: any Connection
  ) throws {
    var hash = SHA256()
    hash.update(data: Data("show_notice.\(kind.rawValue).\(turn?.milliseconds ?? 0).".utf8))
    hash.update(data: show.bytes)
    try db.run(
      """
      INSERT INTO show_notice (id, show_id, kind, start_ms, due_ms, until_ms, stage, after_id, made_ms)
      VALUES (\(Array(hash.finalize().prefix(16))), \(show), \(kind), \(start), \(due), \(until), \(Stage.reminders),
        \([UInt8]()), \(now))
      ON CONFLICT (id) DO NOTHING
      """)
  }

  /// Once for each start that a show has.
  static func soon(_ show: Show, at now: Moment, in db: any Connection) throws {
    try post(
      .soon, of: show.id, turn: show.scheduledAt, start: show.scheduledAt, due: now, until: show.scheduledAt, at: now,
      in: db)
  }

  /// A show goes on air once. After half an hour nobody is told any more.
  static func live(_ show: Show, at now: Moment, in db: any Connection) throws {
    try post(
      .live, of: show.id, turn: nil, start: show.scheduledAt, due: now, until: now.adding(seconds: 1800), at: now,
      in: db)
  }

  /// A minute later, so that a host who looks for the right time is heard once; what was to be told before it is not.
  static func moved(_ show: ID<Show>, to start: Moment, at now: Moment, in db: any Connection) throws {
    try db.run(
      """
      DELETE FROM show_notice
      WHERE show_id = \(show) AND kind = 'moved' AND stage = 'reminders' AND after_id = \([UInt8]())
      """)
    guard start > now else { return }
    try post(
      .moved, of: show, turn: now, start: start, due: now.adding(seconds: 60), until: start, at: now, in: db)
  }

  static func calledOff(_ show: Show, at now: Moment, in db: any Connection) throws {
    try post(
      .calledOff, of: show.id, turn: nil, start: show.scheduledAt, due: now, until: now.adding(seconds: 86_400),
      at: now, in: db)
  }

  /// Whether it is still so.
  func holds(of show: Show, at now: Moment) -> Bool {
    guard now < until else { return false }
    return switch kind {
    case .soon: show.state == .scheduled && show.scheduledAt == start
    case .moved: show.state == .scheduled && show.scheduledAt == start
    case .live: show.state == .live
    case .calledOff: show.calledOff != nil
    }
  }
}

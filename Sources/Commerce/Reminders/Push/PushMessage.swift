import Crypto
import Foundation
public import Store

/// Something of a show that is told in a browser, queued in the transaction of what it tells of.
public struct PushMessage: Sendable {
  public enum Kind: String, Sendable, ValueConvertible {
    case soon, live, moved
    case calledOff = "called_off"
  }

  public let id: ID<PushMessage>
  public let kind: Kind
  public let recipient: Recipient
  public let subscription: PushSubscription
  /// As it is now.
  public let show: Show
  /// From then on it is of no use.
  public let expires: Moment
  /// How often it was taken to be sent.
  public let attempts: Int64
}

extension PushMessage {
  /// The same of the same turn again changes nothing.
  static func queue(
    _ kind: ShowNotice.Kind, of show: Show, to recipient: Recipient, turn: String, until: Moment, at now: Moment,
    in db: any Connection
  ) throws {
    var hash = SHA256()
    hash.update(data: Data("push.\(kind.rawValue).\(turn).".utf8))
    hash.update(data: show.id.bytes + recipient.id.bytes)
    try db.run(
      """
      INSERT INTO push_message (id, recipient_id, show_id, kind, state, attempts, next_ms, expires_ms, trouble, made_ms)
      VALUES (\(Array(hash.finalize().prefix(16))), \(recipient.id), \(show.id), \(kind), 'waiting', 0, \(now),
        \(until), '', \(now))
      ON CONFLICT (id) DO NOTHING
      """)
  }
}

extension Commerce {
  /// Takes at most `limit` messages that are due, for its caller alone to send; a caller that dies with them leaves them
  /// to be taken again after five minutes. One that is of no use any more, or was taken `Policy.pushAttemptsMax` times, is
  /// given up.
  public func takePushes(limit: Int = 20) async throws -> [PushMessage] {
    guard switches.isOn(.push) else { return [] }
    let now = clock.now
    let isDue = try await database.read { db in
      try db.row("SELECT 1 FROM push_message WHERE state = 'waiting' AND next_ms <= \(now) LIMIT 1") != nil
    }
    guard isDue else { return [] }
    return try await database.write { [policy] db in
      try db.run(
        """
        UPDATE push_message SET state = 'failed', trouble = CASE WHEN expires_ms <= \(now) THEN 'late' ELSE trouble END
        WHERE state = 'waiting' AND next_ms <= \(now)
          AND (expires_ms <= \(now) OR attempts >= \(policy.pushAttemptsMax))
        """)
      let ids = try db.rows(
        "SELECT id FROM push_message WHERE state = 'waiting' AND next_ms <= \(now) ORDER BY next_ms, id LIMIT \(limit)"
      ).map { try $0.get("id", as: ID<PushMessage>.self) }
      guard !ids.isEmpty else { return [] }
      try db.run(
        """
        UPDATE push_message SET attempts = attempts + 1, next_ms = \(now.adding(seconds: 300)) WHERE id IN \(list: ids)
        """)
      let rows = try db.rows(
        """
        SELECT push_message.id AS id, push_message.show_id AS show_id, push_message.kind AS kind,
          push_message.attempts AS attempts, push_message.expires_ms AS expires_ms, \(Recipient.columns)
        FROM push_message JOIN recipient ON recipient.id = push_message.recipient_id
        WHERE push_message.id IN \(list: ids) ORDER BY push_message.made_ms, push_message.id
        """)
      let subjects = try Set(rows.map { try $0.get("show_id", as: ID<Show>.self) })
      guard !subjects.isEmpty else { return [] }
      let shows = try Show.read(
        db.rows("SELECT \(Show.columns) FROM \(Show.source) WHERE show.id IN \(list: subjects.sorted())"), in: db)
      let known = Dictionary(uniqueKeysWithValues: shows.map { ($0.id, $0) })
      return try rows.compactMap { row in
        let recipient = try Recipient(row: row)
        guard let show = try known[row.get("show_id")], let subscription = recipient.subscription else { return nil }
        return PushMessage(
          id: try row.get("id"), kind: try row.get("kind"), recipient: recipient, subscription: subscription,
          show: show, expires: try row.get("expires_ms"), attempts: try row.get("attempts"))
      }
    }
  }

  /// Notes that the push service has it.
  public func pushSent(_ message: PushMessage) async throws {
    try await database.write { db in
      _ = try db.run("UPDATE push_message SET state = 'sent', trouble = '' WHERE id = \(message.id)")
    }
  }

  /// The push service knows the browser no more (RFC 8030 §7.3): it is forgotten with all it was to be reminded of.
  public func pushGone(_ message: PushMessage) async throws {
    try await database.write { db in try message.recipient.forget(in: db) }
  }

  /// Notes that it could not be sent. It is tried again after half a minute, then after twice as long each time, up to an
  /// hour, or when the push service says, unless `isFinal`.
  ///
  /// - Parameters:
  ///   - trouble: a word for what went wrong, of at most 40 characters.
  ///   - seconds: when the push service wants it again; more than an hour is an hour.
  public func pushFailed(
    _ message: PushMessage, _ trouble: String, after seconds: Int64? = nil, isFinal: Bool = false
  ) async throws {
    let doubled = min(Int64(30) << min(max(message.attempts - 1, 0), 10), 3_600)
    let next = clock.now.adding(seconds: min(max(seconds ?? doubled, doubled), 3_600))
    let isOver = isFinal || message.attempts >= policy.pushAttemptsMax || next >= message.expires
    try await database.write { db in
      // Only the attempt that holds it: another may have taken it since.
      _ = try db.run(
        """
        UPDATE push_message SET state = \(isOver ? "failed" : "waiting"), next_ms = \(next),
          trouble = \(String(trouble.prefix(40)))
        WHERE id = \(message.id) AND state = 'waiting' AND attempts = \(message.attempts)
        """)
    }
  }

  /// Deletes messages that were queued more than a week ago; gives how many.
  public func forgetPushes() async throws -> Int {
    let before = clock.now.adding(seconds: -7 * 86_400)
    return try await database.write { db in
      try db.run(
        """
        DELETE FROM push_message WHERE id IN (
          SELECT id FROM push_message WHERE made_ms < \(before) ORDER BY made_ms, id LIMIT 1000)
        """)
    }
  }
}

import Crypto
import Foundation
public import Store

/// A message to the buyer of an order about one thing that happened to it. Its text is made when it is sent.
public struct Mail: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    /// The payment arrived: the order's confirmation.
    case paid
    /// A parcel is on its way.
    case sent
    /// Everything has arrived.
    case delivered
    /// Money went back.
    case refunded
  }

  public enum State: String, Sendable { case waiting, sent, failed }

  public let id: ID<Mail>
  public let kind: Kind
  public let order: ID<Order>
  /// The bytes of the id of what it tells of: the order, the shipment or the refund.
  let cause: [UInt8]
  public let recipient: String
  /// The order's language.
  public let language: String
  public let state: State
  /// How often it was taken to be sent.
  public let attempts: Int64
  public let made: Moment
  public let sent: Moment?
  /// Why the last attempt failed; empty when none did.
  public let failure: String
}

extension Mail.Kind: ValueConvertible {}
extension Mail.State: ValueConvertible {}

extension Mail {
  /// Queues one, in the transaction of what it tells of. The same event again changes nothing.
  static func queue<Cause>(
    _ kind: Kind, of order: Order, because cause: ID<Cause>, at now: Moment, in db: any Connection
  ) throws {
    let mail = try id(kind, because: cause.bytes)
    try db.run(
      """
      INSERT INTO mail (id, kind, order_id, channel_id, cause_id, recipient, language, state, attempts, next_ms,
        failure, made_ms, sent_ms)
      VALUES (\(mail), \(kind), \(order.id), \(order.channel), \(cause.bytes),
        \(order.buyer.email), \(order.language), \(State.waiting), 0, \(now), '', \(now), NULL)
      ON CONFLICT (id) DO NOTHING
      """)
  }

  /// The same for the same event, whoever asks: the first 16 bytes of a SHA-256.
  static func id(_ kind: Kind, because cause: [UInt8]) throws -> ID<Mail> {
    var hash = SHA256()
    hash.update(data: Data("mail.\(kind.rawValue).".utf8))
    hash.update(data: cause)
    return try ID(sqlValue: .blob(Array(hash.finalize().prefix(16))))
  }

  static let columns: SQL = """
    id, kind, order_id, cause_id, recipient, language, state, attempts, failure, made_ms, sent_ms
    """

  init(row: Row) throws {
    id = try row.get("id")
    kind = try row.get("kind")
    order = try row.get("order_id")
    cause = try row.get("cause_id")
    recipient = try row.get("recipient")
    language = try row.get("language")
    state = try row.get("state")
    attempts = try row.get("attempts")
    failure = try row.get("failure")
    made = try row.get("made_ms")
    sent = try row.get("sent_ms")
  }
}

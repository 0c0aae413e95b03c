import Crypto
import Foundation
public import Store

/// A message to the buyer of an order about one thing that happened to it, or to those who sell, create or bring buyers
/// about their money and what was decided of them. Its text is made when it is sent.
public struct Mail: Sendable, Equatable {
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// The payment arrived: the order's confirmation.
    case paid
    /// A parcel is on its way.
    case sent
    /// Everything has arrived.
    case delivered
    /// Money went back.
    case refunded
    /// Somebody won an auction and their card was not charged: they may pay themselves.
    case auction
    /// Something was decided about a channel.
    case admission
    /// Some or all of it will not be sent.
    case cancelled
    /// It is not cancelled: the seller said no, or sent it first.
    case requestRefused = "request_refused"
    /// Goods may be sent back; or not; or have come.
    case returnApproved = "return_approved"
    case returnRefused = "return_refused"
    case returnReceived = "return_received"
    /// A guest is asked to confirm that they want to be told.
    case waitlistConfirm = "waitlist_confirm"
    /// A unit is held for whoever waited for it.
    case waitlistOffer = "waitlist_offer"
    /// The goods of a preorder are there, and its balance can be paid.
    case preorderReady = "preorder_ready"
    /// The balance is due in a day.
    case preorderReminder = "preorder_reminder"
    /// They come later than was said.
    case preorderMoved = "preorder_moved"
    /// It is over, and its deposit is on its way back.
    case preorderEnded = "preorder_ended"
    /// To those who sell: a buyer asks to cancel, or to send something back.
    case request
    /// To a channel's owners, or a partner's people: money is on its way to them.
    case payout
    /// It could not be paid, all or some of it.
    case payoutReturned = "payout_returned"
    /// What a month came to.
    case statement
    /// To a partner's people: the operator suspended them, took them back, or ended it.
    case partnership
    /// To a partner's people: what part of the commission is theirs from a moment on.
    case partnerTerms = "partner_terms"
    /// Whoever reads it is asked whether they want to be reminded of a show; or told when a channel they follow is on air.
    case reminderConfirm = "reminder_confirm"
    case followConfirm = "follow_confirm"
    /// A show begins in a while; is on air; at another time; or not at all.
    case reminderSoon = "reminder_soon"
    case reminderLive = "reminder_live"
    case reminderMoved = "reminder_moved"
    case reminderCalledOff = "reminder_called_off"
  }

  public enum State: String, Sendable { case waiting, sent, failed }

  /// How it left.
  public enum Way: String, Sendable, CaseIterable {
    /// A mail server has it.
    case smtp
    /// As a file in the data directory.
    case file
  }

  /// How it stands, in the words of those who look after it.
  public enum Progress: String, Sendable, Codable, CaseIterable {
    case queued, sent, written, failed
  }

  public let id: ID<Mail>
  public let kind: Kind
  /// Nil for what is about a channel or a partner.
  public let order: ID<Order>?
  /// Nil for what is about a partner, which is then set.
  public let channel: ID<Channel>?
  public let partner: ID<Partner>?
  /// The bytes of the id of what it tells of: the order, the shipment, the refund, the cancellation, the return, the
  /// decision, the wish, the payout, the terms, the show or the channel; as UTF-8, of a statement its month, `2026-11`, and of a partnership
  /// what it became and when, `suspended 1795853700000`.
  let cause: [UInt8]
  public let recipient: String
  /// To whom it goes, of what a viewer asked to be told.
  let reminded: ID<Recipient>?
  /// The order's, the channel's or the partner's.
  public let language: String
  public let state: State
  /// How often it was taken to be sent.
  public let attempts: Int64
  /// How many of these were made before it was asked for again.
  let attemptsBefore: Int64
  /// How often it was asked for again.
  public let repeats: Int64
  /// Somebody is sending it this moment, or died at it.
  let isTaken: Bool
  public let made: Moment
  /// When it left the last time, and how.
  public let sent: Moment?
  public let way: Way?
  /// A word for what went wrong with the last attempt; empty when nothing did.
  public let trouble: String
  /// What the server said to that; may be empty.
  public let failure: String

  public var progress: Progress {
    switch state {
    case .waiting: .queued
    case .sent: way == .smtp ? .sent : .written
    case .failed: .failed
    }
  }

  /// The same for every attempt, so that whoever gets two of them knows them for one; another each time it is asked for
  /// again, or nobody would see that one.
  public var messageID: String { repeats == 0 ? "\(id)" : "\(id).\(repeats)" }
}

extension Mail.Kind: ValueConvertible {}
extension Mail.State: ValueConvertible {}
extension Mail.Way: ValueConvertible {}

extension Mail {
  /// Queues one, in the transaction of what it tells of. The same event again changes nothing, unless it is said to be
  /// another one of the same cause.
  static func queue<Cause>(
    _ kind: Kind, of order: Order, because cause: ID<Cause>, again: Bool = false, at now: Moment,
    in db: any Connection
  ) throws {
    let mail = try id(kind, because: cause.bytes + (again ? [1] : []))
    try db.run(
      """
      INSERT INTO mail (id, kind, order_id, channel_id, cause_id, recipient, language, state, attempts, next_ms,
        failure, made_ms, sent_ms)
      VALUES (\(mail), \(kind), \(order.id), \(order.channel), \(cause.bytes),
        \(order.buyer.email), \(order.language), \(State.waiting), 0, \(now), '', \(now), NULL)
      ON CONFLICT (id) DO NOTHING
      """)
  }

  /// The same about a cause that has several, one for each `turn`.
  static func queue(
    _ kind: Kind, of order: Order, because cause: ID<Order>, turn: Moment, at now: Moment, in db: any Connection
  ) throws {
    let mail = try id(kind, because: cause.bytes + Array("\(turn.milliseconds)".utf8))
    try db.run(
      """
      INSERT INTO mail (id, kind, order_id, channel_id, cause_id, recipient, language, state, attempts, next_ms,
        failure, made_ms, sent_ms)
      VALUES (\(mail), \(kind), \(order.id), \(order.channel), \(cause.bytes),
        \(order.buyer.email), \(order.language), \(State.waiting), 0, \(now), '', \(now), NULL)
      ON CONFLICT (id) DO NOTHING
      """)
  }

  /// One about a wish: to its buyer, and none of its seller's business. Each offer has one, and each time that a guest
  /// is asked.
  static func queue(_ kind: Kind, of wish: Wish, at now: Moment, in db: any Connection) throws {
    let times = kind == .waitlistOffer ? wish.offers : wish.asked
    let mail = try id(kind, because: wish.id.bytes + [UInt8(truncatingIfNeeded: times)])
    try db.run(
      """
      INSERT INTO mail (id, kind, order_id, channel_id, cause_id, recipient, language, state, attempts, next_ms,
        failure, made_ms, sent_ms)
      VALUES (\(mail), \(kind), NULL, \(wish.channel), \(wish.id.bytes), \(wish.email), \(wish.language),
        \(State.waiting), 0, \(now), '', \(now), NULL)
      ON CONFLICT (id) DO NOTHING
      """)
  }

  /// One about a show, to somebody who wants to be reminded of it; or, when a `turn` is over, the next one.
  ///
  /// - Parameter until: from then on it is of no use, and not sent any more.
  static func queue(
    _ kind: Kind, of show: Show, to recipient: Recipient, turn: String = "", until: Moment, at now: Moment,
    in db: any Connection
  ) throws {
    let cause = show.id.bytes + recipient.id.bytes + Array(turn.utf8)
    try queue(kind, because: cause, show.id.bytes, show.channel, to: recipient, until: until, at: now, in: db)
  }

  /// One about a channel, to an account that wants to be told of it.
  static func queue(
    _ kind: Kind, of channel: Channel, to recipient: Recipient, at now: Moment, in db: any Connection
  ) throws {
    try queue(
      kind, because: channel.id.bytes + recipient.id.bytes + Array("\(now.milliseconds)".utf8), channel.id.bytes,
      channel.id, to: recipient, until: now.adding(seconds: 7 * 86_400), at: now, in: db)
  }

  private static func queue(
    _ kind: Kind, because cause: [UInt8], _ subject: [UInt8], _ channel: ID<Channel>, to recipient: Recipient,
    until: Moment, at now: Moment, in db: any Connection
  ) throws {
    try db.run(
      """
      INSERT INTO mail (id, kind, order_id, channel_id, cause_id, recipient, language, state, attempts, next_ms,
        failure, made_ms, sent_ms, recipient_id, expires_ms)
      VALUES (\(try id(kind, because: cause)), \(kind), NULL, \(channel), \(subject), \(recipient.email),
        \(recipient.language), \(State.waiting), 0, \(now), '', \(now), NULL, \(recipient.id), \(until))
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
    id, kind, order_id, channel_id, partner_id, cause_id, recipient, language, state, attempts, attempts_before, repeats,
    is_taken, way, trouble, failure, made_ms, sent_ms, recipient_id
    """

  static func find(_ id: ID<Mail>, in db: any Connection) throws -> Mail? {
    try db.row("SELECT \(columns) FROM mail WHERE id = \(id)").map(Mail.init)
  }

  init(row: Row) throws {
    id = try row.get("id")
    kind = try row.get("kind")
    order = try row.get("order_id")
    channel = try row.get("channel_id")
    partner = try row.get("partner_id")
    cause = try row.get("cause_id")
    recipient = try row.get("recipient")
    reminded = try row.get("recipient_id")
    language = try row.get("language")
    state = try row.get("state")
    attempts = try row.get("attempts")
    attemptsBefore = try row.get("attempts_before")
    repeats = try row.get("repeats")
    isTaken = try row.get("is_taken")
    way = try row.get("way")
    trouble = try row.get("trouble")
    failure = try row.get("failure")
    made = try row.get("made_ms")
    sent = try row.get("sent_ms")
  }
}

import Foundation
public import Store

/// An address at which a program of a seller or partner is told what happened, signed as Standard Webhooks has it.
public struct Webhook: Sendable, Equatable {
  public enum State: String, Sendable, Codable, CaseIterable, ValueConvertible {
    case on, off
    /// Nothing was taken for `Policy.webhookBrokenDays`, or it said that it is gone: nothing is queued until it is turned on.
    case broken
    case removed
  }

  public let id: ID<Webhook>
  public let owner: Payee
  public let url: String
  public let kinds: [WebhookKind]
  public let state: State
  /// Since when nothing was taken; nil while all is well.
  public let failing: Moment?
  /// What was not queued because `waitingMax` were waiting.
  public let dropped: Int64
  public let made: Moment

  /// What may wait for one that takes nothing; of more it is not told.
  static let waitingMax: Int64 = 10_000

  /// Of an address: its scheme, host and path are told, and a password has no place in it.
  static let urlBytesMax = 1_000

  static let columns: SQL = "id, owner, url, kinds, state, failing_ms, dropped, created_ms"

  init(row: Row) throws {
    id = try row.get("id")
    owner = try row.get("owner")
    url = try row.get("url")
    kinds = try TextList.list(of: row.get("kinds")).compactMap(WebhookKind.init(rawValue:))
    state = try row.get("state")
    failing = try row.get("failing_ms")
    dropped = try row.get("dropped")
    made = try row.get("created_ms")
  }

  static func find(_ id: ID<Webhook>, in db: any Connection) throws -> Webhook? {
    try db.row("SELECT \(columns) FROM webhook WHERE id = \(id) AND state <> 'removed'").map(Webhook.init)
  }

  /// Those of an owner, the first made first; at most `Policy.webhooksPerOwnerMax`.
  static func all(of owner: Payee, in db: any Connection) throws -> [Webhook] {
    try db.rows(
      "SELECT \(columns) FROM webhook WHERE owner = \(owner) AND state <> 'removed' ORDER BY created_ms, id"
    ).map(Webhook.init)
  }

  /// For the channel's owners, or the partner's people. Throws `GeneralRefusal`.
  static func require(_ id: ID<Webhook>, by caller: Caller, in db: any Connection) throws -> Webhook {
    guard let webhook = try find(id, in: db) else {
      _ = try caller.partner == nil ? caller.requireAccount() : nil
      throw GeneralRefusal.notFound("webhook")
    }
    if case .channel(let channel) = webhook.owner {
      try Membership.require(.everything, of: channel, by: caller, "webhook", in: db)
    } else {
      try webhook.owner.require(caller, in: db)
    }
    return webhook
  }

  /// An https address with a host and without a user; http for who may reach private addresses. Nil for anything else.
  static func readURL(_ text: String, mayBePlain: Bool) -> String? {
    guard (1...urlBytesMax).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
      let parts = URLComponents(string: text),
      parts.scheme?.lowercased() == "https" || (mayBePlain && parts.scheme?.lowercased() == "http"),
      parts.user == nil, parts.password == nil, parts.fragment == nil,
      parts.port.map({ (1...65_535).contains($0) }) ?? true, let host = parts.host, !host.isEmpty
    else { return nil }
    return text
  }
}

/// What a program can be told of.
public enum WebhookKind: String, Sendable, Codable, CaseIterable {
  /// The payment of an order has come.
  case orderPaid = "order.paid"
  /// A parcel of it is on its way; all of it has arrived.
  case orderShipped = "order.shipped"
  case orderDelivered = "order.delivered"
  /// Money went back to its buyer.
  case orderRefunded = "order.refunded"
  case showStarted = "show.started"
  case showEnded = "show.ended"
  /// Money is on its way to the owner.
  case payoutMade = "payout.made"
  /// Sent when it is asked for, whatever else was chosen.
  case test

  /// What can be chosen.
  public static let choosable = allCases.filter { $0 != .test }
}

/// One thing that a program is told, signed and tried again until it is taken.
public struct WebhookMessage: Sendable, Equatable {
  public enum State: String, Sendable, Codable, ValueConvertible { case waiting, sent, failed }

  public let id: ID<WebhookMessage>
  public let webhook: ID<Webhook>
  /// As its kind's `rawValue`.
  public let kind: String
  public let body: String
  public let state: State
  /// How often it was taken to be sent.
  public let attempts: Int64
  let attemptsBefore: Int64
  /// When it is tried next, while it waits.
  public let next: Moment
  public let made: Moment
  public let sent: Moment?

  /// `webhook-id`: the same each time.
  public var name: String { "msg_\(id)" }

  static let columns: SQL = """
    webhook_message.id AS id, webhook_message.webhook_id AS webhook_id, webhook_message.kind AS kind,
    webhook_message.body AS body, webhook_message.state AS state, webhook_message.attempts AS attempts,
    webhook_message.attempts_before AS attempts_before, webhook_message.next_ms AS next_ms,
    webhook_message.made_ms AS made_ms, webhook_message.sent_ms AS sent_ms
    """

  init(row: Row) throws {
    id = try row.get("id")
    webhook = try row.get("webhook_id")
    kind = try row.get("kind")
    body = try row.get("body")
    state = try row.get("state")
    attempts = try row.get("attempts")
    attemptsBefore = try row.get("attempts_before")
    next = try row.get("next_ms")
    made = try row.get("made_ms")
    sent = try row.get("sent_ms")
  }
}

/// How one try went.
public struct WebhookAttempt: Sendable, Equatable {
  public let number: Int64
  public let at: Moment
  public let milliseconds: Int64
  /// Nil where there was no answer.
  public let status: Int64?
  /// A word for what went wrong; empty when nothing did.
  public let trouble: String

  init(row: Row) throws {
    number = try row.get("number")
    at = try row.get("at_ms")
    milliseconds = try row.get("milliseconds")
    status = try row.get("status")
    trouble = try row.get("trouble")
  }
}

extension WebhookKind: ValueConvertible {}

/// Why nothing is sent to a webhook.
public enum WebhookDeskRefusal: Refusal, Equatable {
  case off
  case address(isPrivate: Bool)
  case noKinds

  public var code: String {
    switch self {
    case .off: "webhook_off"
    case .address(let isPrivate): isPrivate ? "webhook_private" : "webhook_address"
    case .noKinds: "webhook_kinds"
    }
  }

  public var sentence: String {
    switch self {
    case .off: "This webhook is off. Turn it on first."
    case .address(isPrivate: true): "That address is within a private network, which webhooks do not reach."
    case .address(isPrivate: false):
      "A webhook needs an address that begins with https://, without a user or a password, of at most \(Webhook.urlBytesMax) characters."
    case .noKinds: "Choose at least one thing to be told of."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .off: .conflict
    case .address, .noKinds: .invalid
    }
  }

  public var field: String? {
    switch self {
    case .off: nil
    case .address: "url"
    case .noKinds: "kinds"
    }
  }
}

import Crypto
import Foundation
import Store

/// A message with all that sending it takes.
public struct WebhookDelivery: Sendable {
  public let message: WebhookMessage
  public let url: String
  /// Those that sign, the newest first, as `whsec_…`.
  let secrets: [String]
}

extension WebhookMessage {
  /// Seconds between one try and the next (Standard Webhooks, “Deliverability and reliability”): ten tries within three and
  /// a half days.
  static let pauses: [Int64] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]

  /// While one is being sent; who dies with it leaves it to be taken again then. Long enough for all that one webhook is
  /// sent at a time.
  static let leaseSeconds: Int64 = 300

  /// `webhook-signature`: HMAC-SHA256 of id, time and body, with each secret (Standard Webhooks, “Signature scheme”).
  static func signatures(name: String, seconds: Int64, body: String, secrets: [String]) -> String {
    secrets.compactMap { secret in
      Data(base64Encoded: String(secret.dropFirst(Webhook.secretPrefix.count))).map { key in
        let code = HMAC<SHA256>.authenticationCode(
          for: Data("\(name).\(seconds).\(body)".utf8), using: SymmetricKey(data: key))
        return "v1,\(Data(code).base64EncodedString())"
      }
    }.joined(separator: " ")
  }
}

extension Commerce {
  /// Takes messages that are due, of at most `webhooks` webhooks and `each` of each, the longest due first, for its caller
  /// alone to send.
  ///
  /// - Parameter busy: webhooks of which no more are wanted now: one that is slow keeps back no other.
  public func takeWebhooks(
    webhooks: Int = 8, each: Int = 16, but busy: Set<ID<Webhook>> = []
  ) async throws -> [WebhookDelivery] {
    let now = clock.now
    let isDue = try await database.read { db in
      try db.row("SELECT 1 FROM webhook_message WHERE state = 'waiting' AND next_ms <= \(now) LIMIT 1") != nil
    }
    guard isDue else { return [] }
    return try await database.write { [vault] db in
      let others: SQL = busy.isEmpty ? "" : "AND webhook.id NOT IN \(list: busy.sorted())"
      let rows = try db.rows(
        """
        SELECT webhook.id AS id, webhook.url AS url, webhook.secret AS secret, webhook.old_secret AS old_secret,
          webhook.old_until_ms AS old_until_ms,
          (SELECT MIN(next_ms) FROM webhook_message
            WHERE webhook_message.webhook_id = webhook.id AND webhook_message.state = 'waiting') AS first_ms
        FROM webhook WHERE webhook.state = 'on' \(others)
          AND EXISTS (SELECT 1 FROM webhook_message WHERE webhook_message.webhook_id = webhook.id
            AND webhook_message.state = 'waiting' AND webhook_message.next_ms <= \(now))
        ORDER BY first_ms, webhook.id LIMIT \(webhooks)
        """)
      var deliveries: [WebhookDelivery] = []
      for row in rows {
        let id: ID<Webhook> = try row.get("id")
        let ids = try db.rows(
          """
          SELECT id FROM webhook_message WHERE webhook_id = \(id) AND state = 'waiting' AND next_ms <= \(now)
          ORDER BY next_ms, id LIMIT \(each)
          """
        ).map { try $0.get("id", as: ID<WebhookMessage>.self) }
        try db.run(
          """
          UPDATE webhook_message SET attempts = attempts + 1,
            next_ms = \(now.adding(seconds: WebhookMessage.leaseSeconds))
          WHERE id IN \(list: ids)
          """)
        let isOldGood = try row.get("old_until_ms", as: Moment?.self).map { $0 > now } ?? false
        let sealed =
          [try row.get("secret", as: [UInt8].self)]
          + [try row.get("old_secret", as: [UInt8]?.self)].compactMap { isOldGood ? $0 : nil }
        let secrets = sealed.compactMap { vault.open($0, for: Webhook.sealName(id)) }
        let messages = try db.rows(
          "SELECT \(WebhookMessage.columns) FROM webhook_message WHERE id IN \(list: ids) ORDER BY made_ms, id")
        for message in messages {
          deliveries.append(
            WebhookDelivery(message: try WebhookMessage(row: message), url: try row.get("url"), secrets: secrets))
        }
      }
      return deliveries
    }
  }

  /// What is sent. Nil when no secret can be opened any more: what is not signed must not be sent.
  public func call(for delivery: WebhookDelivery) -> OutgoingCall? {
    guard !delivery.secrets.isEmpty else { return nil }
    let (message, seconds) = (delivery.message, clock.now.milliseconds / 1000)
    return OutgoingCall(
      .post, delivery.url,
      headers: [
        ("Content-Type", "application/json"), ("User-Agent", "Haat-Webhooks/1"), ("webhook-id", message.name),
        ("webhook-timestamp", "\(seconds)"),
        (
          "webhook-signature",
          WebhookMessage.signatures(
            name: message.name, seconds: seconds, body: message.body, secrets: delivery.secrets)
        ),
      ], body: Array(message.body.utf8))
  }

  /// Notes that it was taken, after so many milliseconds.
  public func webhookTaken(_ message: WebhookMessage, status: Int64, milliseconds: Int64) async throws {
    let now = clock.now
    try await database.write { db in
      try note(message, status: status, trouble: "", milliseconds, at: now, in: db)
      try db.run(
        """
        UPDATE webhook_message SET state = 'sent', sent_ms = \(now) WHERE id = \(message.id) AND state <> 'sent'
        """)
      try db.run("UPDATE webhook SET failing_ms = NULL WHERE id = \(message.webhook) AND failing_ms IS NOT NULL")
    }
  }

  /// Notes that it was not. It is tried again after the next of `WebhookMessage.pauses`, and given up after the last.
  ///
  /// - Parameters:
  ///   - trouble: a word for what went wrong, of at most 40 characters.
  ///   - seconds: when the receiver wants it again at the earliest; at most a day.
  ///   - isGone: the receiver wants nothing any more: the webhook is turned off.
  public func webhookFailed(
    _ message: WebhookMessage, status: Int64?, trouble: String, milliseconds: Int64, after seconds: Int64? = nil,
    isGone: Bool = false
  ) async throws {
    let now = clock.now
    let place = Int(clamping: message.attempts - message.attemptsBefore - 1)
    let pause = WebhookMessage.pauses.indices.contains(place) ? WebhookMessage.pauses[place] : nil
    let next = now.adding(seconds: max(pause ?? 0, min(max(seconds ?? 0, 0), 86_400)))
    try await database.write { [policy] db in
      try note(message, status: status, trouble: trouble, milliseconds, at: now, in: db)
      // One that was turned off meanwhile is not due before it is turned on.
      let isOn = try Webhook.find(message.webhook, in: db)?.state == .on
      // Only the attempt that holds it: another may have taken it since.
      try db.run(
        """
        UPDATE webhook_message SET state = \(pause == nil ? WebhookMessage.State.failed : .waiting), next_ms = \(isOn ? next : .never)
        WHERE id = \(message.id) AND state = 'waiting' AND attempts = \(message.attempts)
        """)
      try db.run(
        """
        UPDATE webhook SET failing_ms = \(now) WHERE id = \(message.webhook) AND failing_ms IS NULL AND state = 'on'
        """)
      guard let webhook = try Webhook.find(message.webhook, in: db), webhook.state == .on else { return }
      let isBroken = webhook.failing.map { now >= $0.adding(seconds: policy.webhookBrokenDays * 86_400) } ?? false
      if isGone || isBroken { try Webhook.stop(webhook.id, as: .broken, in: db) }
    }
  }

  private func note(
    _ message: WebhookMessage, status: Int64?, trouble: String, _ milliseconds: Int64, at now: Moment,
    in db: any Connection
  ) throws {
    try db.run(
      """
      INSERT INTO webhook_attempt (message_id, number, at_ms, milliseconds, status, trouble)
      VALUES (\(message.id), \(message.attempts), \(now), \(max(0, milliseconds)), \(status.sqlValue),
        \(String(trouble.prefix(40))))
      ON CONFLICT (message_id, number) DO NOTHING
      """)
  }

  /// Sends one that says nothing but that it is one.
  public func testWebhook(_ id: ID<Webhook>, by caller: Caller) async throws -> WebhookMessage {
    let cause = makeID(WebhookMessage.self)
    return try await database.write { db in
      let webhook = try Webhook.require(id, by: caller, in: db)
      guard webhook.state == .on else { throw WebhookDeskRefusal.off }
      let body = try WebhookMessage.body(.test, at: clock.now, TestData(webhook: id))
      guard
        let made = try WebhookMessage.insert(
          .test, to: webhook, because: cause.bytes, body, at: clock.now, in: db)
      else { throw GeneralRefusal.tooMany(what: "waiting messages of one webhook", limit: Int(Webhook.waitingMax)) }
      return try WebhookMessage.find(made, in: db)
    }
  }

  private struct TestData: Encodable { let webhook: ID<Webhook> }

  /// Sends one again, at once, whether or not it was taken before.
  public func sendWebhookAgain(_ id: ID<WebhookMessage>, by caller: Caller) async throws -> WebhookMessage {
    try await database.write { db in
      let message = try WebhookMessage.find(id, in: db)
      guard try Webhook.require(message.webhook, by: caller, in: db).state == .on else { throw WebhookDeskRefusal.off }
      try db.run(
        """
        UPDATE webhook_message SET state = 'waiting', attempts_before = attempts, next_ms = \(clock.now)
        WHERE id = \(id)
        """)
      return try WebhookMessage.find(id, in: db)
    }
  }

  /// What a webhook was sent, and is to be sent, the latest first; for who may make it.
  public func webhookMessages(
    of webhook: ID<Webhook>, by caller: Caller, after cursor: Cursor? = nil, limit: Int = 50
  ) async throws -> Page<WebhookMessage> {
    try policy.check(limit: limit)
    return try await database.read { db in
      _ = try Webhook.require(webhook, by: caller, in: db)
      let (time, id) = (cursor?.key ?? .max, cursor?.id ?? [])
      let rows = try db.rows(
        """
        SELECT \(WebhookMessage.columns) FROM webhook_message
        WHERE webhook_id = \(webhook) AND (made_ms, id) < (\(time), \(id)) ORDER BY made_ms DESC, id DESC
        LIMIT \(limit + 1)
        """)
      return Page(try rows.map(WebhookMessage.init), limit: limit) { Cursor($0.made.milliseconds, $0.id) }
    }
  }

  /// How the tries of some of its messages went, the last first; at most 20 of each.
  public func webhookAttempts(
    of messages: [ID<WebhookMessage>], webhook: ID<Webhook>, by caller: Caller
  ) async throws -> [ID<WebhookMessage>: [WebhookAttempt]] {
    guard !messages.isEmpty else { return [:] }
    return try await database.read { db in
      _ = try Webhook.require(webhook, by: caller, in: db)
      let rows = try db.rows(
        """
        SELECT webhook_attempt.message_id AS message_id, webhook_attempt.number AS number,
          webhook_attempt.at_ms AS at_ms, webhook_attempt.milliseconds AS milliseconds,
          webhook_attempt.status AS status, webhook_attempt.trouble AS trouble
        FROM webhook_attempt JOIN webhook_message ON webhook_message.id = webhook_attempt.message_id
        WHERE webhook_attempt.message_id IN \(list: messages) AND webhook_message.webhook_id = \(webhook)
          AND webhook_attempt.number > webhook_message.attempts - 20
        ORDER BY webhook_attempt.message_id, webhook_attempt.number DESC
        """)
      return try Dictionary(grouping: rows) { try $0.get("message_id", as: ID<WebhookMessage>.self) }
        .mapValues { try $0.map(WebhookAttempt.init) }
    }
  }

  /// Deletes what was queued more than `Policy.webhookDays` ago, and what removed webhooks leave; gives how many.
  public func forgetWebhooks() async throws -> Int {
    let before = clock.now.adding(seconds: -policy.webhookDays * 86_400)
    return try await database.write { db in
      let ids = try db.rows(
        """
        SELECT id FROM webhook_message WHERE made_ms < \(before)
          OR webhook_id IN (SELECT id FROM webhook WHERE state = 'removed') ORDER BY made_ms, id LIMIT 1000
        """
      ).map { try $0.get("id", as: ID<WebhookMessage>.self) }
      guard !ids.isEmpty else {
        return try db.run(
          """
          DELETE FROM webhook WHERE state = 'removed'
            AND NOT EXISTS (SELECT 1 FROM webhook_message WHERE webhook_message.webhook_id = webhook.id)
          """)
      }
      try db.run("DELETE FROM webhook_attempt WHERE message_id IN \(list: ids)")
      return try db.run("DELETE FROM webhook_message WHERE id IN \(list: ids)")
    }
  }
}

extension WebhookMessage {
  /// Throws `GeneralRefusal.notFound`.
  static func find(_ id: ID<WebhookMessage>, in db: any Connection) throws -> WebhookMessage {
    guard let row = try db.row("SELECT \(columns) FROM webhook_message WHERE id = \(id)") else {
      throw GeneralRefusal.notFound("message")
    }
    return try WebhookMessage(row: row)
  }
}

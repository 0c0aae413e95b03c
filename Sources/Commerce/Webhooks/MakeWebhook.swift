import Foundation
import Store

/// What a webhook is made of.
public struct WebhookDraft: Sendable, Codable {
  public var url: String
  public var kinds: [WebhookKind]

  public init(url: String, kinds: [WebhookKind]) {
    self.url = url
    self.kinds = kinds
  }
}

extension Commerce {
  /// Makes a webhook; for a channel's owners, or a partner's people. The secret it is signed with is shown this once; with
  /// the same id and the same draft again, once more.
  ///
  /// - Parameter mayBePlain: whether http is taken as well, which is for a network of one's own.
  /// - Throws: `WebhookDeskRefusal`, `GeneralRefusal`, `IDTaken`.
  public func makeWebhook(
    _ id: ID<Webhook>, of owner: Payee, by caller: Caller, _ draft: WebhookDraft, mayBePlain: Bool = false
  ) async throws -> (webhook: Webhook, secret: String) {
    let fingerprint = try MadeHash.of(draft, by: caller, for: "webhook \(owner)")
    let (url, kinds) = (try Self.url(draft.url, mayBePlain), try Self.kinds(draft.kinds))
    return try await database.write { [policy, vault] db in
      let account = try owner.require(caller, in: db)
      if let row = try db.row("SELECT made_hash, secret FROM webhook WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint, let webhook = try Webhook.find(id, in: db),
          let secret = vault.open(try row.get("secret"), for: Webhook.sealName(id))
        else { throw IDTaken(what: "webhook") }
        return (webhook, secret)
      }
      try policy.checkNew(id, at: clock.now)
      guard try Webhook.all(of: owner, in: db).count < policy.webhooksPerOwnerMax else {
        throw GeneralRefusal.tooMany(what: "webhooks", limit: policy.webhooksPerOwnerMax)
      }
      let secret = Webhook.makeSecret(entropy)
      try db.run(
        """
        INSERT INTO webhook (id, owner, url, kinds, secret, old_secret, old_until_ms, state, failing_ms, dropped,
          account_id, made_hash, created_ms)
        VALUES (\(id), \(owner), \(url), \(kinds), \(try vault.seal(secret, for: Webhook.sealName(id))), NULL, NULL,
          \(Webhook.State.on), NULL, 0, \(account), \(fingerprint), \(clock.now))
        """)
      guard let webhook = try Webhook.find(id, in: db) else { throw MissingRow() }
      return (webhook, secret)
    }
  }

  /// Gives it another address or other kinds, turns it on or off. What is nil stays. Turned on, what waited goes on.
  public func changeWebhook(
    _ id: ID<Webhook>, by caller: Caller, url: String? = nil, kinds: [WebhookKind]? = nil, isOn: Bool? = nil,
    mayBePlain: Bool = false
  ) async throws -> Webhook {
    let url = try url.map { try Self.url($0, mayBePlain) }
    let kinds = try kinds.map(Self.kinds)
    return try await database.write { db in
      let webhook = try Webhook.require(id, by: caller, in: db)
      try db.run(
        """
        UPDATE webhook SET url = COALESCE(\(url.sqlValue), url), kinds = COALESCE(\(kinds.sqlValue), kinds)
        WHERE id = \(id)
        """)
      if let isOn, isOn != (webhook.state == .on) {
        if isOn {
          try db.run("UPDATE webhook SET state = \(Webhook.State.on), failing_ms = NULL, dropped = 0 WHERE id = \(id)")
          try db.run(
            "UPDATE webhook_message SET next_ms = \(clock.now) WHERE webhook_id = \(id) AND state = 'waiting'")
        } else {
          try Webhook.stop(id, as: .off, in: db)
        }
      }
      guard let changed = try Webhook.find(id, in: db) else { throw MissingRow() }
      return changed
    }
  }

  /// Gives it another secret, which is shown this once. For a day the old one signs too.
  public func renewWebhookSecret(_ id: ID<Webhook>, by caller: Caller) async throws -> String {
    let secret = Webhook.makeSecret(entropy)
    let sealed = try vault.seal(secret, for: Webhook.sealName(id))
    return try await database.write { db in
      _ = try Webhook.require(id, by: caller, in: db)
      try db.run(
        """
        UPDATE webhook SET old_secret = secret, old_until_ms = \(clock.now.adding(seconds: 86_400)), secret = \(sealed)
        WHERE id = \(id)
        """)
      return secret
    }
  }

  /// Takes it away, with what waits for it and what was sent.
  public func removeWebhook(_ id: ID<Webhook>, by caller: Caller) async throws {
    try await database.write { db in
      _ = try Webhook.require(id, by: caller, in: db)
      try Webhook.stop(id, as: .removed, in: db)
    }
  }

  /// An owner's webhooks, the first made first, at most `Policy.webhooksPerOwnerMax`; for who may make them.
  public func webhooks(of owner: Payee, by caller: Caller) async throws -> [Webhook] {
    try await database.read { db in
      try owner.require(caller, in: db)
      return try Webhook.all(of: owner, in: db)
    }
  }

  public func webhook(_ id: ID<Webhook>, by caller: Caller) async throws -> Webhook {
    try await database.read { db in try Webhook.require(id, by: caller, in: db) }
  }

  private static func url(_ text: String, _ mayBePlain: Bool) throws -> String {
    guard let url = Webhook.readURL(text, mayBePlain: mayBePlain) else {
      throw WebhookDeskRefusal.address(isPrivate: false)
    }
    return url
  }

  private static func kinds(_ kinds: [WebhookKind]) throws -> String {
    let chosen = WebhookKind.choosable.filter(kinds.contains)
    guard !chosen.isEmpty else { throw WebhookDeskRefusal.noKinds }
    return try TextList.text(of: chosen.map(\.rawValue))
  }
}

extension Webhook {
  /// What waits for it is not due before it is turned on again.
  static func stop(_ id: ID<Webhook>, as state: State, in db: any Connection) throws {
    try db.run("UPDATE webhook SET state = \(state) WHERE id = \(id)")
    try db.run("UPDATE webhook_message SET next_ms = \(Moment.never) WHERE webhook_id = \(id) AND state = 'waiting'")
  }

  /// As Standard Webhooks writes them: 24 random bytes, in base64.
  fileprivate static func makeSecret(_ entropy: Entropy) -> String {
    secretPrefix + Data(entropy.bytes(24)).base64EncodedString()
  }

  static let secretPrefix = "whsec_"

  static func sealName(_ id: ID<Webhook>) -> String { "webhook \(id)" }
}

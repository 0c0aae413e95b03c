import Store

extension Commerce {
  /// Takes what a provider tells. Its signature and age are checked, it is stored in the transaction of its effect, and
  /// acted on once, in whatever order events come.
  ///
  /// Throws `WebhookRefusal` for what is not from the provider or too old, and `GeneralRefusal.notFound` for a provider
  /// we do not have. Any outcome is to be answered with success.
  public func receivedWebhook(_ providerName: String, headers: [String: String], body: [UInt8]) async throws
    -> WebhookOutcome
  {
    guard let provider = providers[providerName] else { throw GeneralRefusal.notFound("payment provider") }
    guard body.count <= policy.webhookBytesMax else { throw WebhookRefusal.tooLarge }
    let event = try provider.event(headers: headers, body: body, now: clock.now)
    let (outcome, refund) = try await writeAndTell { db -> (WebhookOutcome, ID<Refund>?) in
      let isNew = try db.run(
        """
        INSERT INTO provider_event (provider, event_id, kind, body, received_ms)
        VALUES (\(provider.name), \(event.id), \(event.kind), \(body), \(clock.now))
        ON CONFLICT (provider, event_id) DO NOTHING
        """)
      guard isNew == 1 else { return (.repeated, nil) }
      guard let payment = event.payment, let recorded = try self.record(payment, from: provider.name, in: db) else {
        return (.ignored, nil)
      }
      return (.acted, recorded.strayRefund)
    }
    if let refund { await tryRefund(refund) }
    return outcome
  }
}

extension Commerce {
  /// Forgets the webhooks received longer than `Policy.providerEventDays` ago, in batches of 1 000, each a transaction
  /// of its own; gives how many.
  @discardableResult
  public func forgetOldProviderEvents() async throws -> Int {
    let before = clock.now.adding(seconds: -policy.providerEventDays * 86_400)
    var forgotten = 0
    while true {
      let batch = try await database.write { db in
        try db.run(
          """
          DELETE FROM provider_event WHERE (provider, event_id) IN
            (SELECT provider, event_id FROM provider_event WHERE received_ms < \(before)
             ORDER BY received_ms LIMIT 1000)
          """)
      }
      forgotten += batch
      if batch < 1000 { return forgotten }
    }
  }
}

/// Why a webhook is not taken.
public enum WebhookRefusal: Refusal, Equatable {
  case badSignature
  case tooOld
  case unreadable
  case tooLarge

  public var code: String {
    switch self {
    case .badSignature: "bad_signature"
    case .tooOld: "bad_timestamp"
    case .unreadable: "unreadable"
    case .tooLarge: "too_large"
    }
  }

  public var sentence: String {
    switch self {
    case .badSignature: "The signature is missing or not ours."
    case .tooOld: "It was signed too long before or after now. Check both clocks."
    case .unreadable: "The body is not an event."
    case .tooLarge: "The body is too large."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .badSignature, .tooOld: .unauthenticated
    case .unreadable, .tooLarge: .invalid
    }
  }
}

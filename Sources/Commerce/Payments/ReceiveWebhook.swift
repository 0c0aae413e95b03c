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
    let news = try await news(of: event, from: provider)
    let (outcome, refunds) = try await writeAndTell { db -> (WebhookOutcome, [ID<Refund>]) in
      let isNew = try db.run(
        """
        INSERT INTO provider_event (provider, event_id, kind, body, received_ms)
        VALUES (\(provider.name), \(event.id), \(event.kind), \(body), \(clock.now))
        ON CONFLICT (provider, event_id) DO NOTHING
        """)
      guard isNew == 1 else { return (.repeated, []) }
      switch news {
      case .payment(let payment):
        guard let recorded = try self.record(payment, from: provider.name, in: db) else { return (.ignored, []) }
        return (.acted, recorded.strayRefunds)
      case .refund(let refund, let answer):
        try self.record(answer, of: refund, providerName: provider.name, in: db)
        return (.acted, [])
      case .payee(let payee, let names, let standing):
        try ProviderPayee.learn(names, of: payee, at: provider.name, in: db)
        try ProviderPayee.note(standing, of: payee, at: provider.name, self.clock.now, in: db)
        return (.acted, [])
      case .transfer(let transfer, let answer):
        try self.record(answer, of: transfer, nil, in: db)
        return (.acted, [])
      case .nothing: return (.ignored, [])
      }
    }
    if case .refund(let refund, let answer) = news, outcome == .acted, refund.state == .succeeded,
      case .failed(let code) = answer.state
    {
      troubles.note(
        .refundReturned, provider: provider.name, order: refund.order, refund: refund.id,
        ProviderRefused(code: code, sentence: ""))
    }
    if case .transfer(let transfer, let answer) = news, outcome == .acted, case .failed(let code) = answer.state {
      troubles.note(
        .transferRefused, provider: provider.name, order: transfer.order, ProviderRefused(code: code, sentence: ""))
    }
    for refund in refunds { await tryRefund(refund) }
    return outcome
  }

  private enum News: Sendable {
    case payment(ProviderPayment)
    case refund(Refund, ProviderRefund)
    case payee(Payee, PayeeNames, PayeeStanding)
    case transfer(PayoutTransfer, ProviderTransfer)
    case nothing
  }

  /// What there is to write down. Of an event that is a hint, and would change something, how the provider says it stands
  /// now: events come late and in any order.
  private func news(of event: ProviderEvent, from provider: any PaymentProvider) async throws -> News {
    do {
      if let payment = event.payment {
        guard event.isHint, try await isNews(payment, from: provider.name) else { return .payment(payment) }
        return .payment(try await provider.payment(payment.id))
      }
      if let names = event.payee { return try await news(ofPayee: names, from: provider) }
      if let (key, name) = event.transfer { return try await news(ofTransfer: key, name, from: provider) }
      guard let (key, told) = event.refund, let id = ID<Refund>(key) else { return .nothing }
      let refund = try await database.read { db in try Refund.find(id, in: db) }
      guard let refund, refund.provider == provider.name else { return .nothing }
      return .refund(refund, event.isHint ? try await provider.refund(told.id) : told)
    } catch let refusal as any Refusal {
      throw refusal
    } catch {
      troubles.note(.paymentUnanswered, provider: provider.name, error)
      throw WebhookRefusal.unanswered
    }
  }

  /// How somebody's account stands now. One that nobody here has is nothing to us.
  private func news(ofPayee told: PayeeNames, from provider: any PaymentProvider) async throws -> News {
    guard let provider = provider as? any PayoutProvider else { return .nothing }
    let found = try await database.read { db -> (Payee, ProviderPayee)? in
      let payee = try db.row(
        "SELECT payee FROM provider_payee WHERE provider = \(provider.name) AND account = \(told.account)")?
        .get("payee", as: Payee.self)
      return try payee.flatMap { payee in
        try ProviderPayee.find(payee, provider.name, in: db).map { (payee, $0) }
      }
    }
    guard let (payee, known) = found else { return .nothing }
    var names = known.names
    // Its answer may have been lost when it was asked for.
    if names.product.isEmpty { names.product = told.product }
    return .payee(payee, names, try await provider.standing(names))
  }

  /// What became of a transfer that waits. One that ended here, or is not ours, is nothing to us.
  private func news(
    ofTransfer key: String, _ name: String, from provider: any PaymentProvider
  ) async throws -> News {
    guard let provider = provider as? any PayoutProvider, let id = ID<PayoutTransfer>(key) else { return .nothing }
    let transfer = try await database.read { db in try PayoutTransfer.find(id, in: db) }
    guard let transfer, transfer.provider == provider.name, transfer.state == .pending,
      transfer.providerID.isEmpty || transfer.providerID == name
    else { return .nothing }
    let answer = try await provider.transfer(name)
    return answer.key == key ? .transfer(transfer, answer) : .nothing
  }

  private func isNews(_ payment: ProviderPayment, from provider: String) async throws -> Bool {
    try await database.read { db in
      let row = try db.row(
        "SELECT state FROM payment_attempt WHERE id = \(payment.attempt) AND provider = \(provider)")
      guard let known = try row?.get("state", as: PaymentAttempt.State.self) else { return false }
      return PaymentAttempt.State(payment.state).rank > known.rank
    }
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
  case unanswered

  public var code: String {
    switch self {
    case .badSignature: "bad_signature"
    case .tooOld: "bad_timestamp"
    case .unreadable: "unreadable"
    case .tooLarge: "too_large"
    case .unanswered: "provider_unanswered"
    }
  }

  public var sentence: String {
    switch self {
    case .badSignature: "The signature is missing or not ours."
    case .tooOld: "It was signed too long before or after now. Check both clocks."
    case .unreadable: "The body is not an event."
    case .tooLarge: "The body is too large."
    case .unanswered: "The provider was asked how it stands now, and did not say. Send the event again later."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .badSignature, .tooOld: .unauthenticated
    case .unreadable, .tooLarge: .invalid
    case .unanswered: .busy
    }
  }
}

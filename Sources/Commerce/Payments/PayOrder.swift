import Store

extension Commerce {
  /// Asks the provider for the order's total, and those of the orders that are paid together with it. For its buyer, or whoever holds a token of it.
  ///
  /// `method` is the provider's name for a card (`pm_…`). `key` names this try: the same key again asks for nothing and
  /// tells what came of it. The attempt is stored before the provider is asked, and no transaction is open meanwhile;
  /// what a crash leaves unknown, `reconcilePayments` asks about.
  ///
  /// Throws `PayOrderRefusal`, `SpendRefusal`, and `BagRefusal.channelNotSelling` for a seller who was suspended since. A
  /// provider that does not answer is `processing`, not an error.
  public func pay(
    _ order: ID<Order>, method: String, key: String, by caller: Caller = .nobody, token: Secret? = nil
  ) async throws -> PaymentOutcome {
    guard (1...policy.idempotencyKeyBytesMax).contains(key.utf8.count) else {
      throw GeneralRefusal.invalid(field: "key", why: "must have 1 to \(policy.idempotencyKeyBytesMax) bytes")
    }
    guard (1...255).contains(method.utf8.count), method.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw GeneralRefusal.invalid(field: "paymentMethod", why: "must have 1 to 255 printable ASCII characters")
    }
    guard let provider = providers.current else { throw PayOrderRefusal.noProvider }
    let step = try await database.write { db in
      let found = try OrderAccess.requireBuyer(of: order, by: caller, token: token, in: db)
      return try self.startAttempt(for: found, method: method, key: key, provider: provider.name, in: db)
    }
    guard case .ask(let attempt, let order, let amount) = step else { return step.outcome }
    let request = PaymentRequest(
      reference: order.number, order: order.id, attempt: attempt, amount: amount, method: method)
    let payment: ProviderPayment
    do {
      payment = try await provider.pay(request)
    } catch let refused as ProviderRefused {
      // A no for good, and not the buyer's fault: our settings, or an amount that the provider does not take.
      troubles.note(.paymentRefused, provider: provider.name, order: order.id, refused)
      payment = ProviderPayment(
        id: "", attempt: attempt, amount: amount, state: .declined, failure: Self.paymentRefused)
    } catch {
      // No answer is not a no: the money may have been taken. The attempt stays as it is until the provider tells.
      troubles.note(.paymentUnanswered, provider: provider.name, order: order.id, error)
      return .processing
    }
    return try await record(payment, from: provider)
  }

  private static let paymentRefused = ProviderPayment.Failure(
    code: "payment_refused", sentence: "The payment could not be made, and nothing was charged. Try again later.")

  private enum Step: Sendable {
    /// The first order of those that are paid, and what they come to.
    case ask(ID<PaymentAttempt>, Order, Money)
    case known(PaymentOutcome)

    var outcome: PaymentOutcome { if case .known(let outcome) = self { outcome } else { .processing } }
  }

  private func startAttempt(
    for order: Order, method: String, key: String, provider: String, in db: any Connection
  ) throws -> Step {
    let now = clock.now
    let together = try order.paidTogether(in: db)
    let first = together[0]
    let attempts = try db.rows(
      "SELECT \(PaymentAttempt.columns), key FROM payment_attempt WHERE order_id = \(first.id) ORDER BY id")
    for row in attempts where try row.get("key", as: String.self) == key {
      return .known(try PaymentAttempt(row: row).outcome)
    }
    let open = together.filter { $0.state == .placed }
    switch open.isEmpty ? order.state : .placed {
    case .placed: break
    case .paid, .fulfilled, .delivered, .settled, .refunded: return .known(.paid)
    case .expired: throw PayOrderRefusal.expired
    case .cancelled: throw PayOrderRefusal.cancelled
    }
    guard open.allSatisfy({ now < $0.expires }) else { throw PayOrderRefusal.expired }
    for order in open {
      guard try Channel.find(order.channel, in: db)?.state == .approved else { throw BagRefusal.channelNotSelling }
    }
    // Counted already, but a lower limit may have been set since it was placed.
    try SpendLimit.require(order.buyer.account, wants: Money(minor: 0, currency: order.total.currency), at: now, in: db)
    // A buyer who was asked for a second step may take another card; one whose card is being charged may not.
    for row in attempts where [.started, .processing].contains(try PaymentAttempt(row: row).state) {
      throw PayOrderRefusal.underWay
    }
    guard attempts.count < policy.paymentAttemptsMax else { throw PayOrderRefusal.tooManyAttempts }
    let amount = Money(minor: open.reduce(0) { $0 + $1.total.minor }, currency: order.total.currency)
    let id = ID<PaymentAttempt>(at: now, entropy: entropy)
    try db.run(
      """
      INSERT INTO payment_attempt (id, order_id, provider, key, method, amount_minor, currency, state, payment_id,
        action_url, failure_code, failure_sentence, started_ms, asked_ms)
      VALUES (\(id), \(first.id), \(provider), \(key), \(method), \(amount.minor), \(amount.currency),
        \(PaymentAttempt.State.started), '', '', '', '', \(now), \(now))
      """)
    let shares: [[any ValueConvertible]] = open.map {
      [ID<PaymentShare>(at: now, entropy: entropy), id, $0.id, $0.total.minor]
    }
    try db.run("INSERT INTO payment_share (id, attempt_id, order_id, amount_minor) VALUES \(rows: shares)")
    return .ask(id, first, amount)
  }
}

/// Why a payment is not tried.
public enum PayOrderRefusal: Refusal, Equatable {
  case noProvider
  case expired
  case cancelled
  case underWay
  case tooManyAttempts

  public var code: String {
    switch self {
    case .noProvider: "no_payment_provider"
    case .expired: "order_expired"
    case .cancelled: "order_cancelled"
    case .underWay: "payment_under_way"
    case .tooManyAttempts: "too_many_payments"
    }
  }

  public var sentence: String {
    switch self {
    case .noProvider: "No payment can be taken at the moment. Try again later."
    case .expired: "The order was not paid in time, and its products went back on the shelf. Order again."
    case .cancelled: "The order was cancelled. Order again."
    case .underWay: "A payment of this order is under way. Wait a moment for its result."
    case .tooManyAttempts: "This order's payment failed too often. Order again, perhaps with another card."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .noProvider: .busy
    case .expired, .cancelled: .gone
    case .underWay: .conflict
    case .tooManyAttempts: .limited
    }
  }
}

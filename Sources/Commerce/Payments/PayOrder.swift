import Store

extension Commerce {
  /// Asks the provider for the order's total, and those of the orders that are paid together with it. For its buyer, or
  /// whoever holds a token of it.
  ///
  /// `method` is the provider's name for a card (`pm_…`); with `saves` the provider keeps it for the caller's account,
  /// once the payment has succeeded. `key` names this try: the same key again asks for nothing and
  /// tells what came of it. The attempt is stored before the provider is asked, and no transaction is open meanwhile;
  /// what a crash leaves unknown, `reconcilePayments` asks about.
  ///
  /// By UPI (`PaymentMeans.upi`) `method` is `upi`, and a payment that waits for its buyer is given again instead of
  /// making another, which could then be paid as well.
  ///
  /// Throws `PayOrderRefusal`, `SpendRefusal`, and `BagRefusal.channelNotSelling` for a seller who was suspended since. A
  /// provider that does not answer is `processing`, not an error.
  public func pay(
    _ order: ID<Order>, method: String, saves: Bool = false, key: String, by caller: Caller = .nobody,
    token: Secret? = nil
  ) async throws -> PaymentOutcome {
    try Self.check(method: method)
    if saves { _ = try caller.requireAccount() }
    return try await pay(with: .new(method, savesFor: saves ? caller.account : nil), key: key) { db in
      try OrderAccess.requireBuyer(of: order, by: caller, token: token, in: db)
    }
  }

  /// The same with one of the caller's saved cards. Throws `GeneralRefusal.notFound` for another's.
  public func pay(
    _ order: ID<Order>, card: ID<SavedCard>, key: String, by caller: Caller, token: Secret? = nil
  ) async throws -> PaymentOutcome {
    let account = try caller.requireAccount()
    return try await pay(with: .saved(card, of: account, isOffSession: false), key: key) { db in
      try OrderAccess.requireBuyer(of: order, by: caller, token: token, in: db)
    }
  }

  /// The same without the buyer there, with a card they saved and have agreed to be charged: a card that asks for a
  /// second step is declined (`authentication_required`).
  func charge(_ order: ID<Order>, card: ID<SavedCard>, key: String) async throws -> PaymentOutcome {
    let account = try await database.read { db in try Order.require(order, in: db).buyer.account }
    guard let account else { throw GeneralRefusal.notFound("card") }
    return try await pay(with: .saved(card, of: account, isOffSession: true), key: key) { db in
      try Order.require(order, in: db)
    }
  }

  private enum Means: Sendable {
    case new(String, savesFor: ID<Account>?)
    case saved(ID<SavedCard>, of: ID<Account>, isOffSession: Bool)

    /// The account under whose name the provider keeps the card.
    var account: ID<Account>? {
      switch self {
      case .new(_, let account): account
      case .saved(_, let account, _): account
      }
    }

    var savesFor: ID<Account>? { if case .new(_, let account) = self { account } else { nil } }

    var isOffSession: Bool { if case .saved(_, _, let isOffSession) = self { isOffSession } else { false } }

    /// The provider's name for the card. A saved one is from now on the one used last.
    func method(at provider: String, _ now: Moment, in db: any Connection) throws -> String {
      switch self {
      case .new(let method, _): return method
      case .saved(let id, let account, _):
        let card = try SavedCard.require(id, of: account, in: db)
        guard card.provider == provider else { throw GeneralRefusal.notFound("card") }
        try card.use(at: now, in: db)
        return card.method
      }
    }
  }

  private func pay(
    with means: Means, key: String, find: @escaping @Sendable (any Connection) throws -> Order
  ) async throws -> PaymentOutcome {
    guard (1...policy.idempotencyKeyBytesMax).contains(key.utf8.count) else {
      throw GeneralRefusal.invalid(field: "key", why: "must have 1 to \(policy.idempotencyKeyBytesMax) bytes")
    }
    guard let provider = providers.current else { throw PayOrderRefusal.noProvider }
    // Who may not pay the order learns nothing, and makes nobody a customer.
    if provider.means == .upi {
      _ = try await database.read(find)
      try requireUPI(means)
    }
    if means.savesFor != nil { _ = try await database.read(find) }
    var customer: String?
    if let account = means.account {
      do { customer = try await self.customer(of: account, at: provider) } catch {
        troubles.note(.cardUnanswered, provider: provider.name, error)
        // A new card is then used once; a saved one cannot be without it.
        guard means.savesFor != nil else { throw PayOrderRefusal.noProvider }
      }
    }
    let saves = customer != nil && means.savesFor != nil
    let step = try await database.write { db in
      let found = try find(db)
      return try self.startAttempt(
        for: found, means, saves: saves, key: key, provider: provider, in: db)
    }
    guard case .ask(let attempt, let order, let amount, let method, let expires) = step else { return step.outcome }
    let request = PaymentRequest(
      reference: order.number, order: order.id, attempt: attempt, amount: amount, method: method, customer: customer,
      saves: saves, isOffSession: means.isOffSession, expires: expires)
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
    /// The first order of those that are paid, what they come to, and the provider's name for the card.
    case ask(ID<PaymentAttempt>, Order, Money, method: String, expires: Moment)
    case known(PaymentOutcome)

    var outcome: PaymentOutcome { if case .known(let outcome) = self { outcome } else { .processing } }
  }

  /// Nothing but UPI, which keeps nothing.
  private func requireUPI(_ means: Means) throws {
    guard case .new(let method, nil) = means else { throw PayOrderRefusal.cardsNotKept }
    guard method == PaymentMeans.upi.rawValue else {
      throw GeneralRefusal.invalid(field: "paymentMethod", why: "must be “upi”: payments are made by UPI here")
    }
  }

  private func startAttempt(
    for order: Order, _ means: Means, saves: Bool, key: String, provider: any PaymentProvider,
    in db: any Connection
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
    guard provider.takes(order.total.currency) else {
      throw PayOrderRefusal.currencyNotTaken(order.total.currency.code)
    }
    let amount = Money(minor: open.reduce(0) { $0 + $1.total.minor }, currency: order.total.currency)
    if provider.means == .upi {
      // Its code is open for as long as the order waits, and could still be paid if there were a second one.
      let waiting = try attempts.map(PaymentAttempt.init).first {
        $0.state == .requiresAction && $0.provider == provider.name && $0.amount == amount
      }
      if let waiting { return .known(waiting.outcome) }
    }
    guard attempts.count < policy.paymentAttemptsMax else { throw PayOrderRefusal.tooManyAttempts }
    let method = try means.method(at: provider.name, now, in: db)
    let id = ID<PaymentAttempt>(at: now, entropy: entropy)
    try db.run(
      """
      INSERT INTO payment_attempt (id, order_id, provider, key, method, amount_minor, currency, state, payment_id,
        action_url, failure_code, failure_sentence, started_ms, asked_ms, saves_for)
      VALUES (\(id), \(first.id), \(provider.name), \(key), \(method), \(amount.minor), \(amount.currency),
        \(PaymentAttempt.State.started), '', '', '', '', \(now), \(now), \((saves ? means.savesFor : nil).sqlValue))
      """)
    let shares: [[any ValueConvertible]] = open.map {
      [ID<PaymentShare>(at: now, entropy: entropy), id, $0.id, $0.total.minor]
    }
    try db.run("INSERT INTO payment_share (id, attempt_id, order_id, amount_minor) VALUES \(rows: shares)")
    return .ask(id, first, amount, method: method, expires: open.map(\.expires).min() ?? first.expires)
  }
}

/// Why a payment is not tried.
public enum PayOrderRefusal: Refusal, Equatable {
  case noProvider
  case expired
  case cancelled
  case underWay
  case tooManyAttempts
  /// The provider's payments are made by UPI.
  case cardsNotKept
  case currencyNotTaken(String)

  public var code: String {
    switch self {
    case .noProvider: "no_payment_provider"
    case .expired: "order_expired"
    case .cancelled: "order_cancelled"
    case .underWay: "payment_under_way"
    case .tooManyAttempts: "too_many_payments"
    case .cardsNotKept: "cards_not_kept"
    case .currencyNotTaken: "currency_not_taken"
    }
  }

  public var sentence: String {
    switch self {
    case .noProvider: "No payment can be taken at the moment. Try again later."
    case .expired: "The order was not paid in time, and its products went back on the shelf. Order again."
    case .cancelled: "The order was cancelled. Order again."
    case .underWay: "A payment of this order is under way. Wait a moment for its result."
    case .tooManyAttempts: "This order's payment failed too often. Order again, perhaps with another card."
    case .cardsNotKept:
      "Payments are made by UPI here, each by its buyer: no card is kept, and none is charged without them."
    case .currencyNotTaken(let code): "No payment in \(code) can be taken here at the moment."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .noProvider: .busy
    case .expired, .cancelled: .gone
    case .underWay, .cardsNotKept: .conflict
    case .currencyNotTaken: .busy
    case .tooManyAttempts: .limited
    }
  }
}

import Store

extension Commerce {
  /// Writes down what a provider said of a payment, does what follows from it, and gives what came of the attempt.
  func record(_ payment: ProviderPayment, from provider: any PaymentProvider) async throws -> PaymentOutcome {
    let recorded = try await writeAndTell { db in
      try self.record(payment, from: provider.name, in: db)
    }
    guard let recorded else { throw PaymentFault.attemptUnknown(payment.attempt) }
    for refund in recorded.strayRefunds { await tryRefund(refund) }
    return recorded.outcome
  }

  /// The same inside a transaction. Nil when the payment is for no attempt of ours.
  ///
  /// What is told late or twice changes nothing: an attempt only moves up in rank, and success is the highest, so that
  /// the same set of news ends in the same state in whatever order it comes.
  func record(_ payment: ProviderPayment, from provider: String, in db: any Connection) throws -> RecordedPayment? {
    let row = try db.row(
      """
      SELECT \(PaymentAttempt.columns) FROM payment_attempt
      WHERE id = \(payment.attempt) AND provider = \(provider)
      """)
    guard let row else { return nil }
    let attempt = try PaymentAttempt(row: row)
    guard payment.amount == attempt.amount else { throw PaymentFault.amountDiffers(attempt.id) }
    let state = PaymentAttempt.State(payment.state)
    guard state.rank > attempt.state.rank else { return RecordedPayment(outcome: attempt.outcome) }
    try db.run(
      """
      UPDATE payment_attempt SET state = \(state), payment_id = \(payment.id), action_url = \(payment.actionURL ?? ""),
        failure_code = \(payment.failure?.code ?? ""), failure_sentence = \(payment.failure?.sentence ?? "")
      WHERE id = \(attempt.id)
      """)
    let shares = try attempt.shares(in: db)
    for share in shares { try Outbox.announce(.order(share.order), in: db) }
    guard state == .succeeded else { return RecordedPayment(outcome: payment.outcome) }
    if let account = attempt.savesFor, let card = payment.card {
      _ = try SavedCard.keep(card, of: account, provider: provider, on: occasion(by: account), policy, in: db)
    }
    var isPaid = false
    var strays: [ID<Refund>] = []
    for share in shares {
      let order = try Order.require(share.order, in: db)
      if order.state == .placed {
        try markPaid(order, by: attempt, share, in: db)
        isPaid = true
      } else {
        // Too late, or the second success of one order: its money goes back by itself.
        strays.append(try recordStray(share, of: attempt, in: db))
        isPaid = isPaid || order.paid != nil
      }
    }
    // Whoever asks is told how the orders stand, not how the money does.
    return RecordedPayment(
      outcome: isPaid ? .paid : .declined(code: "order_closed", sentence: Self.strayPaymentSentence),
      strayRefunds: strays)
  }

  private static let strayPaymentSentence =
    "The payment came after the order had ended. The money is on its way back; order again."

  /// The stock is sold, the money split.
  private func markPaid(
    _ order: Order, by attempt: PaymentAttempt, _ share: PaymentShare, in db: any Connection
  ) throws {
    let occasion = occasion(by: order.buyer.account, order: order.id)
    try db.run(
      """
      UPDATE orders SET state = \(Order.State.paid), paid_ms = \(occasion.at), hold_buyer = NULL, hold_address = NULL
      WHERE id = \(order.id) AND state = \(Order.State.placed)
      """)
    try HeldOrders.at(occasion.at, in: db)?.forget([order.id])
    try Stock.sell(order.units, on: occasion, in: db)
    try Ledger.book(
      .payment, cause: share.id.bytes, Split(of: order).entries(of: order, provider: attempt.provider), on: occasion,
      in: db)
    try Preorder.Place.paid(order, at: occasion.at, in: db)
    try Mail.queue(.paid, of: order, because: order.id, at: occasion.at, in: db)
    try WebhookMessage.queue(.orderPaid, of: order.id, because: order.id, at: occasion.at, in: db)
  }

  /// Money that came for an order which does not want it: the house owes it to the buyer until it is refunded.
  private func recordStray(
    _ share: PaymentShare, of attempt: PaymentAttempt, in db: any Connection
  ) throws -> ID<Refund> {
    let occasion = occasion(order: share.order)
    try Ledger.book(
      .strayPayment, cause: share.id.bytes,
      [
        Ledger.Entry(account: .provider(attempt.provider), amount: try share.amount.times(-1)),
        Ledger.Entry(account: .buyer(share.order), amount: share.amount),
      ], on: occasion, in: db)
    let refund = Refund(
      id: ID(at: occasion.at, entropy: entropy), order: share.order, attempt: attempt.id, provider: attempt.provider,
      kind: .stray, amount: share.amount, reason: "paid after the order had ended", state: .pending, made: occasion.at,
      shipping: Money(minor: 0, currency: share.amount.currency))
    try refund.insert(by: nil, in: db)
    return refund.id
  }
}

/// What was written down.
struct RecordedPayment: Sendable {
  let outcome: PaymentOutcome
  /// Refunds that are now to be asked for.
  var strayRefunds: [ID<Refund>] = []
}

/// What must not be: it fails its transaction.
enum PaymentFault: Error {
  case attemptUnknown(ID<PaymentAttempt>)
  case amountDiffers(ID<PaymentAttempt>)
}

extension PaymentAttempt {
  static let columns: SQL = """
    id, order_id, provider, amount_minor, currency, state, payment_id, action_url, failure_code, failure_sentence,
    started_ms, saves_for
    """

  init(row: Row) throws {
    id = try row.get("id")
    order = try row.get("order_id")
    provider = try row.get("provider")
    amount = Money(minor: try row.get("amount_minor"), currency: try row.get("currency"))
    state = try row.get("state")
    payment = try row.get("payment_id")
    actionURL = try row.get("action_url")
    failureCode = try row.get("failure_code")
    failureSentence = try row.get("failure_sentence")
    started = try row.get("started_ms")
    savesFor = try row.get("saves_for")
  }

  var outcome: PaymentOutcome {
    switch state {
    case .started, .processing: .processing
    case .requiresAction: .requiresAction(url: actionURL)
    case .declined: .declined(code: failureCode, sentence: failureSentence)
    case .succeeded: .paid
    }
  }
}

extension PaymentAttempt.State {
  /// States only follow states of lower rank. A decline may still be followed by success, never the other way round:
  /// the money is then there, whatever was said before.
  var rank: Int {
    switch self {
    case .started: 0
    case .requiresAction: 1
    case .processing: 2
    case .declined: 3
    case .succeeded: 4
    }
  }

  init(_ state: ProviderPayment.State) {
    switch state {
    case .requiresAction: self = .requiresAction
    case .processing: self = .processing
    case .declined: self = .declined
    case .succeeded: self = .succeeded
    }
  }
}

extension ProviderPayment {
  var outcome: PaymentOutcome {
    switch state {
    case .requiresAction: .requiresAction(url: actionURL ?? "")
    case .processing: .processing
    case .succeeded: .paid
    case .declined:
      .declined(code: failure?.code ?? "card_declined", sentence: failure?.sentence ?? "The payment was declined.")
    }
  }
}

public import Store

/// A payment as the sandbox knows it.
struct SandboxPayment: Sendable {
  let id: String
  let attempt: ID<PaymentAttempt>
  let reference: String
  let amount: Money
  let state: ProviderPayment.State
  let failure: ProviderPayment.Failure?
  let made: Moment
  /// Where it is kept from now on.
  let card: SandboxCard?

  /// `card` is nil for a method nobody made.
  init(id: String, _ request: PaymentRequest, card: SandboxCard?, at now: Moment) {
    self.card = request.saves ? card : nil
    let conduct = card?.conduct
    self.id = id
    attempt = request.attempt
    reference = request.reference
    amount = request.amount
    made = now
    switch conduct {
    case .succeeds: (state, failure) = (.succeeded, nil)
    // What was confirmed when it was saved is not asked again.
    case .needsAuthentication where card?.isKept == true: (state, failure) = (.succeeded, nil)
    case .needsAuthentication, .alwaysNeedsAuthentication:
      (state, failure) = request.isOffSession ? (.declined, Self.authenticationRequired) : (.requiresAction, nil)
    case .isSlow: (state, failure) = (.processing, nil)
    case .declines, .lacksFunds, .expired, .wrongCode: (state, failure) = (.declined, conduct?.failure)
    case nil: (state, failure) = (.declined, Self.unknownMethod)
    }
  }

  static let authenticationRequired = ProviderPayment.Failure(
    code: "authentication_required", sentence: "The card's bank wants its owner to confirm. Pay it yourself.")

  static let unknownMethod = ProviderPayment.Failure(
    code: "payment_method_unknown", sentence: "The card's details have expired. Type them again.")

  private init(
    _ other: SandboxPayment, state: ProviderPayment.State, failure: ProviderPayment.Failure?
  ) {
    id = other.id
    attempt = other.attempt
    reference = other.reference
    amount = other.amount
    made = other.made
    card = other.card
    self.state = state
    self.failure = failure
  }

  func becoming(_ state: ProviderPayment.State, failure: ProviderPayment.Failure? = nil) -> SandboxPayment {
    SandboxPayment(self, state: state, failure: failure)
  }

  /// What its callers are told.
  var answer: ProviderPayment {
    ProviderPayment(
      id: id, attempt: attempt, amount: amount, state: state,
      actionURL: state == .requiresAction ? "/sandbox/authentications/\(id)" : nil, failure: failure,
      card: state == .succeeded ? card?.answer : nil)
  }

  static func find(_ id: String, in db: any Connection) throws -> SandboxPayment? {
    try db.row("SELECT \(columns) FROM sandbox_payment WHERE id = \(id)").map { try SandboxPayment(row: $0, in: db) }
  }

  static func find(attempt: ID<PaymentAttempt>, in db: any Connection) throws -> SandboxPayment? {
    try db.row("SELECT \(columns) FROM sandbox_payment WHERE attempt = \(attempt)").map {
      try SandboxPayment(row: $0, in: db)
    }
  }

  private static let columns: SQL = """
    id, attempt, reference, amount_minor, currency, state, failure_code, failure_sentence, made_ms, method
    """

  private init(row: Row, in db: any Connection) throws {
    id = try row.get("id")
    attempt = try row.get("attempt")
    reference = try row.get("reference")
    amount = Money(minor: try row.get("amount_minor"), currency: try row.get("currency"))
    state = try row.get("state")
    let code: String = try row.get("failure_code")
    failure = code.isEmpty ? nil : .init(code: code, sentence: try row.get("failure_sentence"))
    made = try row.get("made_ms")
    let method: String = try row.get("method")
    card = method.isEmpty ? nil : try SandboxCard.find(method, in: db)
  }

  func insert(in db: any Connection) throws {
    try db.run(
      """
      INSERT INTO sandbox_payment (id, attempt, reference, amount_minor, refunded_minor, currency, state, failure_code,
        failure_sentence, made_ms, method)
      VALUES (\(id), \(attempt), \(reference), \(amount.minor), 0, \(amount.currency), \(state),
        \(failure?.code ?? ""), \(failure?.sentence ?? ""), \(made), \(card?.method ?? ""))
      """)
  }

  func update(in db: any Connection) throws {
    try db.run(
      """
      UPDATE sandbox_payment SET state = \(state), failure_code = \(failure?.code ?? ""),
        failure_sentence = \(failure?.sentence ?? "")
      WHERE id = \(id)
      """)
  }
}

extension ProviderPayment.State: ValueConvertible {}

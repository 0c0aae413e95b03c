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

  /// `conduct` is nil for a method nobody made.
  init(id: String, _ request: PaymentRequest, conduct: SandboxConduct?, at now: Moment) {
    self.id = id
    attempt = request.attempt
    reference = request.reference
    amount = request.amount
    made = now
    switch conduct {
    case .succeeds: (state, failure) = (.succeeded, nil)
    case .needsAuthentication: (state, failure) = (.requiresAction, nil)
    case .isSlow: (state, failure) = (.processing, nil)
    case .declines, .lacksFunds, .expired, .wrongCode: (state, failure) = (.declined, conduct?.failure)
    case nil: (state, failure) = (.declined, Self.unknownMethod)
    }
  }

  private static let unknownMethod = ProviderPayment.Failure(
    code: "payment_method_unknown", sentence: "The card's details have expired. Type them again.")

  private init(
    _ other: SandboxPayment, state: ProviderPayment.State, failure: ProviderPayment.Failure?
  ) {
    id = other.id
    attempt = other.attempt
    reference = other.reference
    amount = other.amount
    made = other.made
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
      actionURL: state == .requiresAction ? "/sandbox/authentications/\(id)" : nil, failure: failure)
  }

  static func find(_ id: String, in db: any Connection) throws -> SandboxPayment? {
    try db.row("SELECT \(columns) FROM sandbox_payment WHERE id = \(id)").map(SandboxPayment.init(row:))
  }

  static func find(attempt: ID<PaymentAttempt>, in db: any Connection) throws -> SandboxPayment? {
    try db.row("SELECT \(columns) FROM sandbox_payment WHERE attempt = \(attempt)").map(SandboxPayment.init(row:))
  }

  private static let columns: SQL = """
    id, attempt, reference, amount_minor, currency, state, failure_code, failure_sentence, made_ms
    """

  private init(row: Row) throws {
    id = try row.get("id")
    attempt = try row.get("attempt")
    reference = try row.get("reference")
    amount = Money(minor: try row.get("amount_minor"), currency: try row.get("currency"))
    state = try row.get("state")
    let code: String = try row.get("failure_code")
    failure = code.isEmpty ? nil : .init(code: code, sentence: try row.get("failure_sentence"))
    made = try row.get("made_ms")
  }

  func insert(in db: any Connection) throws {
    try db.run(
      """
      INSERT INTO sandbox_payment (id, attempt, reference, amount_minor, refunded_minor, currency, state, failure_code,
        failure_sentence, made_ms)
      VALUES (\(id), \(attempt), \(reference), \(amount.minor), 0, \(amount.currency), \(state),
        \(failure?.code ?? ""), \(failure?.sentence ?? ""), \(made))
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

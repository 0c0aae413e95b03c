public import Store
internal import Synchronization

/// The built-in payment provider: takes Stripe's published test numbers and no money.
///
/// It behaves as a provider out in the world: it may be slow, fail, lose its answers, and send its signed webhooks late,
/// twice and out of order. It keeps what it knows in tables of its own, so a restart changes nothing.
public final class SandboxProvider: PaymentProvider {
  public let name = "sandbox"
  let database: Database
  let clock: WallClock
  let entropy: Entropy
  let secret: String
  let behaviour: SandboxBehaviour
  let webhookAgeSeconds: Int64
  let fortune: SandboxFortune
  /// When the last webhook that was scheduled here is due, and a while longer.
  let scheduledUntil = Mutex(Moment(milliseconds: 0))

  /// `secret` signs webhooks; it must not be empty. `webhookAgeSeconds` is how much older or newer than now a signature
  /// may be.
  public init(
    database: Database, clock: WallClock = .system, entropy: Entropy = .system, secret: String,
    behaviour: SandboxBehaviour = .prompt, webhookAgeSeconds: Int64 = 300
  ) {
    self.database = database
    self.clock = clock
    self.entropy = entropy
    self.secret = secret
    self.behaviour = behaviour
    self.webhookAgeSeconds = webhookAgeSeconds
    fortune = SandboxFortune(behaviour)
  }

  public func pay(_ request: PaymentRequest) async throws -> ProviderPayment {
    try await asIfFarAway {
      try await self.database.write { db in
        if let known = try SandboxPayment.find(attempt: request.attempt, in: db) { return known.answer }
        let card = try SandboxCard.find(request.method, in: db)
        if request.saves { try card?.keep(in: db) }
        let payment = SandboxPayment(
          id: Secret(prefix: "pay_", entropy: self.entropy).text, request, card: card, at: self.clock.now)
        try payment.insert(in: db)
        if payment.state == .processing {
          // What this webhook will tell comes true when it is due: see `settleSlow`.
          try self.schedule(payment.becoming(.succeeded), after: self.behaviour.processingMilliseconds, in: db)
        } else {
          try self.schedule(payment, after: self.fortune.nextWebhookDelay(), in: db)
        }
        return payment.answer
      }
    }
  }

  public func payment(_ id: String) async throws -> ProviderPayment {
    try await asIfFarAway {
      try await self.database.write { db in
        try self.settleSlow(at: self.clock.now, in: db)
        guard let payment = try SandboxPayment.find(id, in: db) else { throw Self.unknownPayment }
        return payment.answer
      }
    }
  }

  public func payment(attempt: ID<PaymentAttempt>) async throws -> ProviderPayment? {
    try await asIfFarAway {
      try await self.database.write { db in
        try self.settleSlow(at: self.clock.now, in: db)
        return try SandboxPayment.find(attempt: attempt, in: db)?.answer
      }
    }
  }

  public func cancel(_ id: String) async throws -> ProviderPayment {
    try await asIfFarAway {
      try await self.database.write { db in
        guard let payment = try SandboxPayment.find(id, in: db) else { throw Self.unknownPayment }
        guard payment.state == .requiresAction else { return payment.answer }
        let cancelled = payment.becoming(.declined, failure: Self.abandoned)
        try cancelled.update(in: db)
        return cancelled.answer
      }
    }
  }

  private static let abandoned = ProviderPayment.Failure(
    code: "abandoned", sentence: "The payment did not come about. Try again.")

  public func refund(_ id: String) async throws -> ProviderRefund {
    try await asIfFarAway {
      try await self.database.read { db in
        guard try db.row("SELECT id FROM sandbox_refund WHERE id = \(id)") != nil else { throw Self.unknownPayment }
        return ProviderRefund(id: id)
      }
    }
  }

  public func refund(_ request: RefundRequest) async throws -> ProviderRefund {
    let (id, amount, key) = (request.payment, request.amount, request.key)
    return try await asIfFarAway {
      try await self.database.write { db in
        if let known = try db.row("SELECT id FROM sandbox_refund WHERE key = \(key)") {
          return ProviderRefund(id: try known.get("id"))
        }
        let isLeft = try db.run(
          """
          UPDATE sandbox_payment SET refunded_minor = refunded_minor + \(amount.minor)
          WHERE id = \(id) AND currency = \(amount.currency) AND state = \(ProviderPayment.State.succeeded)
            AND amount_minor - refunded_minor >= \(amount.minor)
          """)
        guard isLeft == 1 else {
          throw ProviderRefused(code: "charge_already_refunded", sentence: "There is not that much left to refund.")
        }
        let refund = ProviderRefund(id: Secret(prefix: "re_", entropy: self.entropy).text)
        try db.run(
          """
          INSERT INTO sandbox_refund (id, key, payment_id, amount_minor, made_ms)
          VALUES (\(refund.id), \(key), \(id), \(amount.minor), \(self.clock.now))
          """)
        return refund
      }
    }
  }

  /// Payments with slow cards come true once their time has come.
  func settleSlow(at now: Moment, in db: any Connection) throws {
    let before = now.adding(milliseconds: -behaviour.processingMilliseconds)
    try db.run("UPDATE sandbox_payment SET state = 'succeeded' WHERE state = 'processing' AND made_ms <= \(before)")
  }

  static let unknownPayment = ProviderRefused(code: "resource_missing", sentence: "There is no such payment.")

  /// The way there and back takes time, and either may fail.
  func asIfFarAway<T: Sendable>(_ call: @Sendable () async throws -> T) async throws -> T {
    let latency = fortune.nextLatency()
    if latency > 0 { try await Task.sleep(for: .milliseconds(latency)) }
    switch fortune.nextCall() {
    case .fails: throw SandboxSilence()
    case .losesItsAnswer:
      _ = try await call()
      throw SandboxSilence()
    case .works: return try await call()
    }
  }
}

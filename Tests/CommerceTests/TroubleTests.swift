import Logging
import Store
import Synchronization
import TestKit
import Testing

@testable import Commerce

/// What providers do not do, and who is told.
@Suite struct TroubleTests {
  @Test(arguments: Engine.allCases)
  func `a provider that does not answer is counted and logged, without what it was sent`(engine: Engine) async throws {
    let stall = try await Stall(engine, behaviour: SandboxBehaviour(failuresPercent: 100))
    let log = LogLines(level: .trace)
    let commerce = Commerce(
      database: stall.database, clock: stall.clock.wallClock, entropy: SeededEntropy(seed: 5).entropy,
      providers: PaymentProviders([stall.sandbox]), logger: Logger(label: "test") { _ in log })
    let placed = try await stall.place()
    let outcome = try await commerce.pay(
      placed.order.id, method: "pm_card_visa", key: "1", token: placed.access)
    #expect(outcome == .processing)
    #expect(commerce.troubles.counts == [.paymentUnanswered: 1])
    #expect(log.all.contains { $0.contains("payment_unanswered") && $0.contains("\(placed.order.id)") })
    #expect(log.all.allSatisfy { !$0.contains("pm_card_visa") && !$0.contains(placed.access.text) })
  }

  @Test(arguments: Engine.allCases)
  func `a refund through a provider that is gone is told to seller and operator, and goes on when it is back`(
    engine: Engine
  ) async throws {
    let stall = try await Stall(engine)
    let sold = try await stall.sell()
    let log = LogLines(level: .trace)
    let without = Commerce(
      database: stall.database, clock: stall.clock.wallClock, entropy: SeededEntropy(seed: 5).entropy,
      providers: .none, logger: Logger(label: "test") { _ in log })
    let refund = try await without.refund(sold.order.id, by: stall.owner, reason: "broken")
    #expect(refund.state == .pending && refund.provider == "sandbox")
    #expect(without.isStuck(refund) && !stall.commerce.isStuck(refund))
    #expect(without.troubles.counts == [.providerMissing: 1])
    #expect(log.all.contains { $0.contains("provider_missing") })

    let chief: ID<Account> = stall.commerce.makeID()
    try await stall.database.write { [stall] db in
      try Stall.insertAccount(chief, "chief@example.com", at: stall.clock.now, in: db)
      _ = try db.run("UPDATE account SET is_operator = 1 WHERE id = \(chief)")
    }
    #expect(try await without.waitingRefunds(by: Caller(account: chief)).isEmpty, "it has just begun")
    stall.clock.advance(seconds: 61)
    #expect(try await without.waitingRefunds(by: Caller(account: chief)).map(\.id) == [refund.id])
    #expect(try await refusal { try await without.waitingRefunds(by: stall.owner) } == "not_allowed")

    #expect(try await stall.commerce.reconcilePayments() == 1)
    #expect(try await stall.order(sold).state == .refunded)
    #expect(try await stall.commerce.waitingRefunds(by: Caller(account: chief)).isEmpty)
  }

  @Test(arguments: Engine.allCases)
  func `an order's page asks the provider a few times, and never about an order that is settled`(engine: Engine)
    async throws
  {
    let stall = try await Stall(engine)
    let placed = try await stall.place()
    let outcome = try await stall.pay(placed, method: "pm_card_authenticationRequired")
    guard case .requiresAction = outcome else { throw Stall.Unexpected(what: "\(outcome)") }
    let provider = CountingProvider(stall.sandbox)
    let commerce = Commerce(
      database: stall.database, clock: stall.clock.wallClock, entropy: SeededEntropy(seed: 5).entropy,
      providers: PaymentProviders([provider]))
    for _ in 0..<30 { _ = try await commerce.refreshPayment(placed.order.id, token: placed.access) }
    #expect(provider.questions == 5)
    stall.clock.advance(seconds: 10)
    _ = try await commerce.refreshPayment(placed.order.id, token: placed.access)
    #expect(provider.questions == 6)
    _ = try await commerce.cancelOrder(placed.order.id, token: placed.access)
    stall.clock.advance(minutes: 10)
    _ = try await commerce.refreshPayment(placed.order.id, token: placed.access)
    #expect(provider.questions == 6)
  }

  @Test(arguments: Engine.allCases)
  func `webhooks and the sandbox's cards are forgotten by age`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    _ = try await stall.sell()
    _ = try await stall.sandbox.makeMethod(number: "4242424242424242", expMonth: 12, expYear: 2030, cvc: "123")
    stall.clock.advance(seconds: 5)
    #expect(try await stall.deliverWebhooks() > 0)
    let policy = stall.commerce.policy
    #expect(try await stall.commerce.forgetOldProviderEvents() == 0)
    #expect(try await stall.sandbox.forgetOldMethods(hours: policy.sandboxMethodHours) == 0)
    stall.clock.advance(days: 3)
    #expect(try await stall.sandbox.forgetOldMethods(hours: policy.sandboxMethodHours) == 1)
    #expect(try await stall.commerce.forgetOldProviderEvents() == 0)
    stall.clock.advance(days: policy.providerEventDays)
    #expect(try await stall.commerce.forgetOldProviderEvents() > 0)
    #expect(try await stall.number("SELECT COUNT(*) FROM provider_event") == 0)
    #expect(try await stall.number("SELECT COUNT(*) FROM sandbox_method") == 0)
  }
}

/// The sandbox, and how often it was asked what became of a payment.
private final class CountingProvider: PaymentProvider {
  private let sandbox: SandboxProvider
  private let asked = Mutex(0)

  init(_ sandbox: SandboxProvider) { self.sandbox = sandbox }

  var questions: Int { asked.withLock { $0 } }
  var name: String { sandbox.name }

  func pay(_ request: PaymentRequest) async throws -> ProviderPayment { try await sandbox.pay(request) }

  func payment(_ id: String) async throws -> ProviderPayment {
    asked.withLock { $0 += 1 }
    return try await sandbox.payment(id)
  }

  func payment(attempt: ID<PaymentAttempt>) async throws -> ProviderPayment? {
    asked.withLock { $0 += 1 }
    return try await sandbox.payment(attempt: attempt)
  }

  func cancel(_ id: String) async throws -> ProviderPayment { try await sandbox.cancel(id) }

  func refund(_ request: RefundRequest) async throws -> ProviderRefund { try await sandbox.refund(request) }

  func refund(_ id: String) async throws -> ProviderRefund { try await sandbox.refund(id) }

  func makeCustomer(_ account: ID<Account>) async throws -> String { try await sandbox.makeCustomer(account) }

  func keep(_ request: CardRequest) async throws -> ProviderSetup { try await sandbox.keep(request) }

  func setup(_ id: String) async throws -> ProviderSetup { try await sandbox.setup(id) }

  func forget(_ method: String) async throws { try await sandbox.forget(method) }

  func event(headers: [String: String], body: [UInt8], now: Moment) throws -> ProviderEvent {
    try sandbox.event(headers: headers, body: body, now: now)
  }
}

import Store

/// How the house stands with those who take its buyers' money.
public struct PaymentsHealth: Sendable, Equatable {
  /// Counts stop here.
  public static let countMax: Int64 = 1000

  public struct Provider: Sendable, Equatable {
    public let name: String
    /// The one that takes new payments.
    public let isChosen: Bool
    /// When it last told of something by itself.
    public let heard: Moment?
  }

  public let providers: [Provider]
  /// Payments that the provider has not said the end of, and since when the oldest.
  public let openPayments: Int64
  public let oldestPayment: Moment?
  public let openRefunds: Int64
  public let oldestRefund: Moment?
  /// Webhooks of sellers and partners that were given up because nothing was taken for days.
  public let brokenWebhooks: Int64
  /// What failed in each of the ways, since the process began.
  public let troubles: [(kind: PaymentTroubles.Kind, count: Int)]

  public static func == (left: PaymentsHealth, right: PaymentsHealth) -> Bool {
    left.providers == right.providers && left.openPayments == right.openPayments
      && left.oldestPayment == right.oldestPayment && left.openRefunds == right.openRefunds
      && left.oldestRefund == right.oldestRefund && left.brokenWebhooks == right.brokenWebhooks
      && left.troubles.elementsEqual(right.troubles) { $0 == $1 }
  }

  /// Whether something has waited for longer than providers take.
  public func isLate(at now: Moment) -> Bool {
    [oldestPayment, oldestRefund].compactMap(\.self).contains { now.milliseconds(since: $0) > 3_600_000 }
  }
}

/// Whether a provider answered when it was asked.
public struct ProviderAnswer: Sendable, Equatable {
  public let name: String
  public let isThere: Bool
  public let milliseconds: Int64
}

extension Commerce {
  /// For operators.
  public func paymentsHealth(by caller: Caller) async throws -> PaymentsHealth {
    let troubles = troubles.counts
    return try await database.read { [providers] db in
      try caller.requireOperator(in: db)
      func count(_ what: SQL) throws -> Int64 {
        try db.row(
          "SELECT COUNT(*) AS count FROM (SELECT 1 AS one FROM \(what) LIMIT \(PaymentsHealth.countMax)) AS found")?
          .get("count") ?? 0
      }
      let attempts: SQL = "payment_attempt WHERE state IN ('started', 'requires_action', 'processing')"
      let refunds: SQL = "refund WHERE state = 'pending'"
      return PaymentsHealth(
        providers: try providers.all.map { provider in
          PaymentsHealth.Provider(
            name: provider.name, isChosen: provider.name == providers.current?.name,
            heard: try db.row(
              "SELECT MAX(received_ms) AS heard FROM provider_event WHERE provider = \(provider.name)")?
              .get("heard"))
        },
        openPayments: try count(attempts),
        oldestPayment: try db.row("SELECT MIN(started_ms) AS oldest FROM \(attempts)")?.get("oldest"),
        openRefunds: try count(refunds),
        oldestRefund: try db.row("SELECT MIN(made_ms) AS oldest FROM \(refunds)")?.get("oldest"),
        brokenWebhooks: try count("webhook WHERE state = 'broken'"),
        troubles: PaymentTroubles.Kind.allCases.compactMap { kind in troubles[kind].map { (kind, $0) } })
    }
  }

  /// Asks every provider about a payment that nobody ever made: it changes nothing there, and whoever says so is there.
  public func askProviders(within limit: Duration = .seconds(5)) async -> [ProviderAnswer] {
    await withTaskGroup(of: (Int, ProviderAnswer).self) { group in
      for (place, provider) in providers.all.enumerated() {
        let nobodys = makeID(PaymentAttempt.self)
        group.addTask {
          let start = ContinuousClock.now
          let isThere = await Self.answers(within: limit) { _ = try await provider.payment(attempt: nobodys) }
          let (seconds, attoseconds) = (ContinuousClock.now - start).components
          return (
            place,
            ProviderAnswer(
              name: provider.name, isThere: isThere,
              milliseconds: seconds &* 1000 &+ attoseconds / 1_000_000_000_000_000)
          )
        }
      }
      var answers: [(Int, ProviderAnswer)] = []
      for await answer in group { answers.append(answer) }
      return answers.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  private static func answers(within limit: Duration, _ ask: @escaping @Sendable () async throws -> Void) async -> Bool
  {
    await withTaskGroup(of: Bool.self) { group in
      group.addTask { (try? await ask()) != nil }
      group.addTask {
        try? await Task.sleep(for: limit)
        return false
      }
      let first = await group.next() ?? false
      group.cancelAll()
      return first
    }
  }
}

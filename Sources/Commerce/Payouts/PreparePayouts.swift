import Store

/// What the house owes somebody in one currency, and what keeps it from being paid out.
public struct PayoutDue: Sendable, Equatable {
  public enum Block: String, Sendable, Codable, CaseIterable {
    /// They owe the house.
    case debt
    /// Less than `Policy.payoutMinimumMinor`.
    case small
    /// Kept back by the operator.
    case held
    /// Their channel is not approved, or the partner is suspended.
    case suspended
    /// They have not said where it is to go.
    case noDestination = "no_destination"
    /// The bank account was changed lately.
    case newDestination = "new_destination"
    /// The provider that sends it would not take it for them: they have to tell it something.
    case providerNotReady = "provider_not_ready"
    /// The provider that sends it does not send this currency.
    case currencyNotTaken = "currency_not_taken"
    /// The last payout was less than `Policy.payoutDays` ago. The operator may pay all the same.
    case recent
  }

  public let payee: Payee
  public let name: String
  /// Released, less what was paid out or is on its way.
  public let available: Money
  /// What keeps it; nil when it can be paid.
  public let block: Block?
  /// Why it is held, in the operator's words.
  public let holdReason: String
}

extension Commerce {
  /// What could be paid out now, and what not and why, by payee and currency; for the operator. At most 1 000.
  public func payoutsDue(by caller: Caller) async throws -> [PayoutDue] {
    try await database.read { [policy, providers] db in
      try caller.requireOperator(in: db)
      return try Self.payeesWithMoney(limit: 1_000, in: db).flatMap { payee in
        try PayoutDue.of(payee, at: clock.now, policy, providers, in: db)
      }
    }
  }

  /// The same of one payee, for a channel's owners.
  public func payoutsDue(of payee: Payee, by caller: Caller) async throws -> [PayoutDue] {
    try await database.read { [policy, providers] db in
      try payee.requireOrOperator(caller, in: db)
      return try PayoutDue.of(payee, at: clock.now, policy, providers, in: db)
    }
  }

  /// Takes what is released from the balances of all who can be paid and makes payouts of it; gives how many. For the
  /// operator; without a caller it is the house's own round, which pays nobody twice in `Policy.payoutDays`.
  ///
  /// Each is a transaction of its own, so that a long list keeps nobody waiting.
  @discardableResult
  public func preparePayouts(by caller: Caller? = nil) async throws -> Int {
    if caller == nil, policy.payoutDays == 0 || !switches.isOn(.payouts) { return 0 }
    let payees = try await database.read { [policy, providers] db in
      if let caller { try caller.requireOperator(in: db) }
      let payees =
        caller == nil
        ? try Self.payeesUnpaid(since: clock.now.adding(seconds: -policy.payoutDays * 86_400), in: db)
        : try Self.payeesWithMoney(limit: 10_000, in: db)
      return try payees.filter { payee in
        try PayoutDue.of(payee, at: clock.now, policy, providers, in: db).contains {
          $0.canBePaid(byHand: caller != nil)
        }
      }
    }
    var made = 0
    for payee in payees {
      try Task.checkCancellation()
      made += try await database.write { [policy, providers] db in
        if let caller { try caller.requireOperator(in: db) }
        let due = try PayoutDue.of(payee, at: clock.now, policy, providers, in: db)
        let paid = due.filter { $0.canBePaid(byHand: caller != nil) }
        for due in paid { try self.makePayout(due, by: caller, in: db) }
        return paid.count
      }
    }
    return made
  }

  private func makePayout(_ due: PayoutDue, by caller: Caller?, in db: any Connection) throws {
    guard let (destination, sealed) = try PayoutDestination.find(due.payee, in: db) else { return }
    let occasion = occasion(by: caller?.account)
    let payout = ID<Payout>(at: occasion.at, entropy: entropy)
    let (currency, payee) = (due.available.currency, due.payee)
    try db.run(
      """
      INSERT INTO payout (id, payee, currency, amount_minor, state, holder, sealed, ending, failure, made_ms, provider,
        provider_account)
      VALUES (\(payout), \(payee), \(currency), \(due.available.minor), \(Payout.State.pending), \(destination.holder),
        \(sealed), \(destination.ending), '', \(occasion.at), \(destination.provider), \(destination.providerAccount))
      """)
    let parts = try PayoutPart.due(payee, currency, in: db)
    try PayoutPart.insert(parts, cause: payout.bytes, currency, in: db)
    try Ledger.book(
      .payout, cause: payout.bytes,
      PayoutPart.entries(parts, payee, currency) + [Ledger.Entry(account: .payouts, amount: due.available)],
      on: occasion, in: db)
    try payee.tell(.payout, payout, at: occasion.at, in: db)
    try WebhookMessage.queue(payout: payout, to: payee, due.available, at: occasion.at, in: db)
    if !destination.provider.isEmpty {
      try PayoutTransfer.plan(payout, parts, destination, currency, on: occasion, in: db)
    }
  }

  /// All who said where their money goes and were not paid since a moment. What they have is not looked at: that is a
  /// sum of all their entries.
  private static func payeesUnpaid(since moment: Moment, in db: any Connection) throws -> [Payee] {
    try db.rows(
      """
      SELECT payee FROM payout_destination WHERE NOT EXISTS (
        SELECT 1 FROM payout WHERE payout.payee = payout_destination.payee AND payout.state <> 'returned'
          AND payout.made_ms > \(moment))
      ORDER BY payee
      """
    ).map { try $0.get("payee") }
  }

  /// All who have or owe something, in the order of their names in the books.
  private static func payeesWithMoney(limit: Int, in db: any Connection) throws -> [Payee] {
    var seen: Set<Payee> = []
    return try db.rows(
      """
      SELECT account FROM ledger_entry WHERE account LIKE 'seller:%' OR account LIKE 'creator:%'
        OR account LIKE 'partner:%'
      GROUP BY account HAVING SUM(amount_minor) <> 0 ORDER BY account LIMIT \(limit)
      """
    ).compactMap { row in
      guard let payee = Payee.of(account: try row.get("account")), seen.insert(payee).inserted else { return nil }
      return payee
    }
  }
}

extension PayoutDue {
  func canBePaid(byHand: Bool) -> Bool { block == nil || byHand && block == .recent }

  fileprivate static func of(
    _ payee: Payee, at now: Moment, _ policy: Policy, _ providers: PaymentProviders, in db: any Connection
  ) throws -> [PayoutDue] {
    let released = try payee.released(in: db)
    guard !released.isEmpty else { return [] }
    let name = try payee.name(in: db)
    let isSuspended = try payee.isSuspended(in: db)
    let hold = try db.row("SELECT reason FROM payout_hold WHERE payee = \(payee) AND released_ms IS NULL")
    let destination = try PayoutDestination.find(payee, in: db)?.destination
    let isReady =
      try destination.map { destination in
        try destination.provider.isEmpty
          || ProviderPayee.find(payee, destination.provider, in: db)?.isReady == true
      } ?? true
    // Of a provider that is not there (any more) nothing is known: what it is to send waits for it.
    let sender = destination.flatMap { providers[$0.provider] }
    let isTaken = { (currency: Currency) in sender?.takes(currency) ?? true }
    return try released.sorted { $0.key.code < $1.key.code }.compactMap { currency, parts in
      let sum = parts.reduce(0) { $0 + $1.minor }
      guard sum != 0 else { return nil }
      let last = try db.row(
        """
        SELECT 1 FROM payout WHERE payee = \(payee) AND currency = \(currency) AND state <> 'returned'
          AND made_ms > \(now.adding(seconds: -policy.payoutDays * 86_400))
        """)
      let block: Block? =
        if sum < 0 { .debt } else if hold != nil { .held } else if isSuspended {
          .suspended
        } else if sum
          < policy.payoutMinimumMinor
        { .small } else if destination == nil { .noDestination } else if destination.map({ $0.usable > now }) ?? true {
          .newDestination
        } else if !isReady { .providerNotReady } else if !isTaken(currency) {
          .currencyNotTaken
        } else if last != nil { .recent } else { nil }
      return PayoutDue(
        payee: payee, name: name, available: Money(minor: sum, currency: currency), block: block,
        holdReason: try hold?.get("reason") ?? "")
    }
  }
}

import Store

/// Sending money on. The sandbox asks nobody who they are: an account is ready once its owner was sent to it.
extension SandboxProvider: PayeeAddresses {
  public func makePayee(_ payee: Payee, country: String) async throws -> String {
    try await asIfFarAway {
      try await self.database.write { db in
        if let known = try db.row("SELECT id FROM sandbox_payee WHERE payee = \(payee)") { return try known.get("id") }
        let id = Secret(prefix: "acct_", entropy: self.entropy).text
        try db.run("INSERT INTO sandbox_payee (id, payee, is_ready) VALUES (\(id), \(payee), 0)")
        return id
      }
    }
  }

  public var onboardingOrigin: String? { nil }

  public func onboarding(_ account: String, back: String) async throws -> String {
    try await asIfFarAway {
      try await self.database.write { db in
        guard try db.run("UPDATE sandbox_payee SET is_ready = 1 WHERE id = \(account)") == 1 else {
          throw Self.unknownPayee
        }
        return "\(back)?connect=returned"
      }
    }
  }

  public func standing(_ names: PayeeNames) async throws -> PayeeStanding {
    try await asIfFarAway {
      try await self.database.read { db in
        guard let found = try db.row("SELECT is_ready FROM sandbox_payee WHERE id = \(names.account)") else {
          throw Self.unknownPayee
        }
        return PayeeStanding(try found.number("is_ready") == 1 ? .activated : .needsClarification)
      }
    }
  }

  /// There is none that waits.
  public func transfer(_ id: String) async throws -> ProviderTransfer {
    try await asIfFarAway {
      let key = try await self.database.read { db in
        try db.row("SELECT key FROM sandbox_transfer WHERE id = \(id)")?.get("key", as: String.self)
      }
      guard let key else { throw ProviderRefused(code: "resource_missing", sentence: "There is no such transfer.") }
      return ProviderTransfer(id: id, key: key)
    }
  }

  public func transfer(_ request: TransferRequest) async throws -> ProviderTransfer {
    let (id, amount, payment) = (
      Secret(prefix: "tr_", entropy: entropy).text, request.amount, request.payment ?? ""
    )
    return try await asIfFarAway {
      try await self.database.write { db in
        if let known = try db.row("SELECT id FROM sandbox_transfer WHERE key = \(request.key)") {
          return ProviderTransfer(id: try known.get("id"))
        }
        guard try db.row("SELECT id FROM sandbox_payee WHERE id = \(request.account) AND is_ready = 1") != nil else {
          throw ProviderRefused(code: "account_not_ready", sentence: "This account takes no money.")
        }
        if !payment.isEmpty { try Self.check(payment, has: amount, in: db) }
        try db.run(
          """
          INSERT INTO sandbox_transfer (id, key, payee_id, payment_id, currency, amount_minor, reversed_minor, made_ms)
          VALUES (\(id), \(request.key), \(request.account), \(payment), \(amount.currency), \(amount.minor), 0,
            \(self.clock.now))
          """)
        return ProviderTransfer(id: id)
      }
    }
  }

  /// No more is sent on of a payment than was paid.
  private static func check(_ payment: String, has amount: Money, in db: any Connection) throws {
    let sent = try db.requireRow(
      """
      SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) AS minor FROM sandbox_transfer WHERE payment_id = \(payment)
      """
    ).number("minor")
    let paid = try db.row(
      """
      SELECT amount_minor FROM sandbox_payment WHERE id = \(payment) AND currency = \(amount.currency)
        AND state = \(ProviderPayment.State.succeeded)
      """)
    guard let paid, try paid.number("amount_minor") - sent >= amount.minor else {
      throw ProviderRefused(code: "source_too_small", sentence: "There is not that much of this payment.")
    }
  }

  public func reverse(_ request: ReversalRequest) async throws -> String {
    let id = Secret(prefix: "trr_", entropy: entropy).text
    return try await asIfFarAway {
      try await self.database.write { db in
        if let known = try db.row("SELECT id FROM sandbox_reversal WHERE key = \(request.key)") {
          return try known.get("id")
        }
        let isLeft = try db.run(
          """
          UPDATE sandbox_transfer SET reversed_minor = reversed_minor + \(request.amount.minor)
          WHERE id = \(request.transfer) AND currency = \(request.amount.currency)
            AND amount_minor - reversed_minor >= \(request.amount.minor)
            AND payee_id IN (SELECT id FROM sandbox_payee WHERE is_ready = 1)
          """)
        guard isLeft == 1 else {
          throw ProviderRefused(code: "transfer_already_reversed", sentence: "There is not that much of this transfer.")
        }
        try db.run(
          """
          INSERT INTO sandbox_reversal (id, key, transfer_id, amount_minor)
          VALUES (\(id), \(request.key), \(request.transfer), \(request.amount.minor))
          """)
        return id
      }
    }
  }

  private static let unknownPayee = ProviderRefused(
    code: "resource_missing", sentence: "There is no such account.")
}

/// What `audit()` found.
public struct AuditReport: Sendable, Equatable {
  /// One sentence for each thing that does not add up; empty when the books are right. At most 1 000 are listed.
  public let differences: [String]
  /// Some lines for a person: what was counted, the balances, and the differences.
  public let summary: String

  public var isClean: Bool { differences.isEmpty }
}

/// What an account of the ledger has.
public struct Balance: Sendable, Equatable {
  /// `provider:<name>`, `seller:<channel>`, `commission`, `promotion`, `tax:<market>`, `buyer:<order>`, `payouts` or
  /// `bank`.
  public let account: String
  /// Positive: the house owes it to the account, or has earned it. Negative: the account owes it to the house.
  public let amount: Money
}

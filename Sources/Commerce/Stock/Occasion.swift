/// When, by whom and why something in a journal happened, and where its new ids come from.
///
/// One is made per attempt of a verb's transaction, so that all it writes carries one time.
public struct Occasion: Sendable {
  public let at: Moment
  public let entropy: Entropy
  /// Who did it; nil for the house itself (an expired reservation) and for guests.
  public let by: ID<Account>?
  /// The order it was for.
  public let order: ID<Order>?
  /// Why, in the words of who did it; at most 200 characters are kept.
  public let note: String

  public init(at: Moment, entropy: Entropy, by: ID<Account>? = nil, order: ID<Order>? = nil, note: String = "") {
    self.at = at
    self.entropy = entropy
    self.by = by
    self.order = order
    self.note = String(note.prefix(200))
  }

  /// The same, for that order.
  func of(_ order: ID<Order>) -> Occasion {
    Occasion(at: at, entropy: entropy, by: by, order: order, note: note)
  }
}

extension Commerce {
  /// Now, for `by`, because of `note`.
  func occasion(by account: ID<Account>? = nil, order: ID<Order>? = nil, note: String = "") -> Occasion {
    Occasion(at: clock.now, entropy: entropy, by: account, order: order, note: note)
  }
}

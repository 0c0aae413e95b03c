public import Store

/// What is said of an account to others who watch a show when it buys something there. A guest is always someone.
public enum ShownBuyer: String, Sendable, Codable, CaseIterable, ValueConvertible {
  case firstName = "first_name"
  /// The standard: that somebody bought it, without a name.
  case someone
  /// Nothing is said at all.
  case nobody

  private static let nameCharactersMax = 40

  /// The first word of a name, if it has one.
  public static func firstName(of name: String) -> String? {
    name.split(whereSeparator: \.isWhitespace).first.map { String($0.prefix(nameCharactersMax)) }
  }
}

extension Commerce {
  /// What the caller lets be said of them. Throws `GeneralRefusal.signInNeeded`.
  public func shownBuyer(by caller: Caller) async throws -> ShownBuyer {
    try await database.read { db in
      let account = try caller.requireAccount()
      guard let row = try db.row("SELECT shown_as FROM account WHERE id = \(account)") else {
        throw GeneralRefusal.signInNeeded
      }
      return try row.get("shown_as")
    }
  }

  /// Sets it, from the next order that is told on. Throws `GeneralRefusal.signInNeeded`.
  @discardableResult
  public func setShownBuyer(by caller: Caller, _ shown: ShownBuyer) async throws -> ShownBuyer {
    try await database.write { db in
      let account = try caller.requireAccount()
      guard try db.run("UPDATE account SET shown_as = \(shown) WHERE id = \(account)") == 1 else {
        throw GeneralRefusal.signInNeeded
      }
      return shown
    }
  }
}

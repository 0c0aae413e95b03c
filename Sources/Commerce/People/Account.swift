import Store

/// A person who can sign in.
public struct Account: Sendable, Equatable, Codable {
  public let id: ID<Account>
  /// Folded: lower case.
  public let email: String
  public let name: String
  public let isOperator: Bool
  public let createdAt: Moment

  static let columns: SQL = "account.id, account.email, account.name, account.is_operator, account.created_ms"

  init(row: Row) throws {
    id = try row.get("id")
    email = try row.get("email")
    name = try row.get("name")
    isOperator = try row.get("is_operator")
    createdAt = try row.get("created_ms")
  }

  static func find(_ id: ID<Account>, in db: any Connection) throws -> Account? {
    try db.row("SELECT \(columns) FROM account WHERE id = \(id)").map(Account.init)
  }
}

/// Who asks. Every verb on private things takes one, and looks up what it may do inside its own transaction.
public struct Caller: Sendable, Hashable {
  public let account: ID<Account>?
  /// For what to show; verbs look it up again.
  public let isOperator: Bool
  /// Set for a partner's API key, which is no account: it reads what is the partner's, and is nobody elsewhere.
  public let partner: ID<Partner>?

  public init(account: ID<Account>?, isOperator: Bool = false) {
    self.account = account
    self.isOperator = isOperator
    partner = nil
  }

  init(partner: ID<Partner>) {
    account = nil
    isOperator = false
    self.partner = partner
  }

  public init(_ account: Account) {
    self.init(account: account.id, isOperator: account.isOperator)
  }

  /// Someone who has not signed in.
  public static let nobody = Caller(account: nil)

  /// Throws `signInNeeded` for nobody, and `PartnerRefusal.keyOnlyLooks` for a partner's key.
  func requireAccount() throws -> ID<Account> {
    guard partner == nil else { throw PartnerRefusal.keyOnlyLooks }
    guard let account else { throw GeneralRefusal.signInNeeded }
    return account
  }

  /// Throws unless the account is an operator now.
  @discardableResult
  func requireOperator(in db: any Connection) throws -> ID<Account> {
    let id = try requireAccount()
    guard try Account.find(id, in: db)?.isOperator == true else {
      throw GeneralRefusal.notAllowed(need: "the operator of this installation")
    }
    return id
  }
}

extension Commerce {
  /// Nil when there is none.
  public func account(_ id: ID<Account>) async throws -> Account? {
    try await database.read { db in try Account.find(id, in: db) }
  }
}

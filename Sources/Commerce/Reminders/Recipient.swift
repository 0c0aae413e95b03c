public import Store

/// Where somebody is reminded of shows: an e-mail address, of an account or a guest, or a browser.
public struct Recipient: Sendable, Equatable {
  public enum Way: String, Sendable, Codable, CaseIterable, ValueConvertible {
    case mail, push
  }

  public let id: ID<Recipient>
  public let way: Way
  /// Nil for a guest.
  public let account: ID<Account>?
  /// Empty for a browser.
  public let email: String
  /// The reader's when they last asked, such as `hi`.
  public let language: String
  /// When it was said by whoever reads the mail that they want it; nil before.
  public let confirmed: Moment?
  /// When they said that nothing more is to be asked; nil mostly.
  public let blocked: Moment?
  /// How a browser is reached; nil for mail.
  let subscription: PushSubscription?

  static let columns: SQL = """
    recipient.id AS recipient_id, recipient.way AS way, recipient.account_id AS account_id, recipient.email AS email,
    recipient.language AS language, recipient.confirmed_ms AS confirmed_ms, recipient.blocked_ms AS blocked_ms,
    recipient.endpoint AS endpoint, recipient.public_key AS public_key, recipient.auth AS auth
    """

  init(row: Row) throws {
    id = try row.get("recipient_id")
    way = try row.get("way")
    account = try row.get("account_id")
    email = try row.get("email")
    language = try row.get("language")
    confirmed = try row.get("confirmed_ms")
    blocked = try row.get("blocked_ms")
    subscription = PushSubscription(
      endpoint: try row.get("endpoint"), publicKey: try row.get("public_key"), auth: try row.get("auth"))
  }

  static func find(_ id: ID<Recipient>, in db: any Connection) throws -> Recipient? {
    try db.row("SELECT \(columns) FROM recipient WHERE id = \(id)").map(Recipient.init)
  }

  static func find(_ way: Way, of holder: [UInt8], in db: any Connection) throws -> Recipient? {
    try db.row("SELECT \(columns) FROM recipient WHERE way = \(way) AND holder = \(holder)").map(Recipient.init)
  }

  /// Those of an account, the first made first.
  static func all(of account: ID<Account>, in db: any Connection) throws -> [Recipient] {
    try db.rows("SELECT \(columns) FROM recipient WHERE account_id = \(account) ORDER BY id").map(Recipient.init)
  }

  /// The recipient that mail to an account goes to. The address of an account is nothing that anybody has shown to be
  /// theirs: it is asked once, and again when it became another.
  static func ofMail(
    to person: Account, language: String, or id: ID<Recipient>, at now: Moment, in db: any Connection
  ) throws -> Recipient {
    let holder = Holder(account: person.id, email: person.email, address: nil).buyer
    try make(id, .mail, holder, account: person.id, email: person.email, language: language, at: now, in: db)
    try db.run(
      """
      UPDATE recipient SET email = \(person.email), confirmed_ms = NULL, blocked_ms = NULL
      WHERE way = 'mail' AND holder = \(holder) AND email <> \(person.email)
      """)
    return try require(.mail, of: holder, in: db)
  }

  /// The recipient that mail to a guest goes to.
  static func ofMail(
    to email: String, language: String, or id: ID<Recipient>, at now: Moment, in db: any Connection
  ) throws -> Recipient {
    let holder = Holder(account: nil, email: email, address: nil).buyer
    try make(id, .mail, holder, account: nil, email: email, language: language, at: now, in: db)
    return try require(.mail, of: holder, in: db)
  }

  private static func make(
    _ id: ID<Recipient>, _ way: Way, _ holder: [UInt8], account: ID<Account>?, email: String, language: String,
    at now: Moment, in db: any Connection
  ) throws {
    try db.run(
      """
      INSERT INTO recipient (id, way, holder, account_id, email, language, confirmed_ms, blocked_ms, created_ms)
      VALUES (\(id), \(way), \(holder), \(account), \(email), \(language), NULL, NULL, \(now))
      ON CONFLICT (way, holder) DO UPDATE SET language = excluded.language
      """)
  }

  private static func require(_ way: Way, of holder: [UInt8], in db: any Connection) throws -> Recipient {
    guard let recipient = try find(way, of: holder, in: db) else { throw MissingRow() }
    return recipient
  }
}

extension Recipient {
  /// Everything of an account's reminders, when the account goes.
  static func forget(account: ID<Account>, in db: any Connection) throws {
    for recipient in try all(of: account, in: db) { try recipient.forget(in: db) }
    try db.run("UPDATE follow SET mail_live = 0, push_live = 0 WHERE account_id = \(account)")
  }

  /// With its reminders and what waits to be sent to it.
  func forget(in db: any Connection) throws {
    try withdraw(in: db)
    try db.run("DELETE FROM reminder WHERE recipient_id = \(id)")
    try db.run("DELETE FROM recipient WHERE id = \(id)")
  }

  /// What waits to be sent to it is not sent; of one show, where one is named.
  func withdraw(_ show: ID<Show>? = nil, in db: any Connection) throws {
    let about: SQL = show.map { "AND cause_id = \($0)" } ?? ""
    try db.run("DELETE FROM mail WHERE recipient_id = \(id) AND state = 'waiting' AND is_taken = 0 \(about)")
    let ofShow: SQL = show.map { "AND show_id = \($0)" } ?? ""
    try db.run("DELETE FROM push_message WHERE recipient_id = \(id) AND state = 'waiting' \(ofShow)")
  }
}

extension Commerce {
  /// What opens a recipient's reminders to whoever reads what is sent there. It is not kept, but made anew from a secret
  /// of this installation, so that the link in an old mail is never too old.
  func token(of recipient: ID<Recipient>) -> Secret {
    Secret(
      made: Recipient.tokenPrefix + Hexadecimal.text(recipient.bytes)
        + Hexadecimal.text(vault.keyedDigest("recipient \(recipient)")))
  }

  /// The recipient that a token opens; nil for what is none of ours.
  func recipient(of token: Secret?, in db: any Connection) throws -> Recipient? {
    guard let token, token.text.hasPrefix(Recipient.tokenPrefix),
      let bytes = Hexadecimal.bytes(token.text.dropFirst(Recipient.tokenPrefix.count).prefix(32)),
      let id = ID<Recipient>(bytes: bytes), token.hash == self.token(of: id).hash
    else { return nil }
    return try Recipient.find(id, in: db)
  }

  /// Throws `GeneralRefusal.notFound`.
  func requireRecipient(_ token: Secret?, in db: any Connection) throws -> Recipient {
    guard let recipient = try recipient(of: token, in: db) else { throw GeneralRefusal.notFound("reminder") }
    return recipient
  }
}

extension Recipient {
  fileprivate static let tokenPrefix = "haat_remind_"
}

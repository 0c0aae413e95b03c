import Foundation
import Store

/// A bank account to pay to.
public struct BankAccount: Sendable, Equatable, Codable {
  /// Whose it is, as the bank knows them.
  public var holder: String
  /// An IBAN, or the account's number of 4 to 34 letters and digits.
  public var number: String
  /// The bank: a BIC, India's IFSC, or another routing code; may be empty with an IBAN.
  public var code: String

  public init(holder: String, number: String, code: String = "") {
    self.holder = holder
    self.number = number
    self.code = code
  }

  /// The last four characters of its number.
  public var ending: String { String(number.suffix(4)) }

  /// Without spaces and in capital letters. Throws `GeneralRefusal.invalid`.
  func checked(_ policy: Policy) throws -> BankAccount {
    func plain(_ text: String) -> String {
      String(text.uppercased().filter { !$0.isWhitespace && $0 != "-" })
    }
    var account = self
    account.holder = try policy.text(holder, "holder", max: policy.nameCharactersMax)
    // A file for a bank is a table that people open: what begins like a formula is no name.
    guard let first = account.holder.first, first.isLetter || first.isNumber else {
      throw GeneralRefusal.invalid(field: "holder", why: "must begin with a letter or a digit")
    }
    account.number = plain(number)
    account.code = plain(code)
    let isPlain = { (text: String) in text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
    }
    guard (4...34).contains(account.number.utf8.count), isPlain(account.number) else {
      throw GeneralRefusal.invalid(field: "number", why: "must be 4 to 34 letters and digits")
    }
    let looksLikeIBAN =
      account.number.utf8.prefix(2).allSatisfy { (0x41...0x5A).contains($0) }
      && account.number.utf8.dropFirst(2).prefix(2).allSatisfy { (0x30...0x39).contains($0) }
    guard !looksLikeIBAN || Self.isIBAN(account.number) else {
      throw GeneralRefusal.invalid(field: "number", why: "is not a valid IBAN: a digit is wrong or missing")
    }
    guard account.code.isEmpty ? looksLikeIBAN : (6...11).contains(account.code.utf8.count) && isPlain(account.code)
    else {
      throw GeneralRefusal.invalid(
        field: "code", why: "must be the bank's code of 6 to 11 letters and digits, such as an IFSC or a BIC")
    }
    return account
  }

  /// ISO 13616: with its first four characters at the end and letters as 10 to 35, it leaves 1 when divided by 97.
  static func isIBAN(_ number: String) -> Bool {
    guard (15...34).contains(number.utf8.count) else { return false }
    var rest = 0
    for byte in Array(number.utf8.dropFirst(4)) + Array(number.utf8.prefix(4)) {
      switch byte {
      case 0x30...0x39: rest = (rest * 10 + Int(byte - 0x30)) % 97
      case 0x41...0x5A: rest = (rest * 100 + Int(byte - 0x41) + 10) % 97
      default: return false
      }
    }
    return rest == 1
  }
}

/// Where somebody's money goes, as far as it is shown.
public struct PayoutDestination: Sendable, Equatable {
  public let holder: String
  /// The last four characters of the account's number, or of its name at a provider.
  public let ending: String
  /// The payment provider that sends it; empty for a bank account, which files are made for.
  public let provider: String
  /// The account's name at the provider.
  let providerAccount: String
  public let changed: Moment
  /// Payouts go there from then on: who takes over an account should not get the money before anybody notices.
  public let usable: Moment
}

extension Commerce {
  /// Where a payee's money goes; nil when nobody has said. For a channel's owners, and the operator.
  public func payoutDestination(of payee: Payee, by caller: Caller) async throws -> PayoutDestination? {
    try await database.read { db in
      try payee.requireOrOperator(caller, in: db)
      return try PayoutDestination.find(payee, in: db)?.destination
    }
  }

  /// Says where a payee's money goes from now on; for a channel's owners. A first one can be paid to at once, a change
  /// waits `Policy.payoutChangeHours`. Payouts under way go where they were going.
  ///
  /// Throws `GeneralRefusal`.
  @discardableResult
  public func setPayoutDestination(
    of payee: Payee, by caller: Caller, _ account: BankAccount
  ) async throws -> PayoutDestination {
    let account = try account.checked(policy)
    let text = String(decoding: try JSONEncoder().encode(account), as: UTF8.self)
    let sealed = try vault.seal(text, for: "payouts of \(payee)")
    return try await database.write { [policy] db in
      let person = try payee.require(caller, in: db)
      let now = clock.now
      let isFirst = try PayoutDestination.find(payee, in: db) == nil
      let usable = isFirst ? now : now.adding(seconds: policy.payoutChangeHours * 3600)
      try db.run(
        """
        INSERT INTO payout_destination (payee, holder, sealed, ending, changed_ms, usable_ms, account_id)
        VALUES (\(payee), \(account.holder), \(sealed), \(account.ending), \(now), \(usable), \(person))
        ON CONFLICT (payee) DO UPDATE SET holder = excluded.holder, sealed = excluded.sealed,
          ending = excluded.ending, changed_ms = excluded.changed_ms, usable_ms = excluded.usable_ms,
          account_id = excluded.account_id, provider = '', provider_account = ''
        """)
      guard let made = try PayoutDestination.find(payee, in: db) else { throw MissingRow() }
      return made.destination
    }
  }

  /// What was sealed, as it was; nil when it was sealed with another secret.
  func bankAccount(of payee: Payee, _ sealed: [UInt8]) -> BankAccount? {
    vault.open(sealed, for: "payouts of \(payee)").flatMap {
      try? JSONDecoder().decode(BankAccount.self, from: Data($0.utf8))
    }
  }
}

extension PayoutDestination {
  static func find(
    _ payee: Payee, in db: any Connection
  ) throws -> (destination: PayoutDestination, sealed: [UInt8])? {
    let row = try db.row(
      """
      SELECT holder, sealed, ending, provider, provider_account, changed_ms, usable_ms FROM payout_destination
      WHERE payee = \(payee)
      """)
    return try row.map { row in
      let destination = PayoutDestination(
        holder: try row.get("holder"), ending: try row.get("ending"), provider: try row.get("provider"),
        providerAccount: try row.get("provider_account"), changed: try row.get("changed_ms"),
        usable: try row.get("usable_ms"))
      return (destination, try row.get("sealed"))
    }
  }
}

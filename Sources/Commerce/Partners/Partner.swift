public import Store

/// Another site or app that brings buyers, and has a share of the platform's commission for it (DOMAIN.md, “Who”).
public struct Partner: Sendable, Equatable {
  public enum State: String, Sendable, Codable, CaseIterable {
    case active
    /// Earns nothing, and is paid nothing, until the operator thinks otherwise.
    case suspended
    /// Earns nothing any more, and is still paid what it earned.
    case ended
  }

  public let id: ID<Partner>
  public let name: String
  /// What their links carry, `?via=`: public, and never another partner's.
  public let via: String
  /// The origins that may hold our frame for them.
  public let sites: [String]
  public let state: State
  /// Why it is not active; empty while it is.
  public let reason: String
  public let made: Moment
  /// Their part of the commission today; nil before their first terms begin.
  public let rate: Rate?
  /// In which its people are written to; empty where nobody said, and that is English.
  public let language: String

  static let viaCharacters = 3...30

  /// A key as links carry it, in small letters; nil for what can be none.
  public static func readVia(_ text: String) -> String? {
    guard viaCharacters.contains(text.utf8.count) else { return nil }
    let via = text.lowercased()
    let isPlain = via.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || byte == UInt8(ascii: "-")
    }
    return isPlain && viaCharacters.contains(via.utf8.count) ? via : nil
  }

  /// A language's tag as RFC 5646 writes it, such as `hi`.
  static func readLanguage(_ text: String) throws -> String {
    let isTag = text.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || byte == UInt8(ascii: "-")
    }
    guard isTag, (2...35).contains(text.utf8.count) else {
      throw GeneralRefusal.invalid(field: "language", why: "must be a language's tag, such as en or hi")
    }
    return text
  }
}

extension Partner.State: ValueConvertible {}

extension Partner {
  /// - Parameter now: which terms hold.
  static func columns(at now: Moment) -> SQL {
    """
    partner.id AS id, partner.name AS name, partner.via AS via, partner.sites AS sites, partner.state AS state,
    partner.reason AS reason, partner.created_ms AS created_ms, partner.language AS language,
    (SELECT terms.rate_bp FROM partner_terms terms WHERE terms.partner_id = partner.id AND terms.starts_ms <= \(now)
      ORDER BY terms.starts_ms DESC, terms.created_ms DESC, terms.id DESC LIMIT 1) AS rate_bp
    """
  }

  init(row: Row) throws {
    id = try row.get("id")
    name = try row.get("name")
    via = try row.get("via")
    sites = try TextList.list(of: row.get("sites"))
    state = try row.get("state")
    reason = try row.get("reason")
    made = try row.get("created_ms")
    rate = try row.get("rate_bp", as: Rate?.self)
    language = try row.get("language")
  }

  static func find(_ id: ID<Partner>, at now: Moment, in db: any Connection) throws -> Partner? {
    try db.row("SELECT \(columns(at: now)) FROM partner WHERE partner.id = \(id)").map(Partner.init)
  }

  /// What somebody wants with a partner.
  enum Access {
    /// For its people, its own keys, and the operator.
    case look
    /// For its people and the operator.
    case change
    /// For its people alone.
    case own
  }

  /// Throws `GeneralRefusal.signInNeeded`, `.notFound` for whom it does not exist, and `PartnerRefusal.keyOnlyLooks`.
  /// Gives who it was; nil for a key.
  @discardableResult
  static func require(
    _ id: ID<Partner>, _ access: Access, by caller: Caller, in db: any Connection
  ) throws -> ID<Account>? {
    if let key = caller.partner {
      guard key == id else { throw GeneralRefusal.notFound("partner") }
      guard access == .look else { throw PartnerRefusal.keyOnlyLooks }
      return nil
    }
    let account = try caller.requireAccount()
    let isMember =
      try db.row("SELECT 1 FROM partner_member WHERE partner_id = \(id) AND account_id = \(account)") != nil
    if isMember { return account }
    guard access != .own, try Account.find(account, in: db)?.isOperator == true,
      try db.row("SELECT 1 FROM partner WHERE id = \(id)") != nil
    else { throw GeneralRefusal.notFound("partner") }
    return account
  }
}

extension Commerce {
  /// A partner, for its people, its keys and the operator.
  public func partner(_ id: ID<Partner>, by caller: Caller) async throws -> Partner {
    try await database.read { db in
      try Partner.require(id, .look, by: caller, in: db)
      guard let partner = try Partner.find(id, at: clock.now, in: db) else { throw GeneralRefusal.notFound("partner") }
      return partner
    }
  }

  /// The same, by what its links carry.
  public func partner(via: String, by caller: Caller) async throws -> Partner {
    try await database.read { db in
      let row = try db.row("SELECT \(Partner.columns(at: clock.now)) FROM partner WHERE partner.via = \(via)")
      guard let row else {
        _ = try caller.partner == nil ? caller.requireAccount() : nil
        throw GeneralRefusal.notFound("partner")
      }
      let partner = try Partner(row: row)
      try Partner.require(partner.id, .look, by: caller, in: db)
      return partner
    }
  }

  /// The partners the caller is one of the people of, at most `Policy.pageLimitMax`; of a key, its own.
  public func ownPartners(by caller: Caller) async throws -> [Partner] {
    try await database.read { [policy] db in
      if let key = caller.partner { return [try Partner.find(key, at: clock.now, in: db)].compactMap { $0 } }
      let account = try caller.requireAccount()
      return try db.rows(
        """
        SELECT \(Partner.columns(at: clock.now)) FROM partner
        JOIN partner_member ON partner_member.partner_id = partner.id
        WHERE partner_member.account_id = \(account) ORDER BY partner.created_ms, partner.id
        LIMIT \(policy.pageLimitMax)
        """
      ).map(Partner.init)
    }
  }

  /// All partners, the latest made first; for the operator.
  public func partners(by caller: Caller, after cursor: Cursor? = nil, limit: Int = 50) async throws -> Page<Partner> {
    try policy.check(limit: limit)
    return try await database.read { db in
      try caller.requireOperator(in: db)
      let before: SQL = cursor.map { "WHERE (created_ms, id) < (\($0.key), \($0.id))" } ?? ""
      let rows = try db.rows(
        """
        SELECT \(Partner.columns(at: clock.now)) FROM partner \(before)
        ORDER BY created_ms DESC, id DESC LIMIT \(limit + 1)
        """)
      return Page(try rows.map(Partner.init), limit: limit) { Cursor($0.made.milliseconds, $0.id) }
    }
  }
}

/// Why a partner is not made or changed.
public enum PartnerRefusal: Refusal, Equatable {
  case viaTaken
  case ended
  case keyOnlyLooks

  public var code: String {
    switch self {
    case .viaTaken: "via_taken"
    case .ended: "partner_ended"
    case .keyOnlyLooks: "partner_key"
    }
  }

  public var sentence: String {
    switch self {
    case .viaTaken: "Another partner has, or had, this key for its links. Choose another."
    case .ended: "This partnership has ended, for good. Make a new partner."
    case .keyOnlyLooks:
      "A partner's API key reads what is the partner's, and nothing else. Sign in, or send an account's API key."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .viaTaken, .ended: .conflict
    case .keyOnlyLooks: .forbidden
    }
  }

  public var field: String? { self == .viaTaken ? "via" : nil }
}

import Store

/// An operator's word that whoever has the link may sell: once or several times, for some markets, until a day.
public struct Invitation: Sendable, Equatable {
  public struct Use: Sendable, Equatable {
    public let channel: ID<Channel>
    public let handle: String
    public let name: String
    public let market: String
    public let at: Moment
  }

  public enum State: String, Sendable, Codable, CaseIterable { case open, used, expired, revoked }

  public let id: ID<Invitation>
  /// For the operator.
  public let note: String
  /// Codes; empty for every market.
  public let markets: [String]
  /// The tier that a new channel begins in; nil for the first.
  public let tier: Int64?
  public let usesMax: Int64
  public let used: Int64
  public let expires: Moment
  public let revoked: Moment?
  public let made: Moment
  /// The newest first, at most 100.
  public let uses: [Use]

  public func state(at now: Moment) -> State {
    if revoked != nil { return .revoked }
    if used >= usesMax { return .used }
    return expires <= now ? .expired : .open
  }

  public func isFor(_ market: String) -> Bool { markets.isEmpty || markets.contains(market) }

  static let columns: SQL = """
    id, note, markets, tier, uses_max, uses, expires_ms, revoked_ms, created_ms
    """

  init(row: Row, uses: [Use]) throws {
    id = try row.get("id")
    note = try row.get("note")
    markets = try row.get("markets", as: String.self).split(separator: ",").map(String.init)
    tier = try row.get("tier")
    usesMax = try row.get("uses_max")
    used = try row.get("uses")
    expires = try row.get("expires_ms")
    revoked = try row.get("revoked_ms")
    made = try row.get("created_ms")
    self.uses = uses
  }

  static func require(_ id: ID<Invitation>, in db: any Connection) throws -> Invitation {
    guard let row = try db.row("SELECT \(columns) FROM invitation WHERE id = \(id)") else {
      throw GeneralRefusal.notFound("invitation")
    }
    return try read([row], in: db)[0]
  }

  /// With who used them: one query more, however many there are.
  static func read(_ rows: [Row], in db: any Connection) throws -> [Invitation] {
    guard !rows.isEmpty else { return [] }
    var uses: [ID<Invitation>: [Use]] = [:]
    for row in try db.rows(
      """
      SELECT used.invitation_id AS invitation_id, used.channel_id AS channel_id, channel.handle AS handle,
        channel.name AS name, used.market AS market, used.used_ms AS used_ms
      FROM invitation_use used JOIN channel ON channel.id = used.channel_id
      WHERE used.invitation_id IN \(list: try rows.map { try $0.get("id", as: ID<Invitation>.self) })
      ORDER BY used.used_ms DESC, used.channel_id LIMIT 2000
      """)
    {
      uses[try row.get("invitation_id"), default: []].append(
        Use(
          channel: try row.get("channel_id"), handle: try row.get("handle"), name: try row.get("name"),
          market: try row.get("market"), at: try row.get("used_ms")))
    }
    return try rows.map { try Invitation(row: $0, uses: Array((uses[$0.get("id")] ?? []).prefix(100))) }
  }
}

extension Invitation {
  static let prefix = "haat_invite_"

  /// What was presented; nil for nothing. Throws `AdmissionRefusal.invitationUnknown` for what cannot be one.
  static func secret(_ text: String?) throws -> Secret? {
    guard let text, !text.isEmpty else { return nil }
    guard let secret = Secret(presented: text) else { throw AdmissionRefusal.invitationUnknown }
    return secret
  }

  static func find(_ token: Secret, in db: any Connection) throws -> Invitation? {
    try db.row("SELECT \(columns) FROM invitation WHERE token_hash = \(token.hash)")
      .map { try read([$0], in: db)[0] }
  }

  /// Uses it up by one. One statement decides, so that the last use is nobody's twice.
  static func use(
    _ token: Secret, for channel: ID<Channel>, in market: String, on occasion: Occasion, db: any Connection
  ) throws {
    guard let invitation = try find(token, in: db) else { throw AdmissionRefusal.invitationUnknown }
    guard invitation.state(at: occasion.at) == .open else { throw AdmissionRefusal.invitationOver }
    guard invitation.isFor(market) else { throw AdmissionRefusal.invitationElsewhere(market) }
    let used = try db.run(
      """
      UPDATE invitation SET uses = uses + 1
      WHERE id = \(invitation.id) AND revoked_ms IS NULL AND uses < uses_max AND expires_ms > \(occasion.at)
      """)
    guard used == 1 else { throw AdmissionRefusal.invitationOver }
    try db.run(
      """
      INSERT INTO invitation_use (invitation_id, channel_id, market, account_id, used_ms)
      VALUES (\(invitation.id), \(channel), \(market), \(occasion.by.sqlValue), \(occasion.at))
      """)
  }
}

public import Store

/// Something asked or decided about a channel. They are added to and never changed.
public struct AdmissionEvent: Sendable, Equatable {
  public enum Kind: String, Sendable, Codable, CaseIterable, ValueConvertible {
    /// An owner asked for a market.
    case applied
    /// The channel may sell in the market.
    case approved
    /// It may not, or not any more.
    case refused
    /// It may sell nowhere and not go on air.
    case suspended
    /// That is over.
    case lifted
    /// An owner does not agree with a refusal or a suspension.
    case appealed
    /// A suspension stays, after an appeal.
    case upheld
    /// It has another tier.
    case tier
  }

  public let id: ID<AdmissionEvent>
  public let channel: ID<Channel>
  /// 1, 2, 3 … of a channel.
  public let place: Int64
  /// Empty for the channel as a whole.
  public let market: String
  public let kind: Kind
  public let reason: AdmissionReason?
  public let words: String
  /// It answers an appeal: there is no other.
  public let isFinal: Bool
  /// Of `.tier`.
  public let tier: Int64?
  /// Nil for the house itself.
  public let account: ID<Account>?
  /// Empty for the house itself.
  public let name: String
  public let at: Moment

  static let query: SQL = """
    SELECT event.id AS id, event.channel_id AS channel_id, event.place AS place, event.market AS market,
      event.kind AS kind, event.reason AS reason, event.words AS words, event.is_final AS is_final,
      event.tier AS tier, event.account_id AS account_id, event.at_ms AS at_ms,
      COALESCE(account.name, '') AS account_name
    FROM admission_event event LEFT JOIN account ON account.id = event.account_id
    """

  init(row: Row) throws {
    id = try row.get("id")
    channel = try row.get("channel_id")
    place = try row.get("place")
    market = try row.get("market")
    kind = try row.get("kind")
    reason = AdmissionReason(rawValue: try row.get("reason"))
    words = try row.get("words")
    isFinal = try row.get("is_final")
    tier = try row.get("tier")
    account = try row.get("account_id")
    name = try row.get("account_name")
    at = try row.get("at_ms")
  }

  static func find(_ id: ID<AdmissionEvent>, in db: any Connection) throws -> AdmissionEvent? {
    try db.row("\(query) WHERE event.id = \(id)").map(AdmissionEvent.init)
  }

  static func all(
    _ ids: [ID<AdmissionEvent>], in db: any Connection
  ) throws -> [ID<AdmissionEvent>: AdmissionEvent] {
    guard !ids.isEmpty else { return [:] }
    return try Dictionary(
      db.rows("\(query) WHERE event.id IN \(list: ids)").map(AdmissionEvent.init).map { ($0.id, $0) }
    ) { $1 }
  }

  /// The newest first, at most `limit`.
  static func all(of channel: ID<Channel>, limit: Int, in db: any Connection) throws -> [AdmissionEvent] {
    try db.rows("\(query) WHERE event.channel_id = \(channel) ORDER BY event.place DESC LIMIT \(limit)")
      .map(AdmissionEvent.init)
  }

  /// What was last decided against the channel, in a market or (empty) as a whole; nil when it was in its favour.
  static func lastNo(_ channel: ID<Channel>, in market: String, db: any Connection) throws -> AdmissionEvent? {
    let last = try db.row(
      """
      \(query) WHERE event.channel_id = \(channel) AND event.market = \(market)
        AND event.kind IN ('approved', 'refused', 'suspended', 'lifted', 'upheld')
      ORDER BY event.place DESC LIMIT 1
      """
    ).map(AdmissionEvent.init)
    guard let last, [.refused, .suspended, .upheld].contains(last.kind) else { return nil }
    return last
  }

  /// Adds one, and gives its id.
  @discardableResult
  static func add(
    _ kind: Kind, _ channel: ID<Channel>, market: String = "", _ reason: AdmissionReason? = nil, words: String = "",
    isFinal: Bool = false, tier: Int64? = nil, on occasion: Occasion, in db: any Connection
  ) throws -> ID<AdmissionEvent> {
    let id = ID<AdmissionEvent>(at: occasion.at, entropy: occasion.entropy)
    let last: Int64 = try db.requireRow(
      "SELECT COALESCE(MAX(place), 0) AS place FROM admission_event WHERE channel_id = \(channel)"
    ).get("place")
    try db.run(
      """
      INSERT INTO admission_event (id, channel_id, place, market, kind, reason, words, is_final, tier, account_id, at_ms)
      VALUES (\(id), \(channel), \(last + 1), \(market), \(kind), \(reason?.rawValue ?? ""), \(words), \(isFinal),
        \(tier.sqlValue), \(occasion.by.sqlValue), \(occasion.at))
      """)
    return id
  }
}

public import Store

/// Something that is given away on air, by a draw that anyone can check (docs/giveaways.md).
public struct Giveaway: Sendable, Equatable {
  /// What one has to do to be in it.
  public enum Entry: String, Sendable, Codable, CaseIterable, ValueConvertible { case comment, watch, follow }

  /// `open` takes entries, `closed` has its list published, `drawn` has its winners.
  public enum State: String, Sendable, Codable, CaseIterable, ValueConvertible { case open, closed, drawn }

  /// One of those that were drawn.
  public struct Winner: Sendable, Equatable {
    public enum State: String, Sendable, Codable, CaseIterable, ValueConvertible { case waiting, claimed, expired }

    /// 0 is the first that was drawn.
    public let place: Int64
    /// Its number in the list, from 0.
    public let position: Int64
    /// The first eight digits of its leaf.
    public let code: String
    /// As chat showed it; empty for who said nothing.
    public let name: String
    public let state: State
    public let claimUntil: Moment
  }

  public let id: ID<Giveaway>
  public let show: ID<Show>
  public let prize: String
  public let variant: ID<Variant>?
  public let winnersMax: Int64
  public let entry: Entry
  /// Empty for any comment.
  public let keyword: String
  public let watchSeconds: Int64
  public let state: State
  public let opened: Moment
  /// When entries are over for those who see it live.
  public let ends: Moment
  /// When it opened on the show's own clock, in milliseconds.
  public let openMediaTime: Int64
  /// SHA-256 of the seed.
  public let commitment: [UInt8]
  public let entrants: Int64
  /// SHA-256 of the list; nil while it is open.
  public let root: [UInt8]?
  public let closed: Moment?
  public let drawDue: Moment?
  /// What the host added to the draw.
  public let word: String
  public let drawn: Moment?
  public let unitsHeld: Int64
  public internal(set) var winners: [Winner] = []
  let secretSeed: [UInt8]
  let saltKey: [UInt8]

  /// How long before the end of a show what happens with it is placed.
  static let beforeEndMilliseconds: Int64 = 2_000

  /// Nil before the draw.
  public var seed: [UInt8]? { state == .drawn ? secretSeed : nil }
  /// On the show's own clock, in milliseconds.
  public var endMediaTime: Int64 { openMediaTime + ends.milliseconds(since: opened) }
}

extension Giveaway {
  static let columns: SQL = """
    giveaway.id, giveaway.show_id, giveaway.prize, giveaway.variant_id, giveaway.winners_max, giveaway.entry,
    giveaway.keyword, giveaway.watch_seconds, giveaway.state, giveaway.opened_ms, giveaway.ends_ms,
    giveaway.open_media_ms, giveaway.seed, giveaway.commitment, giveaway.salt_key, giveaway.entrants, giveaway.root,
    giveaway.closed_ms, giveaway.draw_due_ms, giveaway.word, giveaway.drawn_ms, giveaway.units_held
    """

  init(row: Row) throws {
    id = try row.get("id")
    show = try row.get("show_id")
    prize = try row.get("prize")
    variant = try row.get("variant_id")
    winnersMax = try row.get("winners_max")
    entry = try row.get("entry")
    keyword = try row.get("keyword")
    watchSeconds = try row.get("watch_seconds")
    state = try row.get("state")
    opened = try row.get("opened_ms")
    ends = try row.get("ends_ms")
    openMediaTime = try row.get("open_media_ms")
    secretSeed = try row.get("seed")
    commitment = try row.get("commitment")
    saltKey = try row.get("salt_key")
    entrants = try row.get("entrants")
    root = try row.get("root")
    closed = try row.get("closed_ms")
    drawDue = try row.get("draw_due_ms")
    word = try row.get("word")
    drawn = try row.get("drawn_ms")
    unitsHeld = try row.get("units_held")
  }

  /// With its winners. Throws `GeneralRefusal.notFound`.
  static func require(_ id: ID<Giveaway>, of show: ID<Show>? = nil, in db: any Connection) throws -> Giveaway {
    guard let row = try db.row("SELECT \(columns) FROM giveaway WHERE id = \(id)") else {
      throw GeneralRefusal.notFound("giveaway")
    }
    let giveaway = try Giveaway(row: row)
    guard show == nil || giveaway.show == show else { throw GeneralRefusal.notFound("giveaway") }
    return try withWinners([giveaway], in: db)[0]
  }

  /// The newest of a show, with its winners.
  static func latest(of show: ID<Show>, in db: any Connection) throws -> Giveaway? {
    try withWinners(
      db.rows(
        """
        SELECT \(columns) FROM giveaway WHERE show_id = \(show) ORDER BY created_ms DESC, id DESC LIMIT 1
        """
      ).map(Giveaway.init), in: db
    ).first
  }

  /// One more query, however many there are.
  static func withWinners(_ giveaways: [Giveaway], in db: any Connection) throws -> [Giveaway] {
    let drawn = giveaways.filter { $0.state == .drawn }.map(\.id)
    guard !drawn.isEmpty else { return giveaways }
    var winners: [ID<Giveaway>: [Winner]] = [:]
    for row in try db.rows(
      """
      SELECT giveaway_id, place, position, name, state, claim_until_ms, code FROM giveaway_winner
      WHERE giveaway_id IN \(list: drawn) ORDER BY giveaway_id, place
      """)
    {
      winners[try row.get("giveaway_id"), default: []].append(
        Winner(
          place: try row.get("place"), position: try row.get("position"), code: try row.get("code"),
          name: try row.get("name"), state: try row.get("state"), claimUntil: try row.get("claim_until_ms")))
    }
    return giveaways.map { giveaway in
      var giveaway = giveaway
      giveaway.winners = winners[giveaway.id] ?? []
      return giveaway
    }
  }
}

/// What a giveaway is opened from.
public struct GiveawayDraft: Sendable, Codable, Equatable {
  public var prize: String
  /// Each winner gets a unit, which is reserved from the opening on.
  public var variant: ID<Variant>?
  public var winnersMax: Int64
  public var entry: Giveaway.Entry
  /// For comments only; empty for any.
  public var keyword: String
  /// For watching only.
  public var watchSeconds: Int64
  /// How long it takes entries.
  public var durationSeconds: Int64

  public init(
    prize: String, variant: ID<Variant>? = nil, winnersMax: Int64 = 1, entry: Giveaway.Entry = .comment,
    keyword: String = "", watchSeconds: Int64 = 0, durationSeconds: Int64
  ) {
    self.prize = prize
    self.variant = variant
    self.winnersMax = winnersMax
    self.entry = entry
    self.keyword = keyword
    self.watchSeconds = watchSeconds
    self.durationSeconds = durationSeconds
  }
}

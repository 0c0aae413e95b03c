public import Store

/// One live event of a channel.
public struct Show: Sendable, Equatable {
  public let id: ID<Show>
  public let channel: ID<Channel>
  public let channelHandle: String
  public let channelName: String
  public let title: String
  public let description: String
  public let orientation: Orientation
  public let state: ShowState
  public let scheduledAt: Moment
  public let startedAt: Moment?
  public let endedAt: Moment?
  /// Codes of the markets it sells in.
  public let markets: [String]
  /// What is on screen.
  public let pinned: ID<Product>?
  /// The last number given in its timeline.
  public let sequence: Int64
  /// Wall-clock time of media time 0; nil until something was published.
  public let mediaEpoch: Moment?
  public let hasStreamKey: Bool
  /// When it was called off: it has ended, and never began. Nil of all others.
  public let calledOff: Moment?

  static let columns: SQL = """
    show.id, show.channel_id, channel.handle, channel.name AS channel_name, show.title, show.description,
    show.orientation, show.state, show.scheduled_ms, show.started_ms, show.ended_ms, show.pinned_product_id,
    show.sequence, show.media_epoch_ms, show.stream_key_hash, show.called_off_ms
    """
  static let source: SQL = "show JOIN channel ON channel.id = show.channel_id"

  init(row: Row, markets: [String]) throws {
    id = try row.get("id")
    channel = try row.get("channel_id")
    channelHandle = try row.get("handle")
    channelName = try row.get("channel_name")
    title = try row.get("title")
    description = try row.get("description")
    orientation = try row.get("orientation")
    state = try row.get("state")
    scheduledAt = try row.get("scheduled_ms")
    startedAt = try row.get("started_ms")
    endedAt = try row.get("ended_ms")
    self.markets = markets
    pinned = try row.get("pinned_product_id")
    sequence = try row.get("sequence")
    mediaEpoch = try row.get("media_epoch_ms")
    hasStreamKey = try row.get("stream_key_hash", as: [UInt8]?.self) != nil
    calledOff = try row.get("called_off_ms")
  }

  static func find(_ id: ID<Show>, in db: any Connection) throws -> Show? {
    try read(db.rows("SELECT \(columns) FROM \(source) WHERE show.id = \(id)"), in: db).first
  }

  static func require(_ id: ID<Show>, in db: any Connection) throws -> Show {
    guard let show = try find(id, in: db) else { throw GeneralRefusal.notFound("show") }
    return show
  }

  /// The shows of these rows with their markets: one more query, however many there are.
  static func read(_ rows: [Row], in db: any Connection) throws -> [Show] {
    guard !rows.isEmpty else { return [] }
    let ids = try rows.map { try $0.get("id", as: ID<Show>.self) }
    var markets: [ID<Show>: [String]] = [:]
    for row in try db.rows(
      "SELECT show_id, market FROM show_market WHERE show_id IN \(list: ids) ORDER BY show_id, market")
    {
      markets[try row.get("show_id"), default: []].append(try row.get("market"))
    }
    return try zip(ids, rows).map { try Show(row: $1, markets: markets[$0] ?? []) }
  }
}

public enum ShowState: String, Sendable, Codable, CaseIterable, ValueConvertible {
  case scheduled, live, ended
}

/// How the picture stands.
public enum Orientation: String, Sendable, Codable, CaseIterable, ValueConvertible {
  case vertical, horizontal
}

/// What a show is scheduled from, and changed to.
public struct ShowDraft: Sendable, Codable, Equatable {
  public var title: String
  public var description: String
  public var scheduledAt: Moment
  /// Codes; at least one.
  public var markets: [String]
  public var orientation: Orientation

  public init(
    title: String, description: String = "", scheduledAt: Moment, markets: [String],
    orientation: Orientation = .vertical
  ) {
    self.title = title
    self.description = description
    self.scheduledAt = scheduledAt
    self.markets = markets
    self.orientation = orientation
  }
}

/// What of a show is to be another; nil stays as it is.
public struct ShowChange: Sendable, Equatable {
  public var title: String?
  public var description: String?
  public var scheduledAt: Moment?
  public var markets: [String]?
  public var orientation: Orientation?

  public init(
    title: String? = nil, description: String? = nil, scheduledAt: Moment? = nil, markets: [String]? = nil,
    orientation: Orientation? = nil
  ) {
    self.title = title
    self.description = description
    self.scheduledAt = scheduledAt
    self.markets = markets
    self.orientation = orientation
  }

  func draft(of show: Show) -> ShowDraft {
    ShowDraft(
      title: title ?? show.title, description: description ?? show.description,
      scheduledAt: scheduledAt ?? show.scheduledAt, markets: markets ?? show.markets,
      orientation: orientation ?? show.orientation)
  }
}

/// What a viewer who has just come in needs to know.
public struct LiveState: Sendable, Equatable {
  public let show: Show
  public let pinned: ID<Product>?
  /// The last event that the rest of this takes into account; the next to ask for is the one after it.
  public let sequence: Int64
  /// The last messages (`Policy.recentMessages`), oldest first, without those removed.
  public let messages: [TimelineEvent]
  /// Those that nobody has seen end yet, the first opened first.
  public let deals: [Deal]
  /// The coupon on screen.
  public let coupon: Coupon?
  /// The newest, whatever became of it.
  public let giveaway: Giveaway?
  /// The newest, whatever became of it.
  public let auction: Auction?
  /// The newest that was not removed.
  public let poll: Poll?
  /// The one on screen, though its time may be over.
  public let banner: Banner?
  /// The one above the chat.
  public let question: PinnedQuestion?
  /// What can be said to reserve something, as its events tell it; the first opened first.
  public let claimWords: [[String: String]]
  /// What is left of each variant in the run of show.
  public let stock: [ID<Variant>: Int64]
}

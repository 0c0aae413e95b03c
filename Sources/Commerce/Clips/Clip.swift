public import Store

/// A short cut of a recording with a product attached, which sells on a page of its own for as long as it is there.
///
/// `making → ready | failed`, and `→ removed` from each.
public struct Clip: Sendable, Equatable {
  public enum State: String, Sendable, Codable, CaseIterable, ValueConvertible {
    case making, ready, failed, removed
  }

  public let id: ID<Clip>
  public let show: ID<Show>
  public let channel: ID<Channel>
  public let product: ID<Product>
  public let title: String
  /// What of the show it shows, in milliseconds on the show's media clock.
  public let fromMediaTime: Int64
  public let untilMediaTime: Int64
  public let state: State
  /// Of its file; 0 until it is ready.
  public let bytes: Int64
  public let durationMilliseconds: Int64
  public let created: Moment
  public let readyAt: Moment?

  /// How long a clip may be, in seconds.
  public static let seconds: ClosedRange<Int64> = 3...60

  static let columns: SQL = """
    clip.id, clip.show_id, clip.channel_id, clip.product_id, clip.title, clip.from_media_ms, clip.until_media_ms,
    clip.state, clip.bytes, clip.duration_ms, clip.created_ms, clip.ready_ms
    """

  init(row: Row) throws {
    id = try row.get("id")
    show = try row.get("show_id")
    channel = try row.get("channel_id")
    product = try row.get("product_id")
    title = try row.get("title")
    fromMediaTime = try row.get("from_media_ms")
    untilMediaTime = try row.get("until_media_ms")
    state = try row.get("state")
    bytes = try row.get("bytes")
    durationMilliseconds = try row.get("duration_ms")
    created = try row.get("created_ms")
    readyAt = try row.get("ready_ms")
  }

  static func require(_ id: ID<Clip>, in db: any Connection) throws -> Clip {
    guard let row = try db.row("SELECT \(columns) FROM clip WHERE id = \(id)") else {
      throw GeneralRefusal.notFound("clip")
    }
    return try Clip(row: row)
  }
}

/// What a clip is made from.
public struct ClipDraft: Sendable, Codable, Equatable {
  public var product: ID<Product>
  /// Milliseconds on the show's media clock, with it.
  public var fromMediaTime: Int64
  /// Without it.
  public var untilMediaTime: Int64
  /// The product's, when it is empty.
  public var title: String

  public init(product: ID<Product>, fromMediaTime: Int64, untilMediaTime: Int64, title: String = "") {
    self.product = product
    self.fromMediaTime = fromMediaTime
    self.untilMediaTime = untilMediaTime
    self.title = title
  }
}

/// Why there is no clip.
public enum ClipRefusal: Refusal, Equatable {
  /// It has to lie in what was recorded.
  case outside(from: Int64, until: Int64)
  case notInRun
  /// The stream was interrupted at this moment within it, in milliseconds on the show's media clock.
  case interrupted(at: Int64)
  case removed
  /// It is being made, or could not be.
  case notReady

  public var code: String {
    switch self {
    case .outside: "outside_recording"
    case .notInRun: "not_in_run"
    case .interrupted: "stream_interrupted"
    case .removed: "clip_removed"
    case .notReady: "clip_not_ready"
    }
  }

  public var sentence: String {
    switch self {
    case .outside(let from, let until):
      "A clip lies within what was recorded: from \((from + 999) / 1000) to \(until / 1000) seconds of the show."
    case .notInRun: "This product is not in the show's run. Choose one that is."
    case .interrupted(let moment):
      "The stream was interrupted \(moment / 1000) seconds into the show. Choose a stretch before or after that."
    case .removed: "This clip was removed."
    case .notReady: "This clip is not ready. Ask again in a few seconds."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .outside, .notInRun, .interrupted: .invalid
    case .removed: .gone
    case .notReady: .conflict
    }
  }

  public var field: String? {
    switch self {
    case .outside, .interrupted: "fromMediaTime"
    case .notInRun: "product"
    case .removed, .notReady: nil
    }
  }
}

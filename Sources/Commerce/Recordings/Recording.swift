public import Store

/// What became of a show's recording. The bytes themselves are the media side's.
public struct Recording: Sendable, Equatable {
  public let show: ID<Show>
  public let channel: ID<Channel>
  public let state: RecordingState
  /// Media time of its first frame and of its end, milliseconds on the show's clock; 0 until it is ready.
  public let startMediaTime: Int64
  public let endMediaTime: Int64
  /// How long it plays, in milliseconds, without what is missing.
  public let durationMilliseconds: Int64
  /// While it is recorded: 0 until something of it is on the disk, then how much that was.
  public let bytes: Int64
  /// What was on air and could not be written, in milliseconds.
  public let lostMilliseconds: Int64
  public let readyAt: Moment?
  public let deletedAt: Moment?
  public let deletedWhy: DeletionReason?

  static let columns: SQL = """
    recording.show_id, recording.channel_id, recording.state, recording.start_media_ms, recording.end_media_ms,
    recording.duration_ms, recording.bytes, recording.lost_ms, recording.ready_ms, recording.deleted_ms,
    recording.deleted_why
    """

  init(row: Row) throws {
    show = try row.get("show_id")
    channel = try row.get("channel_id")
    state = try row.get("state")
    startMediaTime = try row.get("start_media_ms")
    endMediaTime = try row.get("end_media_ms")
    durationMilliseconds = try row.get("duration_ms")
    bytes = try row.get("bytes")
    lostMilliseconds = try row.get("lost_ms")
    readyAt = try row.get("ready_ms")
    deletedAt = try row.get("deleted_ms")
    deletedWhy = try row.get("deleted_why")
  }

  static func find(_ show: ID<Show>, in db: any Connection) throws -> Recording? {
    try db.row("SELECT \(columns) FROM recording WHERE show_id = \(show)").map(Recording.init)
  }
}

/// `recording → ready | empty`, and `→ deleted` from there.
public enum RecordingState: String, Sendable, Codable, CaseIterable, ValueConvertible {
  case recording, ready, empty, deleted
}

/// Who deleted a recording: its owner, or the days it was to be kept.
public enum DeletionReason: String, Sendable, Codable, CaseIterable, ValueConvertible {
  case owner, retention
}

/// How a channel keeps its recordings.
public struct RecordingTerms: Sendable, Codable, Equatable {
  /// Days from the end of a show until its recording is deleted; 0 keeps it.
  public var keepDays: Int64
  /// Whether everybody may download the recordings, or only the channel's owners and hosts.
  public var isDownloadOpen: Bool

  public init(keepDays: Int64, isDownloadOpen: Bool) {
    self.keepDays = keepDays
    self.isDownloadOpen = isDownloadOpen
  }
}

/// What the media side found a finished recording to be. Times in milliseconds.
public struct RecordingFigures: Sendable, Equatable {
  public var startMediaTime: Int64
  public var endMediaTime: Int64
  public var durationMilliseconds: Int64
  public var bytes: Int64
  public var lostMilliseconds: Int64

  public init(
    startMediaTime: Int64, endMediaTime: Int64, durationMilliseconds: Int64, bytes: Int64, lostMilliseconds: Int64
  ) {
    self.startMediaTime = startMediaTime
    self.endMediaTime = endMediaTime
    self.durationMilliseconds = durationMilliseconds
    self.bytes = bytes
    self.lostMilliseconds = lostMilliseconds
  }
}

/// Why a recording is not there.
public enum RecordingRefusal: Refusal, Equatable {
  case notReady
  case deleted
  case none

  public var code: String {
    switch self {
    case .notReady: "recording_not_ready"
    case .deleted: "recording_deleted"
    case .none: "no_recording"
    }
  }

  public var sentence: String {
    switch self {
    case .notReady: "The recording is not complete yet. End the show first, and ask again in a few seconds."
    case .deleted: "The recording was deleted."
    case .none: "This show has no recording."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .notReady: .conflict
    case .deleted: .gone
    case .none: .notFound
    }
  }
}

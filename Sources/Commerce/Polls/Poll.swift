public import Store

/// A question that a host puts to those who watch, with two to six answers to tap (docs/decisions/0045).
public struct Poll: Sendable, Equatable {
  public enum State: String, Sendable, Codable, CaseIterable, ValueConvertible {
    case open, closed
    /// Taken away by the seller's people: what it said is forgotten.
    case removed
  }

  public let id: ID<Poll>
  public let show: ID<Show>
  public let question: String
  public let answers: [String]
  /// What each answer has, in their order.
  public internal(set) var votes: [Int64]
  public let state: State
  public let opened: Moment
  /// Votes are taken for `Policy.pollGraceSeconds` more, for those whose picture is behind.
  public let ends: Moment
  /// Milliseconds on the show's own clock.
  public let openMediaTime: Int64
  /// When its result was known.
  public let closed: Moment?
  let closing: ID<TimelineEvent>?

  /// When its time is over, on the show's own clock.
  public var endMediaTime: Int64 { openMediaTime + ends.milliseconds(since: opened) }
  public var votesInAll: Int64 { votes.reduce(0, +) }
}

/// A poll as somebody who may vote in it sees it.
public struct PollBallot: Sendable, Equatable {
  public let poll: Poll
  /// The answer they voted for, from 0; nil when they have not, or it is not known any more.
  public let mine: Int64?
}

extension Poll {
  static let columns: SQL = """
    id, show_id, question, answers, state, opened_ms, ends_ms, open_media_ms, closed_ms, closing_id
    """

  init(row: Row) throws {
    id = try row.get("id")
    show = try row.get("show_id")
    question = try row.get("question")
    answers = try TextList.list(of: row.get("answers"))
    votes = []
    state = try row.get("state")
    opened = try row.get("opened_ms")
    ends = try row.get("ends_ms")
    openMediaTime = try row.get("open_media_ms")
    closed = try row.get("closed_ms")
    closing = try row.get("closing_id")
  }

  /// Each with its votes: two statements, however many.
  static func all(_ condition: SQL, in db: any Connection) throws -> [Poll] {
    var polls = try db.rows("SELECT \(columns) FROM poll WHERE \(condition)").map(Poll.init)
    guard !polls.isEmpty else { return [] }
    var votes: [ID<Poll>: [Int64]] = [:]
    for row in try db.rows(
      """
      SELECT poll_id, votes FROM poll_answer WHERE poll_id IN \(list: polls.map(\.id)) ORDER BY poll_id, position
      """)
    { votes[try row.get("poll_id"), default: []].append(try row.get("votes")) }
    for place in polls.indices { polls[place].votes = votes[polls[place].id] ?? [] }
    return polls
  }

  static func find(_ id: ID<Poll>, in db: any Connection) throws -> Poll? { try all("id = \(id)", in: db).first }

  static func require(_ id: ID<Poll>, of show: ID<Show>? = nil, in db: any Connection) throws -> Poll {
    guard let poll = try find(id, in: db), show == nil || poll.show == show else {
      throw GeneralRefusal.notFound("poll")
    }
    return poll
  }

  /// The newest of a show that was not removed.
  static func latest(of show: ID<Show>, in db: any Connection) throws -> Poll? {
    try all("show_id = \(show) AND state <> 'removed' ORDER BY created_ms DESC, id DESC LIMIT 1", in: db).first
  }

  /// Until the end, and a grace more for those whose picture is behind.
  func takesVotes(at now: Moment, _ policy: Policy) -> Bool { state == .open && now < closing(policy) }

  func closing(_ policy: Policy) -> Moment { ends.adding(seconds: policy.pollGraceSeconds) }
}

extension Commerce {
  /// A show's polls, the newest first, at most `Policy.pollsPerShowMax`; for whoever may see the show. Those that were
  /// removed are left out.
  public func polls(of show: ID<Show>, by caller: Caller = .nobody) async throws -> [Poll] {
    try await database.read { db in
      try requireVisible(Show.require(show, in: db), to: caller, in: db)
      return try Poll.all("show_id = \(show) AND state <> 'removed' ORDER BY created_ms DESC, id DESC", in: db)
    }
  }

  /// Some polls as they are now, for rooms.
  public func polls(_ ids: [ID<Poll>]) async throws -> [Poll] {
    guard !ids.isEmpty else { return [] }
    return try await database.read { db in try Poll.all("id IN \(list: ids) ORDER BY id", in: db) }
  }

  /// A poll and what the caller voted for, for whoever may see its show.
  ///
  /// - Parameters:
  ///   - visitor: the secret of a guest's browser.
  ///   - address: the network address it came from.
  public func ballot(
    _ id: ID<Poll>, by caller: Caller = .nobody, visitor: String? = nil, address: String? = nil
  ) async throws -> PollBallot {
    try await database.read { [vault] db in
      let poll = try visible(id, to: caller, in: db)
      return try PollBallot(poll, Voice(caller, visitor: visitor, address: address, show: poll.show, vault), in: db)
    }
  }

  /// Throws `notFound` unless the caller may know of its show, and for what was removed.
  func visible(_ id: ID<Poll>, to caller: Caller, in db: any Connection) throws -> Poll {
    let poll = try Poll.require(id, in: db)
    do {
      try requireVisible(Show.require(poll.show, in: db), to: caller, in: db)
    } catch is GeneralRefusal {
      throw GeneralRefusal.notFound("poll")
    }
    guard poll.state != .removed else { throw GeneralRefusal.notFound("poll") }
    return poll
  }
}

extension PollBallot {
  init(_ poll: Poll, _ voice: Voice, in db: any Connection) throws {
    self.poll = poll
    mine = try db.row("SELECT position FROM poll_vote WHERE poll_id = \(poll.id) AND voice = \(voice.speaker)")?
      .get("position")
  }
}

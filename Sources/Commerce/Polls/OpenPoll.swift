import Store

/// What a host says of a poll.
public struct PollDraft: Sendable, Codable, Equatable {
  public var question: String
  /// Two to six, each once.
  public var answers: [String]
  /// `Policy.pollSeconds`.
  public var durationSeconds: Int64

  public init(question: String, answers: [String], durationSeconds: Int64) {
    self.question = question
    self.answers = answers
    self.durationSeconds = durationSeconds
  }
}

extension Commerce {
  /// Opens a poll in a show that is on air, where none is open. For the channel's owners and hosts.
  ///
  /// - Parameter mediaTime: where the show's clock stands, in milliseconds; nil takes it by the wall clock.
  /// - Throws: `PollRefusal.underWay`, `.tooMany`, `ShowRefusal.notLive`, `.ended`, `GeneralRefusal.invalid`, `.notFound`,
  ///   `IDTaken`.
  public func openPoll(
    _ id: ID<Poll>, by caller: Caller, show showID: ID<Show>, _ draft: PollDraft, mediaTime: Int64? = nil
  ) async throws -> Poll {
    let fingerprint = try MadeHash.of(draft, by: caller, for: "poll \(showID)")
    return try await writeAndTell { [policy] db in
      let (show, occasion) = try changing(showID, by: caller, in: db)
      if let row = try db.row("SELECT made_hash FROM poll WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "poll") }
        return try Poll.require(id, of: showID, in: db)
      }
      try policy.checkNew(id, at: occasion.at)
      let draft = try draft.checked(policy)
      try show.requireLive()
      let states = try db.rows("SELECT state FROM poll WHERE show_id = \(showID)").map {
        try $0.get("state", as: Poll.State.self)
      }
      guard !states.contains(.open) else { throw PollRefusal.underWay }
      guard states.count < policy.pollsPerShowMax else { throw PollRefusal.tooMany(limit: policy.pollsPerShowMax) }
      let media = try mediaTime ?? Timeline.mediaTime(of: showID, at: occasion.at, in: db)
      // By the clock that voters are held to; the timeline's can be a moment ahead of it.
      let opened = clock.now
      try db.run(
        """
        INSERT INTO poll (id, show_id, question, answers, state, opened_ms, ends_ms, open_media_ms, account_id, made_hash,
          created_ms)
        VALUES (\(id), \(showID), \(draft.question), \(try TextList.text(of: draft.answers)), \(Poll.State.open),
          \(opened), \(opened.adding(seconds: draft.durationSeconds)), \(min(max(0, media), Timeline.mediaTimeMax)),
          \(occasion.by.sqlValue), \(fingerprint), \(occasion.at))
        """)
      for position in draft.answers.indices {
        try db.run("INSERT INTO poll_answer (poll_id, position, votes) VALUES (\(id), \(Int64(position)), 0)")
      }
      let poll = try Poll.require(id, in: db)
      try Timeline.append(
        show: showID, kind: .pollOpened, mediaTime: media, payload: try poll.opening, on: occasion,
        id: ID(bytes: id.bytes), in: db)
      return poll
    }
  }
}

extension Poll {
  /// What its events tell.
  private var asked: [String: String] {
    get throws { ["poll": "\(id)", "question": question, "answers": try TextList.text(of: answers)] }
  }

  fileprivate var opening: [String: String] {
    get throws { try asked.merging(["endsAt": "\(ends)", "endMediaTime": "\(endMediaTime)"]) { $1 } }
  }

  /// With its result: whoever comes later, or watches again, needs no other event.
  var result: [String: String] {
    get throws { try asked.merging(["votes": "[" + votes.map { "\($0)" }.joined(separator: ",") + "]"]) { $1 } }
  }
}

extension PollDraft {
  fileprivate func checked(_ policy: Policy) throws -> PollDraft {
    var draft = self
    draft.question = try policy.text(question, "question", max: policy.pollQuestionCharactersMax)
    guard policy.pollAnswers.contains(answers.count) else {
      throw GeneralRefusal.invalid(
        field: "answers", why: "must be \(policy.pollAnswers.lowerBound) to \(policy.pollAnswers.upperBound)")
    }
    draft.answers = try answers.map { try policy.text($0, "answers", max: policy.pollAnswerCharactersMax) }
    guard Set(draft.answers.map(Policy.folded)).count == draft.answers.count else {
      throw GeneralRefusal.invalid(field: "answers", why: "must be different from each other")
    }
    guard policy.pollSeconds.contains(durationSeconds) else {
      throw GeneralRefusal.invalid(
        field: "durationSeconds",
        why: "must be \(policy.pollSeconds.lowerBound) to \(policy.pollSeconds.upperBound) seconds")
    }
    return draft
  }
}

/// Why nothing came of a poll, or of a vote in it.
public enum PollRefusal: Refusal, Equatable {
  case underWay
  case tooMany(limit: Int)
  case closed
  case noVoice
  case tooManyFromAddress

  public var code: String {
    switch self {
    case .underWay: "poll_under_way"
    case .tooMany: "too_many_polls"
    case .closed: "poll_closed"
    case .noVoice: "poll_no_voice"
    case .tooManyFromAddress: "poll_address"
    }
  }

  public var sentence: String {
    switch self {
    case .underWay: "This show has a poll that is open. Close it first."
    case .tooMany(let limit): "A show has at most \(limit) polls."
    case .closed: "This poll is closed."
    case .noVoice: "Sign in, or send a Haat-Visitor of 32 characters or more, to vote."
    case .tooManyFromAddress: "Many guests vote from your network already. Sign in to vote."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .underWay, .tooMany, .closed: .conflict
    case .noVoice: .unauthenticated
    case .tooManyFromAddress: .limited
    }
  }
}

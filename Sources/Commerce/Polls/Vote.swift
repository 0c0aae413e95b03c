import Store

extension Commerce {
  /// Votes in a poll, or for another of its answers while it is open: one voice has one vote, and the last one counts.
  ///
  /// A voice is known as in chat: by the account, else the browser's secret, else the address. Who was muted or banned may
  /// vote all the same: that is about speaking.
  ///
  /// - Parameters:
  ///   - answer: from 0.
  ///   - visitor: the secret of a guest's browser.
  ///   - address: the network address it came from; so many guests of one may vote (`Policy.pollGuestsPerAddressMax`).
  /// - Throws: `PollRefusal.closed`, `.noVoice`, `.tooManyFromAddress`, `GeneralRefusal.invalid`, `.notFound`.
  public func vote(
    in id: ID<Poll>, for answer: Int64, by caller: Caller = .nobody, visitor: String? = nil, address: String? = nil
  ) async throws -> PollBallot {
    try await writeAndTell { [policy, vault] db in
      let poll = try visible(id, to: caller, in: db)
      let voice = Voice(caller, visitor: visitor, address: address, show: poll.show, vault)
      guard !voice.speaker.isEmpty else { throw PollRefusal.noVoice }
      guard poll.answers.indices.contains(Int(clamping: answer)) else {
        throw GeneralRefusal.invalid(field: "answer", why: "must be one of its answers, counted from 0")
      }
      guard poll.takesVotes(at: clock.now, policy) else { throw PollRefusal.closed }
      let before = try PollBallot(poll, voice, in: db).mine
      guard before != answer else { return PollBallot(poll: poll, mine: answer) }
      if let before {
        try db.run(
          "UPDATE poll_vote SET position = \(answer) WHERE poll_id = \(id) AND voice = \(voice.speaker)")
        try count(-1, of: id, before, in: db)
      } else {
        let guest = voice.account == nil ? voice.address : nil
        if let guest { try requireRoom(in: id, of: guest, db) }
        try db.run(
          """
          INSERT INTO poll_vote (poll_id, voice, position, address)
          VALUES (\(id), \(voice.speaker), \(answer), \(guest.sqlValue))
          """)
      }
      try count(1, of: id, answer, in: db)
      try Outbox.announce(.poll(id), in: db)
      return PollBallot(poll: try Poll.require(id, in: db), mine: answer)
    }
  }

  /// A browser can be made another guest in a moment.
  private func requireRoom(in id: ID<Poll>, of address: [UInt8], _ db: any Connection) throws {
    let others: Int64 = try db.requireRow(
      "SELECT COUNT(*) AS guests FROM poll_vote WHERE poll_id = \(id) AND address = \(address)"
    ).get("guests")
    guard others < policy.pollGuestsPerAddressMax else { throw PollRefusal.tooManyFromAddress }
  }

  private func count(_ change: Int64, of id: ID<Poll>, _ answer: Int64, in db: any Connection) throws {
    let counted = try db.run(
      "UPDATE poll_answer SET votes = votes + \(change) WHERE poll_id = \(id) AND position = \(answer)")
    guard counted == 1 else { throw MissingRow() }
  }
}

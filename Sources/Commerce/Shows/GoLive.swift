import Store

extension Commerce {
  /// Puts a scheduled show on air. On air already, nothing happens.
  ///
  /// Throws `ShowRefusal.ended`, `ChannelRefusal.notApproved`.
  @discardableResult
  public func startShow(by caller: Caller, show id: ID<Show>, mediaTime: Int64? = nil) async throws -> Show {
    try await writeAndTell { db in
      let (show, occasion) = try changing(id, by: caller, in: db)
      switch show.state {
      case .live: return show
      case .ended: throw ShowRefusal.ended
      case .scheduled: break
      }
      try switches.require(.shows)
      guard try Channel.find(show.channel, in: db)?.state == .approved else { throw ChannelRefusal.notApproved }
      try db.run("UPDATE show SET state = 'live', started_ms = \(occasion.at) WHERE id = \(id)")
      try Self.beginRecording(show, in: db)
      try Timeline.append(show: id, kind: .showStarted, mediaTime: mediaTime, on: occasion, in: db)
      try ShowNotice.live(show, at: occasion.at, in: db)
      let live = try Show.require(id, in: db)
      try WebhookMessage.queue(.showStarted, of: live, at: occasion.at, in: db)
      return live
    }
  }

  /// Ends a show that is on air: what is on screen or above the chat is taken down, its deals, poll and giveaway end, and its stream key opens nothing any more,
  /// nor does its SRT passphrase. Ended already, nothing happens.
  ///
  /// Throws `ShowRefusal.notLive`.
  @discardableResult
  public func endShow(by caller: Caller, show id: ID<Show>, mediaTime: Int64? = nil) async throws -> Show {
    try await writeAndTell { db in
      let (show, occasion) = try changing(id, by: caller, in: db)
      switch show.state {
      case .ended: return show
      case .scheduled: throw ShowRefusal.notLive
      case .live: break
      }
      if let pinned = show.pinned { try unpin(pinned, in: show, mediaTime: mediaTime, on: occasion, db: db) }
      try hideCoupon(of: id, mediaTime: mediaTime, on: occasion, in: db)
      try endGiveaway(of: id, mediaTime: mediaTime, on: occasion, in: db)
      try endDeals(of: id, mediaTime: mediaTime, on: occasion, in: db)
      try callOffAuction(of: id, mediaTime: mediaTime, on: occasion, in: db)
      try closePoll(of: id, mediaTime: mediaTime, on: occasion, in: db)
      try hideBanner(of: id, mediaTime: mediaTime, on: occasion, in: db)
      try closeClaimWords(of: id, mediaTime: mediaTime, on: occasion, in: db)
      try unpinQuestion(of: id, mediaTime: mediaTime, on: occasion, in: db)
      // After the unpinning, in the timeline too.
      let last = Occasion(at: occasion.at.adding(milliseconds: 1), entropy: occasion.entropy, by: occasion.by)
      try db.run(
        """
        UPDATE show SET state = 'ended', ended_ms = \(last.at), changed_ms = \(last.at), stream_key_hash = NULL,
          stream_key_account_id = NULL
        WHERE id = \(id)
        """)
      try Self.closeSRT(of: id, in: db)
      try forgetWhoWatched(id, in: db)
      try Timeline.append(show: id, kind: .showEnded, mediaTime: mediaTime, on: last, in: db)
      let ended = try Show.require(id, in: db)
      try WebhookMessage.queue(.showEnded, of: ended, at: last.at, in: db)
      return ended
    }
  }

  /// Makes the key that an encoder publishes with. It is shown this once; the one before opens nothing any more, nor does
  /// this one when whoever made it may not broadcast for the channel any more.
  ///
  /// Throws `ShowRefusal.ended`.
  public func makeStreamKey(by caller: Caller, show id: ID<Show>) async throws -> Secret {
    let key = Secret(prefix: "haat_", entropy: entropy)
    return try await database.write { db in
      let (show, _) = try changing(id, by: caller, in: db)
      guard show.state != .ended else { throw ShowRefusal.ended }
      try db.run(
        """
        UPDATE show SET stream_key_hash = \(key.hash), stream_key_account_id = \(caller.account) WHERE id = \(id)
        """)
      return key
    }
  }

  /// When the show's media time was 0: `now`, the first time; what it said then, ever after, so that the show's clock
  /// goes on when its encoder reconnects or this program restarts.
  public func mediaEpoch(_ id: ID<Show>, now: Moment) async throws -> Moment {
    if let epoch = try await database.read({ db in try Show.require(id, in: db).mediaEpoch }) { return epoch }
    return try await database.write { db in
      try db.run("UPDATE show SET media_epoch_ms = \(now) WHERE id = \(id) AND media_epoch_ms IS NULL")
      guard let epoch = try Show.require(id, in: db).mediaEpoch else { throw MissingRow() }
      return epoch
    }
  }
}

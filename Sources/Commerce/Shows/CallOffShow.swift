import Store

extension Commerce {
  /// Calls off a show that has not begun: it ends without ever having been, and whoever asked to be reminded is told.
  /// Called off already, nothing happens. For the channel's owners and hosts.
  ///
  /// Throws `ShowRefusal.onAir`, `.ended`.
  @discardableResult
  public func callOffShow(by caller: Caller, show id: ID<Show>) async throws -> Show {
    try await writeAndTell { db in
      let (show, occasion) = try changing(id, by: caller, in: db)
      guard show.calledOff == nil else { return show }
      switch show.state {
      case .live: throw ShowRefusal.onAir
      case .ended: throw ShowRefusal.ended
      case .scheduled: break
      }
      try hideBanner(of: id, mediaTime: nil, on: occasion, in: db)
      try unpinQuestion(of: id, mediaTime: nil, on: occasion, in: db)
      let last = Occasion(at: occasion.at.adding(milliseconds: 1), entropy: occasion.entropy, by: occasion.by)
      try db.run(
        """
        UPDATE show SET state = 'ended', ended_ms = \(last.at), called_off_ms = \(last.at), changed_ms = \(last.at),
          stream_key_hash = NULL, stream_key_account_id = NULL, calendar_sequence = calendar_sequence + 1
        WHERE id = \(id)
        """)
      try Self.closeSRT(of: id, in: db)
      try Timeline.append(show: id, kind: .showEnded, mediaTime: nil, on: last, in: db)
      try ShowNotice.calledOff(show, at: last.at, in: db)
      return try Show.require(id, in: db)
    }
  }
}

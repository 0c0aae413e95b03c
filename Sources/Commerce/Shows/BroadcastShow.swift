import Store

extension Commerce {
  /// The show that `caller` may feed with pictures: its channel's owners and hosts may, as long as it has not ended.
  ///
  /// Throws `GeneralRefusal.notFound`, `.notAllowed` and `.signInNeeded`, `ShowRefusal.ended`,
  /// `ChannelRefusal.notApproved`.
  public func showToBroadcast(_ id: ID<Show>, by caller: Caller) async throws -> Show {
    try await database.read { db in
      let show = try Show.require(id, in: db)
      try Membership.require(.shows, of: show.channel, by: caller, "show", in: db)
      guard show.state != .ended else { throw ShowRefusal.ended }
      guard try Channel.find(show.channel, in: db)?.state == .approved else { throw ChannelRefusal.notApproved }
      return show
    }
  }
}

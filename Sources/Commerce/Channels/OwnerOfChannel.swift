import Store

extension Commerce {
  /// A channel and whom a program on the server's own machine acts as in it: its first owner. Whoever may open the
  /// database may do all its owners may, so the command line needs no password; nothing that answers the network calls
  /// this.
  ///
  /// Throws `GeneralRefusal.notFound` for a handle that no channel has.
  public func channelAndOwner(handle: String) async throws -> (channel: ID<Channel>, owner: Caller) {
    try await database.read { db in
      let row = try db.row(
        """
        SELECT channel.id, member.account_id FROM channel JOIN member ON member.channel_id = channel.id
        WHERE channel.handle = \(handle) AND member.role = \(Role.owner)
        ORDER BY member.created_ms, member.account_id LIMIT 1
        """)
      guard let row else { throw GeneralRefusal.notFound("channel “\(handle.prefix(40))”") }
      return (try row.get("id"), Caller(account: try row.get("account_id")))
    }
  }
}

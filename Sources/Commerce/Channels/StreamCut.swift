internal import Store

/// What an account may not feed any more since its role on a channel changed.
public struct StreamCut: Sendable, Equatable {
  public let account: ID<Account>
  /// The channel's shows that have not ended; none when the account may still broadcast.
  public var shows: [ID<Show>]
  /// Those among them whose stream key the account had made: it is dead.
  public var keys: [ID<Show>]

  public init(account: ID<Account>, shows: [ID<Show>] = [], keys: [ID<Show>] = []) {
    self.account = account
    self.shows = shows
    self.keys = keys
  }
}

extension StreamCut {
  /// A stream key belongs to the show, but it was shown to the one who made it: it goes with their role.
  ///
  /// - Parameter role: what the account has now; nil when it is no member.
  static func make(_ account: ID<Account>, of channel: ID<Channel>, role: Role?, in db: any Connection) throws
    -> StreamCut
  {
    var cut = StreamCut(account: account)
    if let role, role.may(.shows) { return cut }
    for row in try db.rows(
      "SELECT id, stream_key_account_id FROM show WHERE channel_id = \(channel) AND state <> 'ended' ORDER BY id")
    {
      let show: ID<Show> = try row.get("id")
      cut.shows.append(show)
      if try row.get("stream_key_account_id", as: ID<Account>?.self) == account { cut.keys.append(show) }
    }
    guard !cut.keys.isEmpty else { return cut }
    try db.run(
      """
      UPDATE show SET stream_key_hash = NULL, stream_key_account_id = NULL
      WHERE channel_id = \(channel) AND state <> 'ended' AND stream_key_account_id = \(account)
      """)
    return cut
  }
}

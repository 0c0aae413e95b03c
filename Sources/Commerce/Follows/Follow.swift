import Store

/// A channel that somebody follows.
public struct Follow: Sendable, Equatable {
  public let channel: Channel
  public let since: Moment

  /// Whether an account follows the channel of a show.
  static func exists(of account: ID<Account>, channelOf show: ID<Show>, in db: any Connection) throws -> Bool {
    try db.row(
      """
      SELECT 1 FROM follow JOIN show ON show.channel_id = follow.channel_id
      WHERE show.id = \(show) AND follow.account_id = \(account)
      """) != nil
  }
}

/// How a channel is followed.
public struct Following: Sendable, Equatable {
  public let followers: Int64
  /// Whether the caller is one of them.
  public let isFollowed: Bool

  /// Of some channels; one that is not there is left out.
  static func all(
    _ channels: [ID<Channel>], by caller: Caller, in db: any Connection
  ) throws -> [ID<Channel>: Following] {
    guard !channels.isEmpty else { return [:] }
    var followed: Set<ID<Channel>> = []
    if let account = caller.account {
      let rows = try db.rows(
        "SELECT channel_id FROM follow WHERE account_id = \(account) AND channel_id IN \(list: channels)")
      followed = Set(try rows.map { try $0.get("channel_id") })
    }
    var found: [ID<Channel>: Following] = [:]
    for row in try db.rows("SELECT id, followers FROM channel WHERE id IN \(list: channels)") {
      let id: ID<Channel> = try row.get("id")
      found[id] = Following(followers: try row.get("followers"), isFollowed: followed.contains(id))
    }
    return found
  }
}

/// Why a channel was not followed.
public enum FollowRefusal: Refusal, Equatable {
  case tooMany(limit: Int64)
  case notFollowed

  public var code: String {
    switch self {
    case .tooMany: "too_many_follows"
    case .notFollowed: "not_followed"
    }
  }
  public var sentence: String {
    switch self {
    case .tooMany(let limit): "An account follows at most \(limit) channels. Unfollow one first."
    case .notFollowed: "You do not follow this channel. Follow it first."
    }
  }
  public var kind: RefusalKind { .conflict }
}

import Commerce
import HTTPTypes
import Hummingbird

/// Following channels (docs/decisions/0036).
enum FollowAPI {
  struct FollowAnswer: Codable, Described {
    let followers: Int64
    let isFollowed: Bool

    static let fields = ["isFollowed": "Whether you follow it; false for who is not signed in."]

    init(_ following: Following) {
      followers = following.followers
      isFollowed = following.isFollowed
    }
  }

  struct FollowedChannel: Codable, Described {
    let channel: CommerceChannel
    let since: Moment

    static let fields = ["channel": "It may be suspended by now, and is then shown nowhere else."]

    init(_ follow: Follow) {
      channel = follow.channel
      since = follow.since
    }
  }

  /// A channel as it is shown, with how it is followed.
  struct ShownChannel: Codable, Described {
    let id: ID<CommerceChannel>
    let handle: String
    let name: String
    let about: String
    let market: String
    let state: ChannelState
    let createdAt: Moment
    let followers: Int64
    let isFollowed: Bool

    static let fields = ["isFollowed": "Whether you follow it; false for who is not signed in."]

    init(_ channel: CommerceChannel, _ following: Following?) {
      id = channel.id
      handle = channel.handle
      name = channel.name
      about = channel.about
      market = channel.market
      state = channel.state
      createdAt = channel.createdAt
      followers = following?.followers ?? 0
      isFollowed = following?.isFollowed ?? false
    }
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .put, "/api/v1/channels/{channel}/follow", "Follows a channel from now on; again, nothing happens.",
      gives: FollowAnswer.self
    ) { call in
      FollowAnswer(try await call.commerce.follow(call.channel().id, by: call.caller))
    }.by(.account),
    Endpoint(
      .delete, "/api/v1/channels/{channel}/follow",
      "Follows a channel no longer; one that is suspended by its id.", gives: FollowAnswer.self
    ) { call in
      let id =
        if let id = ID<CommerceChannel>(call.text("channel")) { id } else { try await call.channel().id }
      return FollowAnswer(try await call.commerce.unfollow(id, by: call.caller))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/follows", "Lists the channels that you follow, the last first.",
      gives: List<FollowedChannel>.self
    ) { call in
      List(
        try await call.commerce.follows(by: call.caller, after: call.cursor(), limit: call.limit()),
        FollowedChannel.init)
    }.by(.account).paged,
  ]
}

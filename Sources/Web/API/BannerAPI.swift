import Commerce
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Announcements and countdowns: a line of the host's above the picture.
enum BannerAPI {
  struct BannerAnswer: Codable, Described {
    let id: ID<Banner>
    let show: ID<Show>
    let text: String
    let product: ID<Product>?
    let isCountdown: Bool
    let shownAt: Moment
    let endsAt: Moment
    let mediaTime: Int64

    static let fields = [
      "product": "Where it leads; left out for nowhere.",
      "endsAt": "Until when it is shown, or what it counts down to.",
      "mediaTime": "Milliseconds of the show's own clock.",
    ]

    init(_ banner: Banner) {
      id = banner.id
      show = banner.show
      text = banner.text
      product = banner.product
      isCountdown = banner.isCountdown
      shownAt = banner.shown
      endsAt = banner.ends
      mediaTime = banner.mediaTime
    }
  }

  struct NewBanner: Codable, Described {
    let id: ID<Banner>?
    let text: String
    let product: ID<Product>?
    let isCountdown: Bool?
    let seconds: Int64?
    let endsAt: Moment?
    let mediaTime: Int64?

    static let fields = [
      "text": "1 to 120 characters.", "product": "One of the show's run.",
      "isCountdown": "It counts down to its end; false when it is left out.",
      "seconds": "From now: 5 to 900, of a countdown 5 to 86400.",
      "endsAt": "The moment itself, instead of seconds.",
    ]

    /// Without either it ends at once, and is refused.
    var end: BannerDraft.End { endsAt.map { .at($0) } ?? .after(seconds: seconds ?? 0) }
  }

  /// The server's clock.
  struct TimeAnswer: Codable, Described {
    let now: Int64

    static let fields = ["now": "Milliseconds since 1970 in UTC, when this answer was made."]
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .post, "/api/v1/shows/{show}/banners",
      "Shows an announcement or a countdown above the picture, instead of the one before; for a channel's owners and hosts.",
      takes: NewBanner.self, gives: BannerAnswer.self, as: .created
    ) { call, body in
      let show: ID<Show> = try call.id("show")
      return BannerAnswer(
        try await call.commerce.showBanner(
          body.id ?? call.commerce.makeID(), by: call.caller, show: show,
          BannerDraft(text: body.text, product: body.product, isCountdown: body.isCountdown ?? false, end: body.end),
          mediaTime: body.mediaTime ?? call.mediaTime(of: show)))
    }.by(.account),
    Endpoint(
      .delete, "/api/v1/shows/{show}/banner",
      "Takes the announcement or countdown off; for a channel's owners, hosts and moderators.", as: .noContent
    ) { call in
      let show: ID<Show> = try call.id("show")
      try await call.commerce.hideBanner(by: call.caller, show: show, mediaTime: call.mediaTime(of: show))
      return Response(status: .noContent)
    }.by(.account),
    time,
  ]

  /// Said as late as can be: who asks halves the time that it took, and so knows this clock to some milliseconds.
  private static var time: Endpoint {
    var endpoint = Endpoint(
      .get, "/api/v1/time", "Tells the server's clock, to the millisecond.", gives: TimeAnswer.self
    ) { call in
      Response(
        status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
        body: ResponseBody(
          byteBuffer: ByteBuffer(string: "{\"now\":\(call.commerce.clock.now.milliseconds)}")))
    }
    endpoint.isBrief = true
    return endpoint
  }
}

import Commerce
import HTTPTypes
import Hummingbird

/// What viewers answer a show with, how it is watched, and what is said of those who buy.
enum AudienceAPI {
  /// How often each reaction was tapped.
  struct TapCounts: Codable {
    let heart: Int64?
    let star: Int64?
    let fire: Int64?
    let smile: Int64?

    init(_ taps: Taps) {
      heart = taps[.heart]
      star = taps[.star]
      fire = taps[.fire]
      smile = taps[.smile]
    }

    /// Throws for what is no count.
    func taps() throws -> Taps {
      let counts: [Reaction: Int64?] = [.heart: heart, .star: star, .fire: fire, .smile: smile]
      for (kind, count) in counts {
        guard let count, count < 0 else { continue }
        throw GeneralRefusal.invalid(field: kind.rawValue, why: "must be 0 or more")
      }
      return Taps(counts.compactMapValues { $0 })
    }
  }

  struct Audience: Codable, Described {
    let viewers: Int
    let peak: Int64
    let watchedSeconds: Int64
    let reactions: TapCounts
    let reactionsPerMinute: Int64

    static let fields = [
      "viewers": "Who watches now: each account and each browser once, without members of the channel.",
      "peak": "The most at once while the show was on air.",
      "watchedSeconds": "The time that all viewers watched, added up.",
      "reactionsPerMinute": "As it went in the last ten seconds.",
    ]
  }

  struct PurchaseNotice: Codable, Described {
    let shownAs: ShownBuyer

    static let fields = [
      "shownAs":
        "What others who watch are told of a purchase: `first_name`, `someone` (without a name), or `nobody` (nothing)."
    ]
  }

  static let endpoints: [Endpoint] = [
    reacting,
    Endpoint(
      .get, "/api/v1/shows/{show}/audience", "Tells how a show is or was watched, to the channel's members.",
      gives: Audience.self
    ) { call in
      let id: ID<Show> = try call.id("show")
      return try await call.site.audience(of: id, by: call.caller)
    }.by(.account),
    Endpoint(
      .get, "/api/v1/purchase-notice", "Tells what others who watch a show are told when you buy.",
      gives: PurchaseNotice.self
    ) { call in PurchaseNotice(shownAs: try await call.commerce.shownBuyer(by: call.caller)) }.by(.account),
    Endpoint(
      .put, "/api/v1/purchase-notice", "Sets what others who watch a show are told when you buy.",
      takes: PurchaseNotice.self,
      gives: PurchaseNotice.self
    ) { call, body in
      PurchaseNotice(shownAs: try await call.commerce.setShownBuyer(by: call.caller, body.shownAs))
    }.by(.account),
  ]

  /// Costs no look at the database where the show's room is open, as it is when anybody watches.
  private static var reacting: Endpoint {
    var endpoint = Endpoint(
      .post, "/api/v1/shows/{show}/reactions",
      "Adds taps to a show on air. What is too much is left out; the answer says what was counted.",
      takes: TapCounts.self, gives: TapCounts.self
    ) { call, body in
      let id: ID<Show> = try call.id("show")
      let taps = try body.taps()
      try call.commerce.switches.require(.reactions)
      let rooms = call.site.rooms
      var room = await rooms.watched(id)
      if room == nil {
        _ = try await call.commerce.show(id, by: call.caller)
        room = try await rooms.room(id)
      }
      try await room?.requireLive()
      let counted = call.site.limits.clip(taps, viewer: call.viewer, address: call.address)
      try await room?.react(counted)
      return TapCounts(counted)
    }
    // They are clipped instead.
    endpoint.limit = nil
    endpoint.isBrief = true
    return endpoint.repeated(.ignored).by(.visitor)
  }
}

extension Site {
  /// How a show is watched: what its room knows, or else what was kept. Throws `GeneralRefusal.notFound` to strangers.
  func audience(of show: ID<Show>, by caller: Caller) async throws -> AudienceAPI.Audience {
    let kept = try await commerce.attendance(of: show, by: caller)
    let now = await rooms.watched(show)?.attendance()
    let attendance = now?.attendance ?? kept
    return AudienceAPI.Audience(
      viewers: await rooms.viewers(show), peak: max(kept.peak, attendance.peak),
      watchedSeconds: max(kept.watchedMilliseconds, attendance.watchedMilliseconds) / 1000,
      reactions: AudienceAPI.TapCounts(attendance.taps), reactionsPerMinute: now?.reactionsPerMinute ?? 0)
  }
}

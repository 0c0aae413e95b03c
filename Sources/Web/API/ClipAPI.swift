import Commerce
import HTTPTypes
import Hummingbird
import Media

/// Clips: short cuts of recordings that sell (docs/decisions/0039).
enum ClipAPI {
  struct ClipAnswer: Codable, Described {
    let id: ID<Clip>
    let show: ID<Show>
    let channel: ID<CommerceChannel>
    let product: ID<Product>
    let title: String
    let state: Clip.State
    let fromMediaTime: Int64
    let untilMediaTime: Int64
    let bytes: Int64
    let createdAt: Moment
    let readyAt: Moment?
    let page: String
    let video: String?
    let poster: String?

    static let fields = [
      "state": "making, then ready or failed; removed at the end.",
      "fromMediaTime": "Of the show, in milliseconds on its media clock; so is untilMediaTime, without it.",
      "page": "Where it plays and sells.", "video": "An MP4 of 720 × 1280; left out until it is ready.",
      "poster": "A picture of it; left out until it is ready.",
    ]

    init(_ clip: Clip) {
      id = clip.id
      show = clip.show
      channel = clip.channel
      product = clip.product
      title = clip.title
      state = clip.state
      fromMediaTime = clip.fromMediaTime
      untilMediaTime = clip.untilMediaTime
      bytes = clip.bytes
      createdAt = clip.created
      readyAt = clip.readyAt
      page = "/clips/\(clip.id)"
      video = clip.state == .ready ? "/clips/\(clip.id)/video.mp4" : nil
      poster = clip.state == .ready ? "/clips/\(clip.id)/poster.jpg" : nil
    }
  }

  struct NewClip: Codable, Described {
    let id: ID<Clip>?
    let product: ID<Product>
    let fromMediaTime: Int64
    let untilMediaTime: Int64
    let title: String?

    static let fields = [
      "product": "Of the show's run: what is sold with it.",
      "fromMediaTime":
        "In milliseconds on the show's media clock; the recording's answer says from when to when it goes.",
      "untilMediaTime": "3 to 60 seconds later.", "title": "The product's, when it is left out.",
    ]
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .post, "/api/v1/shows/{show}/clips", "Makes a clip of a show's recording; for the channel's owners and hosts.",
      takes: NewClip.self, gives: ClipAnswer.self, as: .created
    ) { call, body in
      let draft = ClipDraft(
        product: body.product, fromMediaTime: body.fromMediaTime, untilMediaTime: body.untilMediaTime,
        title: body.title ?? "")
      return ClipAnswer(
        try await call.site.makeClip(
          body.id ?? call.commerce.makeID(), of: call.id("show"), by: call.caller, draft))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/shows/{show}/clips",
      "Lists a show's clips that are ready, the newest first; to its channel's members those of every state.",
      gives: List<ClipAnswer>.self
    ) { call in
      List(try await call.commerce.clips(ofShow: call.id("show"), by: call.caller).map(ClipAnswer.init))
    },
    Endpoint(
      .get, "/api/v1/clips", "Lists the clips that are ready, of all channels, the newest first.",
      gives: List<ClipAnswer>.self
    ) { call in
      List(try await call.commerce.clips(after: call.cursor(), limit: call.limit())) { ClipAnswer($0.clip) }
    }.paged,
    Endpoint(.get, "/api/v1/clips/{clip}", "Tells of a clip.", gives: ClipAnswer.self) { call in
      ClipAnswer(try await call.commerce.clip(call.id("clip"), by: call.caller))
    },
    Endpoint(
      .delete, "/api/v1/clips/{clip}",
      "Removes a clip; for the channel's owners and hosts. What was bought from it stays as it is.",
      gives: ClipAnswer.self
    ) { call in
      ClipAnswer(try await call.site.removeClip(call.id("clip"), by: call.caller))
    }.by(.account),
  ]
}

extension Site {
  /// Makes a clip, if it can be cut: the stream must not have been interrupted in it.
  func makeClip(_ id: ID<Clip>, of show: ID<Show>, by caller: Caller, _ draft: ClipDraft) async throws -> Clip {
    guard let clips else { throw RecordingRefusal.none }
    let made = try await commerce.makeClip(id, of: show, by: caller, draft) {
      do {
        try await clips.plan(of: show.description, from: draft.fromMediaTime, until: draft.untilMediaTime)
      } catch ClipPlan.Fault.interrupted(let milliseconds) {
        throw ClipRefusal.interrupted(at: milliseconds)
      } catch ClipPlan.Fault.outside {
        throw ClipRefusal.interrupted(at: draft.fromMediaTime)
      } catch Clips.Fault.noRecording {
        throw RecordingRefusal.none
      }
    }
    return made
  }

  func removeClip(_ id: ID<Clip>, by caller: Caller) async throws -> Clip {
    let clip = try await commerce.removeClip(id, by: caller)
    try await clips?.delete(id.description)
    return clip
  }
}

import Commerce
import HTTPTypes
import Hummingbird
import Media

/// Shows: their plan, their stream, and what the host does on air.
enum ShowAPI {
  struct Seller: Codable {
    let id: ID<CommerceChannel>
    let handle: String
    let name: String
  }

  struct ShowAnswer: Codable, Revised {
    let id: ID<Show>
    let channel: Seller
    let title: String
    let description: String
    let orientation: Orientation
    let state: ShowState
    let scheduledAt: Moment
    let startedAt: Moment?
    let endedAt: Moment?
    let calledOffAt: Moment?
    let markets: [String]
    let pinned: ID<Product>?
    let hasStreamKey: Bool
    let revision: Revision

    init(_ show: Show) {
      id = show.id
      channel = Seller(id: show.channel, handle: show.channelHandle, name: show.channelName)
      title = show.title
      description = show.description
      orientation = show.orientation
      state = show.state
      scheduledAt = show.scheduledAt
      startedAt = show.startedAt
      endedAt = show.endedAt
      calledOffAt = show.calledOff
      markets = show.markets
      pinned = show.pinned
      hasStreamKey = show.hasStreamKey
      revision = show.revision
    }
  }

  struct NewShow: Codable {
    let id: ID<Show>?
    let title: String
    let description: String?
    let scheduledAt: Moment
    let markets: [String]
    let orientation: Orientation?
  }

  struct ShowChange: Codable {
    let title: String?
    let description: String?
    let scheduledAt: Moment?
    let markets: [String]?
    let orientation: Orientation?

    var change: CommerceShowChange {
      .init(
        title: title, description: description, scheduledAt: scheduledAt, markets: markets, orientation: orientation)
    }
  }

  struct Run: Codable { let products: [ID<Product>] }

  struct NewRun: Codable {
    let products: [ID<Product>]
    /// The run that this one was made from: refused with `run_changed` when it is another by now. Without it, this one takes
    /// the place of whatever there is.
    let known: [ID<Product>]?
  }

  struct Action: Codable {
    let id: ID<ShowAction>
    let at: Moment
    /// Who did it, and as what they are in the channel now.
    let by: String
    let role: Role?
    let kind: String
    /// What, or whom, it was about; empty where it is about nothing, or that is gone.
    let subject: String

    init(_ action: ShowAction) {
      (id, at, by, role) = (action.id, action.at, action.by, action.role)
      (kind, subject) = (action.kind.rawValue, action.subject)
    }
  }

  struct StreamKey: Codable {
    /// What to type into the encoder as the server.
    let server: String
    /// Shown this once; making another ends this one.
    let key: String
  }

  struct StateChange: Codable {
    enum Wanted: String, Codable, CaseIterable { case live, ended }

    let state: Wanted
    let mediaTime: Int64?
  }

  struct Pin: Codable {
    let product: ID<Product>
    let mediaTime: Int64?
  }

  static let endpoints: [Endpoint] = [
    Endpoint(.get, "/api/v1/shows", "Lists shows.", gives: List<ShowAnswer>.self) { call in
      let state = try call.query("state").map { text in
        guard let state = ShowState(rawValue: text) else {
          throw Problem.malformed("“state” is one of scheduled, live, ended.", field: "state")
        }
        return state
      }
      var channel: ID<CommerceChannel>?
      if let name = try call.query("channel") {
        if let id = ID<CommerceChannel>(name) {
          channel = id
        } else {
          channel = try await call.commerce.channel(handle: name, by: call.caller).id
        }
      }
      return List(
        try await call.commerce.shows(
          state: state, channel: channel, by: call.caller, after: call.cursor(), limit: call.limit()), ShowAnswer.init)
    }.query("state", "scheduled, live or ended.").query("channel", "A channel's id or handle.").paged,
    Endpoint(
      .post, "/api/v1/channels/{channel}/shows", "Schedules a show; for a channel's owners and hosts.",
      takes: NewShow.self, gives: ShowAnswer.self, as: .created
    ) { call, body in
      let draft = ShowDraft(
        title: body.title, description: body.description ?? "", scheduledAt: body.scheduledAt, markets: body.markets,
        orientation: body.orientation ?? .vertical)
      return ShowAnswer(
        try await call.commerce.scheduleShow(
          body.id ?? call.commerce.makeID(), by: call.caller, channel: call.channel().id, draft))
    }.by(.account),
    Endpoint(.get, "/api/v1/shows/{show}", "Shows a show.", gives: ShowAnswer.self) { call in
      ShowAnswer(try await call.commerce.show(call.id("show"), by: call.caller))
    },
    Endpoint(
      .patch, "/api/v1/shows/{show}", "Changes a show that has not ended.", takes: ShowChange.self,
      gives: ShowAnswer.self
    ) { call, body in
      ShowAnswer(
        try await call.commerce.changeShow(call.id("show"), by: call.caller, body.change, seen: call.seen()))
    }.by(.account).conditional,
    Endpoint(
      .put, "/api/v1/shows/{show}/run", "Says which products are shown, in order.", takes: NewRun.self,
      gives: Run.self
    ) { call, body in
      let show: ID<Show> = try call.id("show")
      try await call.commerce.putRun(by: call.caller, show: show, body.products, from: body.known)
      return Run(products: try await call.commerce.run(of: show, by: call.caller))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/shows/{show}/actions",
      "Says what those who run a show did in it, the last first; for the channel's members.", gives: List<Action>.self
    ) { call in
      List(
        try await call.commerce.showActions(of: call.id("show"), by: call.caller, limit: call.limit()).map(Action.init))
    }.query("limit", "1 to 100 of them.").by(.account),
    Endpoint(.get, "/api/v1/shows/{show}/run", "Says which products are shown, in order.", gives: Run.self) { call in
      Run(products: try await call.commerce.run(of: call.id("show"), by: call.caller))
    },
    Endpoint(
      .post, "/api/v1/shows/{show}/stream-key",
      "Makes a new key to publish with. The old one dies at once, and this one with the role of whoever made it.",
      gives: StreamKey.self, as: .created
    ) { call in
      let show: ID<Show> = try call.id("show")
      let key = try await call.commerce.makeStreamKey(by: call.caller, show: show)
      call.site.media.cutEncoder(show.description)
      return StreamKey(server: call.site.configuration.rtmpURL, key: key.text)
    }.repeated(.ignored).by(.account),
    Endpoint(
      .get, "/api/v1/shows/{show}/broadcast",
      "Lets a host's browser feed the show, over a WebSocket of protocol “\(BroadcastDoor.protocolName)”; without an "
        + "upgrade, says what it would be held to.", gives: BroadcastText.Terms.self, by: BroadcastDoor.answer
    ).limited(.writes).by(.account),
    Endpoint(
      .put, "/api/v1/shows/{show}/state", "Starts a show, or ends it.", takes: StateChange.self, gives: ShowAnswer.self
    ) { call, body in
      let id: ID<Show> = try call.id("show")
      let time = body.mediaTime ?? call.mediaTime(of: id)
      switch body.state {
      case .live:
        let show = try await call.commerce.startShow(by: call.caller, show: id, mediaTime: time)
        try await call.site.media.recordings?.begin(id.description) {
          try await call.commerce.isRecordingUnderWay(id)
        }
        return ShowAnswer(show)
      case .ended:
        let show = try await call.commerce.endShow(by: call.caller, show: id, mediaTime: time)
        call.site.media.disconnect(id.description)
        return ShowAnswer(show)
      }
    }.by(.account),
    Endpoint(
      .post, "/api/v1/shows/{show}/cancellation",
      "Calls off a show that has not begun: it ends, and whoever wanted to be reminded is told.", gives: ShowAnswer.self
    ) { call in
      let show = try await call.commerce.callOffShow(by: call.caller, show: call.id("show"))
      call.site.media.disconnect(show.id.description)
      return ShowAnswer(show)
    }.by(.account),
    Endpoint(
      .put, "/api/v1/shows/{show}/pin", "Puts a product on the screen.", takes: Pin.self, gives: ShowAnswer.self
    ) { call, body in
      let id: ID<Show> = try call.id("show")
      return ShowAnswer(
        try await call.commerce.pin(
          by: call.caller, show: id, product: body.product, mediaTime: body.mediaTime ?? call.mediaTime(of: id)))
    }.by(.account),
    Endpoint(.delete, "/api/v1/shows/{show}/pin", "Takes the product off the screen.", gives: ShowAnswer.self) { call in
      let id: ID<Show> = try call.id("show")
      return ShowAnswer(
        try await call.commerce.unpin(by: call.caller, show: id, mediaTime: call.mediaTime(of: id)))
    }.by(.account),
  ]
}

extension Call {
  /// Where the show's picture is now; nil leaves it to the wall clock.
  func mediaTime(of show: ID<Show>) -> Int64? { site.media.stream(show.description)?.mediaTimeMilliseconds() }
}

import Commerce
import HTTPTypes
import Hummingbird
import Media
import NIOCore

/// What viewers of a show see and do, and what its host sees of the stream.
enum RoomAPI {
  struct CardOffer: Codable {
    let id: ID<Offer>
    let kind: String
    let price: Money
    let compareAt: Money?
    /// The lowest price of the thirty days before a deal; left out with a list price.
    let lowest: Money?

    init(_ offer: Offer) {
      id = offer.id
      kind = offer.kind.rawValue
      price = offer.price
      compareAt = offer.compareAt
      lowest = offer.lowest
    }
  }

  struct CardVariant: Codable {
    let id: ID<Variant>
    let sku: String
    let title: String
    let options: [String]
    let available: Int64
    /// How many one order, and one buyer in all, may have of it; left out without a limit.
    let limits: UnitLimits?
    /// Left out where the market does not sell it.
    let offer: CardOffer?
    /// What it costs while the product's deal runs.
    let dealOffer: CardOffer?
    /// What a bundle is made of; left out for others.
    let parts: [BundleAPI.PartAnswer]?
    /// The preorder it is on; left out for others.
    let preorder: PreorderAPI.PreorderTerms?
  }

  struct Card: Codable {
    let id: ID<Product>
    let channel: ID<CommerceChannel>
    /// The name of the channel it is bought from, which may be another than the show's.
    let seller: String
    /// How the seller is rated; left out where nobody has.
    let rating: RatingAPI.RatingAverage?
    let title: String
    let description: String
    let pictures: [ProductAPI.PictureAnswer]
    let options: [String]
    let variants: [CardVariant]
    /// The deal on it that is open or will be.
    let deal: DealAPI.DealAnswer?

    init(_ card: ProductCard) {
      id = card.id
      channel = card.channel
      seller = card.seller
      rating = RatingAPI.RatingAverage(card.sellerRating)
      title = card.title
      description = card.description
      pictures = card.pictures.map(ProductAPI.PictureAnswer.init)
      options = card.options
      variants = card.variants.map { choice in
        CardVariant(
          id: choice.id, sku: choice.sku, title: choice.title, options: choice.options, available: choice.available,
          limits: choice.limits == .unlimited ? nil : choice.limits, offer: choice.offer.map(CardOffer.init),
          dealOffer: choice.dealOffer.map(CardOffer.init),
          parts: choice.parts.isEmpty ? nil : choice.parts.map(BundleAPI.PartAnswer.init),
          preorder: choice.preorder.map { PreorderAPI.PreorderTerms($0, price: choice.offer?.price) })
      }
      deal = card.deal.map(DealAPI.DealAnswer.init)
    }
  }

  struct NewMessage: Codable, Described {
    let id: ID<Message>?
    let name: String?
    let text: String
    let mediaTime: Int64?
    let isQuestion: Bool?
    let replyTo: ID<Message>?

    static let fields = [
      "name": "What a guest is called; who is signed in has a name already.",
      "isQuestion": "Whether the host is asked something: it stays in their list until it is answered.",
      "replyTo": "The message of this show that it answers.",
    ]
  }

  struct MessageAnswer: Codable, Described {
    let id: ID<Message>
    let name: String
    let text: String
    let role: String
    let at: Moment
    /// Left out for what everybody reads.
    let isHeld: Bool?
    let question: Message.Question?
    let replyTo: ID<Message>?
    let claim: ClaimAPI.ClaimOutcomeAnswer?

    static let fields = [
      "claim": "What it reserved, or why it did not, for whoever said it; left out for what claims nothing.",
      "isHeld": "It waits for a moderator; left out for what everybody reads.",
      "question": "What became of a question; left out for what is none.",
    ]

    init(_ message: Message, _ claim: ClaimOutcome? = nil) {
      id = message.id
      name = message.name
      text = message.text
      role = message.role.rawValue
      at = message.at
      isHeld = message.isHeld ? true : nil
      question = message.question
      replyTo = message.replyTo
      self.claim = claim.map(ClaimAPI.ClaimOutcomeAnswer.init)
    }
  }

  /// Only for the document: the text is put together from pieces that are JSON already (`LiveText`).
  struct Event: Codable, Described {
    let seq: Int64
    let kind: String
    let at: Moment
    let mediaTime: Int64

    static let fields = [
      "kind": "With the kind come further strings, such as `product` of `pinned`.",
      "mediaTime": "Milliseconds of the show's own clock: for a viewer it happens when the picture gets there.",
    ]
  }

  struct Health: Codable {
    let state: String
    let encoder: String
    let videoCodec: String?
    let audioCodec: String?
    let width: Int
    let height: Int
    let bitrateBitsPerSecond: Int
    let framesPerSecond: Double
    let keyframeIntervalMilliseconds: Int64?
    let droppedFrames: Int
    let lastFrameAgeMilliseconds: Int64?
    let connectedMilliseconds: Int64
    let reconnects: Int
    /// Endless video streams that are open.
    let readers: Int
    /// People in the room.
    let viewers: Int
    let mediaTime: Int64?
    let warnings: [String]
    /// Smaller pictures that are made of it.
    let rungs: [Rung]

    struct Rung: Codable {
      /// Pixels of the shorter side.
      let side: Int
      let isMade: Bool
      /// Milliseconds that it is behind the stream.
      let lagMilliseconds: Int64
    }

    init(_ stream: LiveStream?, viewers: Int) {
      let health = stream?.health()
      state = health?.state.rawValue ?? "offline"
      encoder = health?.encoder ?? ""
      videoCodec = health?.videoCodec
      audioCodec = health?.audioCodec
      width = health?.width ?? 0
      height = health?.height ?? 0
      bitrateBitsPerSecond = health?.bitrateBitsPerSecond ?? 0
      framesPerSecond = health?.framesPerSecond ?? 0
      keyframeIntervalMilliseconds = health?.keyframeIntervalMilliseconds
      droppedFrames = health?.droppedFrames ?? 0
      lastFrameAgeMilliseconds = health?.lastFrameAgeMilliseconds
      connectedMilliseconds = health?.connectedMilliseconds ?? 0
      reconnects = health?.reconnects ?? 0
      readers = health?.readers ?? 0
      self.viewers = viewers
      mediaTime = stream?.mediaTimeMilliseconds()
      warnings = health?.warnings ?? []
      rungs =
        health?.rungs.map { Rung(side: $0.side, isMade: $0.isMade, lagMilliseconds: $0.lagMilliseconds) } ?? []
    }
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/shows/{show}/products", "Shows what is sold in a show, in order.", gives: List<Card>.self
    ) { call in
      let id: ID<Show> = try call.id("show")
      let show = try await call.commerce.show(id, by: call.caller)
      let market = try call.query("market") ?? show.markets.first ?? ""
      return List(try await call.commerce.cards(show: id, market: market, by: call.caller).map(Card.init))
    }.query("market", "Whose prices to show; the show's first market when it is left out."),
    Endpoint(
      .get, "/api/v1/channels/{channel}/cards", "Shows what a channel sells.", gives: List<Card>.self
    ) { call in
      let channel = try await call.channel()
      return List(
        try await call.commerce.cards(
          channel: channel.id, market: call.query("market") ?? channel.market, by: call.caller, after: call.cursor(),
          limit: call.limit()), Card.init)
    }.query("market", "Whose prices to show; the channel's own when it is left out.").paged,
    timeline, events,
    Endpoint(
      .post, messagesRoute, "Says something in the show's chat.", takes: NewMessage.self,
      gives: MessageAnswer.self, as: .created
    ) { call, body in
      let show: ID<Show> = try call.id("show")
      let id = body.id ?? call.commerce.makeID()
      if let viewer = call.viewer { call.site.speakers.expect(id, from: viewer) }
      let (message, claim) = try await call.commerce.speak(
        id, by: call.caller, show: show, name: body.name, text: body.text,
        mediaTime: body.mediaTime ?? call.mediaTime(of: show), visitor: call.visitor, address: call.address,
        isQuestion: body.isQuestion ?? false, replyTo: body.replyTo)
      return MessageAnswer(message, claim)
    }.limited(.chat).by(.visitor),
    Endpoint(
      .delete, "/api/v1/shows/{show}/messages/{message}", "Takes a message away.", as: .noContent
    ) { call in
      let reason = try call.query("reason") ?? ChatReason.other.rawValue
      guard let why = ChatReason(rawValue: reason) else {
        let all = ChatReason.allCases.map(\.rawValue).joined(separator: ", ")
        throw GeneralRefusal.invalid(field: "reason", why: "must be one of \(all)")
      }
      try await call.commerce.removeMessage(
        by: call.caller, show: call.id("show"), message: call.id("message", Message.self), why: why,
        note: call.query("note") ?? "")
      return Response(status: .noContent)
    }.query("reason", "Why, for the channel's log: one of those of a report; `other` when it is left out.")
      .query("note", "Your own words, for the channel's log.").by(.account),
    Endpoint(
      .get, "/api/v1/shows/{show}/health", "Tells how the stream fares, to the channel's members.", gives: Health.self
    ) { call in
      let id: ID<Show> = try call.id("show")
      let show = try await call.commerce.show(id, by: call.caller)
      guard try await call.commerce.channels(by: call.caller).contains(where: { $0.0.id == show.channel }) else {
        throw GeneralRefusal.notFound("show")
      }
      return Health(call.site.media.stream(id.description), viewers: await call.site.rooms.viewers(id))
    }.by(.account),
  ]

  static let messagesRoute = "/api/v1/shows/{show}/messages"

  /// What is between the ends of that route, where it is one; nil for other paths.
  static func show(ofMessages path: String) -> Substring? {
    let (start, end) = ("/api/v1/shows/", "/messages")
    guard path.hasPrefix(start), path.hasSuffix(end), path.utf8.count > start.utf8.count + end.utf8.count else {
      return nil
    }
    let show = path.dropFirst(start.utf8.count).dropLast(end.utf8.count)
    return show.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ? nil : show
  }

  /// What the route does, for `OrderShortcut`: refuses at once by throwing, and else tells what became of it, on a thread
  /// that must not be held up.
  static func say(
    _ call: Call, in show: ID<Show>, then tell: @escaping @Sendable (Result<MessageAnswer, any Error>) -> Void
  ) throws {
    let body = try NewMessage(plain: call.bytes) ?? call.decode(NewMessage.self)
    let id = body.id ?? call.commerce.makeID()
    if let viewer = call.viewer { call.site.speakers.expect(id, from: viewer) }
    try call.commerce.speak(
      id, by: call.caller, show: show, name: body.name, text: body.text,
      mediaTime: body.mediaTime ?? call.mediaTime(of: show), visitor: call.visitor, address: call.address,
      isQuestion: body.isQuestion ?? false, replyTo: body.replyTo
    ) { result in tell(result.map { MessageAnswer($0.message, $0.claim) }) }
  }

  private static var timeline: Endpoint {
    var endpoint = Endpoint(.get, "/api/v1/shows/{show}/timeline", "Lists what happened in a show, in order.") { call in
      let show = try await call.commerce.show(call.id("show"), by: call.caller)
      let after = try call.number("after") ?? 0
      let limit = try call.number("limit").map { Int(clamping: $0) } ?? 100
      guard (1...1_000).contains(limit) else {
        throw GeneralRefusal.invalid(field: "limit", why: "must be between 1 and 1000")
      }
      let events = try await call.commerce.timeline(show.id, after: after, limit: limit)
      let next = events.count == limit ? events.last.map { "\"\($0.sequence)\"" } ?? "null" : "null"
      let items = events.map(LiveText.json).joined(separator: ",")
      return Response(
        status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: #"{"items":[\#(items)],"next":\#(next)}"#)))
    }
    endpoint.answer = .json(List<Event>.self)
    return endpoint.query("after", "The number after which to begin; 0 begins at the beginning.")
      .query("limit", "1 to 1000.")
  }

  private static var events: Endpoint {
    var endpoint = Endpoint(
      .get, "/api/v1/shows/{show}/events",
      "Tells what happens in a show as it happens: server-sent events, or the same text in a WebSocket's messages."
    ) { call in
      let id: ID<Show> = try call.id("show")
      _ = try await call.commerce.show(id, by: call.caller)
      return try await LiveEvents.response(to: call, in: call.site.rooms.room(id))
    }
    endpoint.answer = .text("text/event-stream")
    return endpoint.query(
      "desk", "`1` for a control room: a member of the channel is told who else runs the show, and what they do."
    ).query(
      "viewer",
      "A UUID by which a guest without cookies is one viewer through all its connections; it opens nothing.")
  }
}

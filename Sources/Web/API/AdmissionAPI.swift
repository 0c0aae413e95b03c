import Commerce
import HTTPTypes
import Hummingbird

/// How channels get into markets, how much they may sell in a day, and what an operator decides.
enum AdmissionAPI {
  struct EventAnswer: Codable, Described {
    let place: Int64
    let kind: AdmissionEvent.Kind
    let market: String?
    let reason: AdmissionReason?
    let words: String
    let isFinal: Bool
    let tier: Int64?
    let by: String?
    let at: Moment

    static let fields = [
      "place": "1, 2, 3 … of a channel.", "market": "Left out for what is about the channel as a whole.",
      "isFinal": "It answers an appeal: there is no other.", "by": "Left out for the house itself.",
    ]

    init(_ event: AdmissionEvent) {
      place = event.place
      kind = event.kind
      market = event.market.isEmpty ? nil : event.market
      reason = event.reason
      words = event.words
      isFinal = event.isFinal
      tier = event.tier
      by = event.name.isEmpty ? nil : event.name
      at = event.at
    }
  }

  struct PlaceAnswer: Codable, Described {
    let market: String
    let admission: Admission
    let permission: MarketPermission?
    let sells: Bool
    let isOpen: Bool
    let refusal: EventAnswer?
    let canAppeal: Bool
    let isAppealWaiting: Bool

    static let fields = [
      "permission": "Left out where nothing was decided: the market's admission says whether the channel sells there.",
      "sells": "Whether the channel may sell there, as far as the market itself is open.",
      "isOpen": "Whether anything is sold in the market.",
    ]

    init(_ place: AdmissionStanding.Place) {
      market = place.market
      admission = place.admission
      permission = place.permission
      sells = place.sells
      isOpen = place.isOpen
      refusal = place.refusal.map(EventAnswer.init)
      canAppeal = place.canAppeal
      isAppealWaiting = place.isAppealWaiting
    }
  }

  struct AdmissionAnswer: Codable, Described {
    let channel: ID<CommerceChannel>
    let state: ChannelState
    let markets: [PlaceAnswer]
    let tier: Int64
    let isTierHeld: Bool
    let dailyOrdersMax: Int64?
    let ordersToday: Int64
    let ordersLeftToday: Int64?
    let nextDayAt: Moment
    let delivered: Int64
    let deliveredNeeded: Int64?
    let suspension: EventAnswer?
    let canAppeal: Bool
    let isAppealWaiting: Bool
    let history: [EventAnswer]

    static let fields = [
      "dailyOrdersMax": "Orders of one day of UTC; left out without a limit.",
      "ordersToday": "Placed or paid today; 0 without a limit.",
      "delivered": "Orders that arrived, counted as far as the next tier needs.",
      "deliveredNeeded": "What the next tier needs; left out in the last one, and where the operator holds it.",
      "suspension": "Why the channel is suspended.", "canAppeal": "Whether its suspension can be appealed to.",
      "history": "The newest first, at most 100.",
    ]

    init(_ standing: AdmissionStanding) {
      channel = standing.channel.id
      state = standing.channel.state
      markets = standing.places.map(PlaceAnswer.init)
      tier = standing.tier.level
      isTierHeld = standing.tier.isHeld
      dailyOrdersMax = standing.tier.dailyOrdersMax
      ordersToday = standing.tier.ordersToday
      ordersLeftToday = standing.tier.leftToday
      nextDayAt = standing.tier.nextDay
      delivered = standing.tier.delivered
      deliveredNeeded = standing.tier.deliveredNeeded
      suspension = standing.suspension.map(EventAnswer.init)
      canAppeal = standing.canAppeal
      isAppealWaiting = standing.isAppealWaiting
      history = standing.history.map(EventAnswer.init)
    }
  }

  struct Application: Codable, Described {
    let sells: String?
    let location: String?
    let website: String?
    let note: String?

    static let fields = [
      "sells": "What is sold; needed where an operator decides.", "location": "Where it is sent from.",
      "website": "Begins with https://.",
    ]

    var application: ChannelApplication {
      ChannelApplication(sells: sells ?? "", location: location ?? "", website: website ?? "", note: note ?? "")
    }
  }

  struct MarketWish: Codable, Described {
    let market: String
    let application: Application?
    let invitation: String?

    static let fields = ["invitation": "The token of an invitation's link."]
  }

  struct PermissionChange: Codable, Described {
    let isApproved: Bool
    let reason: AdmissionReason?
    let words: String?

    static let fields = ["reason": "Needed for a no.", "words": "For the channel's owners."]
  }

  struct NewAppeal: Codable, Described {
    let id: ID<Review>?
    let market: String?
    let words: String

    static let fields = ["market": "Left out for an appeal to the channel's suspension."]
  }

  struct Decision: Codable, Described {
    let isGranted: Bool
    let reason: AdmissionReason?
    let words: String?

    static let fields = ["reason": "Needed for a no.", "words": "For the channel's owners."]
  }

  struct TierChange: Codable, Described {
    let level: Int64
    let isHeld: Bool?
    let words: String

    static let fields = ["isHeld": "It does not rise by itself from there.", "words": "Why."]
  }

  struct TierAnswer: Codable, Described {
    let level: Int64
    let dailyOrdersMax: Int64?
    let deliveredMin: Int64

    static let fields = [
      "dailyOrdersMax": "Orders of one day of UTC; left out without a limit.",
      "deliveredMin": "So many delivered orders bring a channel here.",
    ]

    init(_ tier: Tier) {
      level = tier.level
      dailyOrdersMax = tier.dailyOrdersMax
      deliveredMin = tier.deliveredMin
    }

    var tier: Tier { Tier(level: level, dailyOrdersMax: dailyOrdersMax, deliveredMin: deliveredMin) }
  }

  struct TiersChange: Codable { let tiers: [TierAnswer] }

  struct ReviewAnswer: Codable, Described {
    let id: ID<Review>
    let channel: ID<CommerceChannel>
    let handle: String
    let name: String
    let market: String?
    let kind: Review.Kind
    let sells: String
    let location: String
    let website: String
    let note: String
    let askedAt: Moment
    let decidedAt: Moment?
    let isGranted: Bool?

    static let fields = [
      "market": "Left out for an appeal to a suspension.", "note": "Of an appeal, its words.",
      "decidedAt": "Left out while it waits.",
    ]

    init(_ review: Review) {
      id = review.id
      channel = review.channel
      handle = review.channelHandle
      name = review.channelName
      market = review.market.isEmpty ? nil : review.market
      kind = review.kind
      sells = review.application.sells
      location = review.application.location
      website = review.application.website
      note = review.application.note
      askedAt = review.asked
      decidedAt = review.decided
      isGranted = review.isGranted
    }
  }

  struct WholeReviewAnswer: Codable {
    let review: ReviewAnswer
    let history: [EventAnswer]
  }

  struct NewInvitation: Codable, Described {
    let id: ID<Invitation>?
    let note: String?
    let markets: [String]?
    let tier: Int64?
    let usesMax: Int64?
    let days: Int64?

    static let fields = [
      "markets": "Left out for every market.", "tier": "The tier a new channel begins in; left out for the first.",
      "usesMax": "1 unless said otherwise, at most 1000.", "days": "14 unless said otherwise, at most 365.",
    ]
  }

  struct InvitationAnswer: Codable, Described {
    struct Use: Codable {
      let channel: ID<CommerceChannel>
      let handle: String
      let market: String
      let at: Moment
    }

    let id: ID<Invitation>
    let note: String
    let markets: [String]
    let tier: Int64?
    let usesMax: Int64
    let used: Int64
    let state: Invitation.State
    let expiresAt: Moment
    let uses: [Use]
    let token: String?
    let url: String?

    static let fields = [
      "markets": "Empty for every market.", "uses": "The newest first, at most 100.",
      "token": "Shown once, when it is made: only its hash is kept.", "url": "The link to send; shown once.",
    ]

    init(_ invitation: Invitation, token: Secret? = nil, publicURL: String = "", now: Moment) {
      id = invitation.id
      note = invitation.note
      markets = invitation.markets
      tier = invitation.tier
      usesMax = invitation.usesMax
      used = invitation.used
      state = invitation.state(at: now)
      expiresAt = invitation.expires
      uses = invitation.uses.map { Use(channel: $0.channel, handle: $0.handle, market: $0.market, at: $0.at) }
      self.token = token?.text
      url = token.map { "\(publicURL)/invitations/\($0.text)" }
    }
  }

  static let endpoints: [Endpoint] = channels + reviews + invitations

  private static let channels: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/channels/{channel}/admission",
      "Where a channel may sell, how much in a day, and what was decided about it; for its members and the operator.",
      gives: AdmissionAnswer.self
    ) { call in
      AdmissionAnswer(try await call.commerce.admissionStanding(of: call.channel().id, by: call.caller))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/channels/{channel}/markets",
      "Asks that a channel may sell in a market, by the market's admission or an invitation; for its owners.",
      takes: MarketWish.self, gives: AdmissionAnswer.self
    ) { call, body in
      AdmissionAnswer(
        try await call.commerce.askForMarket(
          body.market, for: call.channel().id, by: call.caller, body.application?.application ?? ChannelApplication(),
          invitation: body.invitation, language: call.context.language))
    }.by(.account),
    Endpoint(
      .put, "/api/v1/channels/{channel}/markets/{code}",
      "Lets a channel sell in a market, or takes that away with a reason; for the operator. What it sold stays sold.",
      takes: PermissionChange.self, gives: AdmissionAnswer.self
    ) { call, body in
      let channel = try await call.channel().id
      try await call.commerce.setMarketPermission(
        of: channel, in: call.text("code"), by: call.caller, isApproved: body.isApproved,
        because: Verdict(body.reason, words: body.words ?? ""))
      return AdmissionAnswer(try await call.commerce.admissionStanding(of: channel, by: call.caller))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/channels/{channel}/appeals",
      "Appeals to a refusal in a market, or to a suspension, once; for the channel's owners.",
      takes: NewAppeal.self, gives: AdmissionAnswer.self, as: .created
    ) { call, body in
      AdmissionAnswer(
        try await call.commerce.appeal(
          body.id ?? call.commerce.makeID(), for: call.channel().id, market: body.market, by: call.caller,
          words: body.words, language: call.context.language))
    }.by(.account),
    Endpoint(
      .put, "/api/v1/channels/{channel}/tier", "Puts a channel into a tier, with a reason; for the operator.",
      takes: TierChange.self, gives: AdmissionAnswer.self
    ) { call, body in
      AdmissionAnswer(
        try await call.commerce.setTier(
          of: call.channel().id, by: call.caller, level: body.level, isHeld: body.isHeld ?? false, words: body.words))
    }.by(.account),
    Endpoint(.get, "/api/v1/tiers", "Lists the four tiers of channels.", gives: List<TierAnswer>.self) { call in
      List(try await call.commerce.tiers().map(TierAnswer.init))
    },
    Endpoint(
      .put, "/api/v1/tiers",
      "Sets the daily limits and thresholds of the four tiers; for the operator. They hold at once.",
      takes: TiersChange.self, gives: List<TierAnswer>.self
    ) { call, body in
      List(try await call.commerce.putTiers(body.tiers.map(\.tier), by: call.caller).map(TierAnswer.init))
    }.by(.account),
  ]

  private static let reviews: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/reviews", "Lists the applications and appeals that wait, the longest first; to the operator.",
      gives: List<ReviewAnswer>.self
    ) { call in
      List(
        try await call.commerce.reviews(by: call.caller, after: call.cursor(), limit: call.limit()),
        ReviewAnswer.init)
    }.paged.by(.account),
    Endpoint(
      .get, "/api/v1/reviews/{review}",
      "An application or appeal, and what was decided about its channel before; for the operator.",
      gives: WholeReviewAnswer.self
    ) { call in
      let (review, history) = try await call.commerce.review(call.id("review"), by: call.caller)
      return WholeReviewAnswer(review: ReviewAnswer(review), history: history.map(EventAnswer.init))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/reviews/{review}/decision", "Decides an application or appeal; for the operator.",
      takes: Decision.self, gives: ReviewAnswer.self
    ) { call, body in
      ReviewAnswer(
        try await call.commerce.decide(
          call.id("review"), by: call.caller, granted: body.isGranted, Verdict(body.reason, words: body.words ?? "")))
    }.by(.account),
  ]

  private static let invitations: [Endpoint] = [
    Endpoint(
      .post, "/api/v1/invitations",
      "Makes an invitation, whose link lets new channels in; for the operator. The link is shown this once.",
      takes: NewInvitation.self, gives: InvitationAnswer.self, as: .created
    ) { call, body in
      let (made, token) = try await call.commerce.makeInvitation(
        body.id ?? call.commerce.makeID(), by: call.caller,
        InvitationDraft(
          note: body.note ?? "", markets: body.markets ?? [], tier: body.tier, usesMax: body.usesMax ?? 1,
          days: body.days ?? 14))
      return InvitationAnswer(
        made, token: token, publicURL: call.site.configuration.publicURL, now: call.commerce.clock.now)
    }.by(.account),
    Endpoint(
      .get, "/api/v1/invitations", "Lists the invitations and who used them, the newest first; to the operator.",
      gives: List<InvitationAnswer>.self
    ) { call in
      let now = call.commerce.clock.now
      return List(
        try await call.commerce.invitations(by: call.caller, after: call.cursor(), limit: call.limit())
      ) { InvitationAnswer($0, now: now) }
    }.paged.by(.account),
    Endpoint(
      .delete, "/api/v1/invitations/{invitation}",
      "Takes an invitation back; for the operator. Who came in by it stays.", gives: InvitationAnswer.self
    ) { call in
      InvitationAnswer(
        try await call.commerce.revokeInvitation(call.id("invitation"), by: call.caller), now: call.commerce.clock.now)
    }.by(.account),
  ]
}

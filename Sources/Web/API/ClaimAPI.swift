import Commerce
import HTTPTypes
import Hummingbird

/// Claims: comments that reserve units, with a private link to order them by (docs/decisions/0044).
enum ClaimAPI {
  struct ClaimWordAnswer: Codable, Described {
    let id: ID<ClaimWord>
    let product: ID<Product>
    let title: String
    let market: String
    let word: String
    let unitsMax: Int64?
    let unitsTaken: Int64
    let unitsPerBuyerMax: Int64?
    let holdMinutes: Int64
    let isForAccounts: Bool
    let openedAt: Moment
    let closedAt: Moment?

    static let fields = [
      "market": "At whose price it is sold, and where it is sent.",
      "unitsMax": "Left out for as many as there are.",
      "unitsTaken": "Of the claims that hold, or were ordered.",
      "isForAccounts": "Guests' comments reserve nothing.",
      "closedAt": "Left out while it can be said.",
    ]

    init(_ word: ClaimWord) {
      id = word.id
      product = word.product
      title = word.title
      market = word.market
      self.word = word.word
      unitsMax = word.unitsMax
      unitsTaken = word.taken
      unitsPerBuyerMax = word.unitsPerBuyerMax
      holdMinutes = word.holdSeconds / 60
      isForAccounts = word.isForAccounts
      openedAt = word.opened
      closedAt = word.closed
    }
  }

  struct NewClaimWord: Codable, Described {
    let id: ID<ClaimWord>?
    let product: ID<Product>
    let market: String
    let word: String
    let unitsMax: Int64?
    let unitsPerBuyerMax: Int64?
    let holdMinutes: Int64?
    let isForAccounts: Bool?

    static let fields = [
      "word":
        "Of one word or a few, such as `sold 12`; after it a viewer says which of the product's choices, and how many.",
      "unitsMax": "For all; left out for as many as there are.",
      "holdMinutes": "For how long a comment reserves something: 1 to 120, or 15 when it is left out.",
      "isForAccounts": "Whether guests' comments reserve nothing.",
    ]
  }

  struct CommentClaim: Codable, Described {
    let id: ID<Claim>
    let name: String?
    let variant: ID<Variant>
    let title: String
    let quantity: Int64
    let state: Claim.State
    let heldUntil: Moment
    let order: ID<Order>?
    let at: Moment

    static let fields = [
      "name": "What whoever said it is called; only who runs the show is told.",
      "state": "While it is held nobody else can have its units.",
      "heldUntil": "Until when the units are held, or were.", "order": "What it was taken by.",
    ]

    init(_ claim: Claim, isNamed: Bool = false) {
      id = claim.id
      name = isNamed ? claim.name : nil
      variant = claim.variant
      title = claim.title
      quantity = claim.quantity
      state = claim.state
      heldUntil = claim.until
      order = claim.order
      at = claim.at
    }
  }

  struct ClaimBagAnswer: Codable, Described {
    let id: ID<ClaimBag>
    let show: ID<Show>
    let market: String
    let claims: [CommentClaim]

    static let fields = ["claims": "The newest first, at most 200."]

    init(_ bag: ClaimBag) {
      id = bag.id
      show = bag.show
      market = bag.market
      claims = bag.claims.map { CommentClaim($0) }
    }
  }

  struct ClaimOutcomeAnswer: Codable, Described {
    let claim: CommentClaim?
    let bag: ID<ClaimBag>?
    let link: String?
    let accessToken: String?
    let code: String?
    let detail: String?

    static let fields = [
      "claim": "What is reserved; left out where nothing is.",
      "link": "The private page where it is ordered. Nobody else is to have it.",
      "accessToken": "A guest's, for `Order-Token`; left out for who is signed in.",
      "code": "Why nothing is reserved.", "detail": "The same in a sentence.",
    ]

    init(_ outcome: ClaimOutcome) {
      switch outcome {
      case .claimed(let claim, let access):
        self.claim = CommentClaim(claim)
        bag = claim.bag
        link = "/claims/\(claim.bag)" + (access.map { "?token=\($0.text)" } ?? "")
        accessToken = access?.text
        (code, detail) = (nil, nil)
      case .refused(let refusal):
        (claim, bag, link, accessToken) = (nil, nil, nil, nil)
        (code, detail) = (refusal.code, refusal.sentence)
      }
    }
  }

  struct ClaimedOrder: Codable, Described {
    let id: ID<Order>?
    let offers: [ID<Offer>]
    let buyer: OrderAPI.NewBuyer
    let coupon: String?

    static let fields = ["offers": "Of today, one for each variant that is held, in the bag's market."]
  }

  static let endpoints: [Endpoint] = hosts + buyers

  private static let hosts: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/shows/{show}/claim-words",
      "Lists what can be, or could be, said in a show to reserve something, the last first; to who moderates.",
      gives: List<ClaimWordAnswer>.self
    ) { call in
      List(try await call.commerce.claimWords(of: call.id("show"), by: call.caller).map(ClaimWordAnswer.init))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/shows/{show}/claim-words",
      "Lets viewers of a show on air reserve a product by saying a word; for its hosts.", takes: NewClaimWord.self,
      gives: ClaimWordAnswer.self, as: .created
    ) { call, body in
      let show: ID<Show> = try call.id("show")
      let draft = ClaimWordDraft(
        product: body.product, market: body.market, word: body.word, unitsMax: body.unitsMax,
        unitsPerBuyerMax: body.unitsPerBuyerMax, holdMinutes: body.holdMinutes ?? 15,
        isForAccounts: body.isForAccounts ?? false)
      return ClaimWordAnswer(
        try await call.commerce.openClaimWord(
          body.id ?? call.commerce.makeID(), by: call.caller, show: show, draft, mediaTime: call.mediaTime(of: show)))
    }.by(.account),
    Endpoint(
      .delete, "/api/v1/shows/{show}/claim-words/{word}",
      "From the next message on nothing is reserved by it; for the show's hosts.", as: .noContent
    ) { call in
      let show: ID<Show> = try call.id("show")
      try await call.commerce.closeClaimWord(
        call.id("word", ClaimWord.self), by: call.caller, show: show, mediaTime: call.mediaTime(of: show))
      return Response(status: .noContent)
    }.by(.account),
    Endpoint(
      .get, "/api/v1/shows/{show}/claims",
      "Lists what comments reserved in a show, the last first, at most 100; to who moderates.",
      gives: List<CommentClaim>.self
    ) { call in
      let claims = try await call.commerce.claims(of: call.id("show"), by: call.caller)
      return List(claims.map { CommentClaim($0, isNamed: true) })
    }.by(.account),
    Endpoint(
      .delete, "/api/v1/shows/{show}/claims/{claim}",
      "Calls off what a comment reserved, as long as it is not ordered; for who moderates.", gives: CommentClaim.self
    ) { call in
      CommentClaim(
        try await call.commerce.cancelClaim(call.id("claim"), by: call.caller, show: call.id("show")), isNamed: true)
    }.by(.account),
  ]

  private static let buyers: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/claims", "Lists your bags in which comments of yours hold something, the newest first.",
      gives: List<ClaimBagAnswer>.self
    ) { call in
      List(try await call.commerce.claimBags(by: call.caller).map(ClaimBagAnswer.init))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/claims/{bag}", "Shows what somebody's comments reserved in a show, to whose it is.",
      gives: ClaimBagAnswer.self
    ) { call in
      ClaimBagAnswer(try await call.commerce.claimBag(call.id("bag"), by: call.caller, token: call.orderToken))
    }.by(.orderToken),
    Endpoint(
      .delete, "/api/v1/claims/{bag}/units/{claim}", "Lets go what a comment reserved.", gives: ClaimBagAnswer.self
    ) { call in
      ClaimBagAnswer(
        try await call.commerce.leaveClaim(
          call.id("claim"), in: call.id("bag"), by: call.caller, token: call.orderToken))
    }.by(.orderToken),
    Endpoint(
      .post, "/api/v1/claims/{bag}/order", "Orders all that is held, at today's prices.", takes: ClaimedOrder.self,
      gives: OrderAPI.Placed.self, as: .created
    ) { call, body in
      let placed = try await call.commerce.orderClaimed(
        call.id("bag"), as: body.id, offers: body.offers, coupon: body.coupon,
        buyer: body.buyer.buyer(call.caller.account), by: call.caller, token: call.orderToken,
        language: call.context.language, key: call.idempotencyKey(), address: call.address)
      call.site.metrics.placedOrder()
      return OrderAPI.Placed(
        order: OrderAPI.OrderAnswer(placed.order), others: nil, accessToken: placed.access.text,
        payment: call.commerce.providers.current.map { OrderAPI.PaymentWay($0) })
    }.limited(.orders).repeated(.keyPassedOn).by(.orderToken),
  ]
}

import Commerce
import HTTPTypes
import Hummingbird

/// Auctions: a unit that is sold on air to whoever bids most (docs/auctions.md).
enum AuctionAPI {
  struct AuctionAnswer: Codable, Described {
    let id: ID<Auction>
    let show: ID<Show>
    let variant: ID<Variant>
    let title: String
    let market: String
    let state: Auction.State
    let opening: Money
    let price: Money?
    let next: Money
    let increment: Money?
    let bids: Int64
    let leader: String
    let leaderCode: String?
    let isSuddenDeath: Bool
    let openedAt: Moment
    let endsAt: Moment
    let lastEndAt: Moment
    let openMediaTime: Int64
    let extensions: Int64
    let endedAt: Moment?
    let soldTo: String?
    let soldFor: Money?

    static let fields = [
      "state":
        "settling waits for the money of the winner or of a runner-up; unsold has its unit back on the shelf.",
      "price": "Left out before the first bid.", "next": "The least that the next bid has to be.",
      "increment": "What the host chose; left out where it goes by the table of increments.",
      "leader": "A first name and an initial; empty before the first bid.",
      "leaderCode": "The leader's code: whoever asks for their standing learns their own.",
      "endsAt": "Bids before it count, by the server's clock, whatever the network does.",
      "lastEndAt": "Beyond which no late bid puts the end.", "openMediaTime": "Milliseconds of the show's own clock.",
      "extensions": "How often a late bid put the end off.", "endedAt": "When bidding was over.",
      "soldTo": "The winner or a runner-up; left out unless it is sold.",
    ]

    init(_ auction: Auction) {
      id = auction.id
      show = auction.show
      variant = auction.variant
      title = auction.title
      market = auction.market
      state = auction.state
      opening = auction.opening
      price = auction.price
      next = auction.next
      increment = auction.increment
      bids = auction.bids
      leader = auction.leaderName
      leaderCode = auction.leaderCode
      isSuddenDeath = auction.isSuddenDeath
      openedAt = auction.opened
      endsAt = auction.ends
      lastEndAt = auction.lastEnd
      openMediaTime = auction.openMediaTime
      extensions = auction.extensions
      endedAt = auction.ended
      soldTo = auction.sale?.name
      soldFor = auction.sale?.price
    }
  }

  struct NewAuction: Codable, Described {
    let id: ID<Auction>?
    let variant: ID<Variant>
    let market: String
    let openingMinor: Int64
    let incrementMinor: Int64?
    let durationSeconds: Int64
    let isSuddenDeath: Bool?
    let mediaTime: Int64?

    static let fields = [
      "variant": "A unit is reserved from now on.", "market": "One of the show's: bids are in its currency.",
      "incrementMinor": "By how much a bid has to be above the price; by the table of increments when it is left out.",
      "durationSeconds": "15 to 600.", "isSuddenDeath": "Whether late bids leave the end where it is.",
    ]
  }

  struct NewBid: Codable, Described {
    let maximumMinor: Int64
    let card: ID<SavedCard>?
    let address: ID<SavedAddress>?

    static let fields = [
      "maximumMinor":
        "The most you would pay, without shipping: the price goes no higher than it takes. It cannot be withdrawn.",
      "card": "Charged if you win; the one used last when it is left out.",
      "address": "In the auction's market; the one used last when it is left out.",
    ]
  }

  struct PlacedBidAnswer: Codable, Described {
    let auction: AuctionAnswer
    let isLeading: Bool
    let maximum: Money

    static let fields = ["isLeading": "False when somebody had named as much, or more."]
  }

  struct BidAnswer: Codable, Described {
    let sequence: Int64
    let name: String
    let price: Money
    let isLeading: Bool
    let at: Moment

    static let fields = [
      "name": "A first name and an initial.", "price": "The price once it was in.",
      "isLeading": "Whether its bidder led then.",
    ]

    init(_ bid: Bid) {
      sequence = bid.sequence
      name = bid.name
      price = bid.price
      isLeading = bid.isLeading
      at = bid.at
    }
  }

  struct BidderAnswer: Codable, Described {
    let auction: AuctionAnswer
    let code: String
    let isLeading: Bool
    let maximum: Money?
    let isMember: Bool
    let card: WalletAPI.SavedCardAnswer?
    let address: WalletAPI.AddressAnswer?
    let shipping: Money
    let shippingFreeFrom: Money?
    let taxBasisPoints: Int64
    let isTaxAdded: Bool
    let total: Money
    let order: ID<Order>?
    let payUntil: Moment?

    static let fields = [
      "code": "The auction's leaderCode is this when you lead.", "maximum": "Left out for who has not bid.",
      "isMember": "Members of the channel cannot bid.", "card": "Would be charged; left out for who has none.",
      "address": "Would be sent to; left out for who has none in the market.",
      "shipping": "Added to the next bid if it wins.", "shippingFreeFrom": "The price from which on nothing is added.",
      "taxBasisPoints": "Contained in the price, or added to it.",
      "total": "What the next bid comes to if it wins, with shipping and tax.",
      "order": "Placed for you; left out as long as none is.",
      "payUntil": "Until when you may pay it yourself; left out unless you have to.",
    ]

    init(_ standing: BidderStanding) {
      auction = AuctionAnswer(standing.auction)
      code = standing.code
      isLeading = standing.auction.leaderCode == standing.code
      maximum = standing.maximum
      isMember = standing.isMember
      card = standing.card.map(WalletAPI.SavedCardAnswer.init)
      address = standing.address.map(WalletAPI.AddressAnswer.init)
      shipping = standing.shipping
      shippingFreeFrom = standing.shippingFreeFrom
      taxBasisPoints = standing.taxRate.basisPoints
      isTaxAdded = standing.isTaxAdded
      total = standing.total
      order = standing.order
      payUntil = standing.payUntil
    }
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .post, "/api/v1/shows/{show}/auctions", "Opens an auction in a show on air; for a channel's owners and hosts.",
      takes: NewAuction.self, gives: AuctionAnswer.self, as: .created
    ) { call, body in
      let show: ID<Show> = try call.id("show")
      let draft = AuctionDraft(
        variant: body.variant, market: body.market, openingMinor: body.openingMinor,
        incrementMinor: body.incrementMinor, durationSeconds: body.durationSeconds,
        isSuddenDeath: body.isSuddenDeath ?? false)
      return AuctionAnswer(
        try await call.commerce.openAuction(
          body.id ?? call.commerce.makeID(), by: call.caller, show: show, draft,
          mediaTime: body.mediaTime ?? call.mediaTime(of: show)))
    }.by(.account),
    Endpoint(
      .delete, "/api/v1/shows/{show}/auctions/{auction}", "Calls an auction off, before the first bid only.",
      gives: AuctionAnswer.self
    ) { call in
      let show: ID<Show> = try call.id("show")
      return AuctionAnswer(
        try await call.commerce.cancelAuction(
          call.id("auction"), by: call.caller, show: show, mediaTime: call.mediaTime(of: show)))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/shows/{show}/auctions", "Lists a show's auctions, the newest first.",
      gives: List<AuctionAnswer>.self
    ) { call in
      List(try await call.commerce.auctions(of: call.id("show"), by: call.caller).map(AuctionAnswer.init))
    },
    Endpoint(.get, "/api/v1/auctions/{auction}", "Shows an auction.", gives: AuctionAnswer.self) { call in
      AuctionAnswer(try await call.commerce.auction(call.id("auction"), by: call.caller))
    },
    Endpoint(
      .get, "/api/v1/auctions/{auction}/bids", "Lists an auction's bids, the newest first, with shortened names.",
      gives: List<BidAnswer>.self
    ) { call in
      List(
        try await call.commerce.bids(
          of: call.id("auction"), before: call.number("before"), by: call.caller, limit: call.limit()
        ).map(BidAnswer.init))
    }.query("before", "Only bids with a lower sequence.").query("limit", "1 to 100 items a page."),
    Endpoint(
      .get, "/api/v1/auctions/{auction}/standing", "Tells you how you stand in an auction, and what you need to bid.",
      gives: BidderAnswer.self
    ) { call in
      BidderAnswer(try await call.commerce.auctionStanding(call.id("auction"), by: call.caller))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/auctions/{auction}/bids", "Bids in an auction, with the most you would pay.", takes: NewBid.self,
      gives: PlacedBidAnswer.self, as: .created
    ) { call, body in
      let placed = try await call.commerce.bid(
        call.id("auction"), by: call.caller, maximumMinor: body.maximumMinor, card: body.card, address: body.address,
        language: call.context.language)
      return PlacedBidAnswer(
        auction: AuctionAnswer(placed.auction), isLeading: placed.isLeading, maximum: placed.maximum)
    }.by(.account),
  ]
}

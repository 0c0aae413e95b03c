import Commerce
import HTTPTypes
import Hummingbird

/// Channels and their members; markets.
enum ChannelAPI {
  struct NewChannel: Codable, Described {
    let id: ID<CommerceChannel>?
    let handle: String
    let name: String
    let about: String?
    /// Where it sells from.
    let market: String
    let application: AdmissionAPI.Application?
    let invitation: String?

    static let fields = [
      "application": "For the operator, where one decides who sells in the market.",
      "invitation": "The token of an invitation's link.",
    ]
  }

  struct ChannelChange: Codable {
    let handle: String?
    let name: String?
    let about: String?
    let market: String?

    var change: CommerceChannelChange { .init(handle: handle, name: name, about: about, market: market) }
  }

  struct ChannelStateChange: Codable, Described {
    let state: ChannelState
    let reason: AdmissionReason?
    let words: String?

    static let fields = ["reason": "Needed to reject and to suspend.", "words": "For the channel's owners."]
  }

  struct NewMember: Codable {
    let email: String
    let role: Role
  }

  struct TaxClass: Codable {
    let name: String
    let basisPoints: Int64

    var entry: TaxTable.Entry {
      get throws { TaxTable.Entry(name, try ChannelAPI.rate(basisPoints, "taxes")) }
    }
  }

  struct MarketAnswer: Codable, Described {
    let code: String
    let currency: Currency
    let name: String
    let languages: [String]
    let isOpen: Bool
    let admission: Admission?
    let commissionBasisPoints: Int64
    let taxIncludedBasisPoints: Int64
    let taxes: [TaxClass]
    let isTaxAdded: Bool
    let taxesShipping: Bool
    let shippingMinor: Int64
    let shippingTable: [ShippingTable.Step]?
    let shippingFreeFromMinor: Int64?
    let returnDays: Int64?

    static let fields = [
      "returnDays":
        "Days after its arrival to ask to send something back; left out where it is what the installation says."
    ]

    init(_ market: Market) {
      code = market.code
      currency = market.currency
      name = market.name
      languages = market.languages
      isOpen = market.isOpen
      admission = market.admission
      commissionBasisPoints = market.commission.basisPoints
      taxIncludedBasisPoints = market.taxIncluded.basisPoints
      taxes = market.taxTable.entries.map { TaxClass(name: $0.name, basisPoints: $0.rate.basisPoints) }
      isTaxAdded = market.isTaxAdded
      taxesShipping = market.taxesShipping
      shippingMinor = market.shippingMinor
      shippingTable = market.shippingTable.isFlat ? nil : market.shippingTable.steps
      shippingFreeFromMinor = market.shippingFreeFromMinor
      returnDays = market.returnDays
    }
  }

  struct MarketChange: Codable, Described {
    let currency: Currency
    let name: String
    let languages: [String]
    let isOpen: Bool
    let admission: Admission?
    let commissionBasisPoints: Int64
    let taxIncludedBasisPoints: Int64
    let taxes: [TaxClass]?
    let isTaxAdded: Bool?
    let taxesShipping: Bool?
    let shippingMinor: Int64
    let shippingTable: [ShippingTable.Step]?
    let shippingFreeFromMinor: Int64?
    let returnDays: Int64?

    static let fields = [
      "returnDays":
        "Days after its arrival to ask to send something back, 0…365, 0 for never; left out for what the installation says. Orders keep what they were sold under.",
      "admission": "How channels get in; left out to leave it as it is.",
      "taxIncludedBasisPoints": "The standard rate: included in prices, or added where isTaxAdded.",
      "taxes": "Rates of other classes of goods, by name. A class that is not named has the standard rate.",
      "isTaxAdded": "Tax is added to prices and shown before paying; false when it is left out: they include it.",
      "taxesShipping": "Shipping is taxed at the standard rate; false when it is left out.",
      "shippingMinor": "What every parcel costs, where there is no table.",
      "shippingTable":
        "What a parcel costs by its weight, from light to heavy; nothing heavier is sent. Left out, all cost the same.",
    ]

    func market(_ code: String) throws -> Market {
      Market(
        code: code, currency: currency, name: name, languages: languages, isOpen: isOpen, admission: admission,
        commission: try ChannelAPI.rate(commissionBasisPoints, "commissionBasisPoints"),
        taxIncluded: try ChannelAPI.rate(taxIncludedBasisPoints, "taxIncludedBasisPoints"),
        taxTable: TaxTable(try (taxes ?? []).map { try $0.entry }), isTaxAdded: isTaxAdded ?? false,
        taxesShipping: taxesShipping ?? false, shippingMinor: shippingMinor,
        shippingTable: ShippingTable(shippingTable ?? []), shippingFreeFromMinor: shippingFreeFromMinor,
        returnDays: returnDays)
    }
  }

  fileprivate static func rate(_ points: Int64, _ field: String) throws -> Rate {
    guard let rate = Rate(basisPoints: points) else {
      throw GeneralRefusal.invalid(field: field, why: "must be 0 to 10 000 basis points")
    }
    return rate
  }

  static let endpoints: [Endpoint] = [
    Endpoint(.get, "/api/v1/markets", "Lists the markets.", gives: List<MarketAnswer>.self) { call in
      List(try await call.commerce.markets().map(MarketAnswer.init))
    },
    Endpoint(
      .put, "/api/v1/markets/{code}", "Makes or changes a market; for the operator.", takes: MarketChange.self,
      gives: MarketAnswer.self
    ) { call, body in
      MarketAnswer(try await call.commerce.putMarket(by: call.caller, body.market(call.text("code"))))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/channels", "Lists the channels, the newest first.", gives: List<FollowAPI.ShownChannel>.self
    ) { call in
      let state = try call.query("state").map { text in
        guard let state = ChannelState(rawValue: text) else {
          let words = ChannelState.allCases.map(\.rawValue).joined(separator: ", ")
          throw Problem.malformed("“state” is one of \(words).", field: "state")
        }
        return state
      }
      let page = try await call.commerce.channels(
        state: state ?? .approved, by: call.caller, after: call.cursor(), limit: call.limit())
      let followings = try await call.commerce.followings(of: page.items.map(\.id), by: call.caller)
      return List(page) { FollowAPI.ShownChannel($0, followings[$0.id]) }
    }.query("state", "approved when it is left out; the others are for the operator.").paged,
    Endpoint(
      .post, "/api/v1/channels", "Makes a channel, and you its owner.", takes: NewChannel.self,
      gives: CommerceChannel.self, as: .created
    ) { call, body in
      try await call.commerce.makeChannel(
        body.id ?? call.commerce.makeID(), by: call.caller,
        ChannelDraft(
          handle: body.handle, name: body.name, about: body.about ?? "", market: body.market,
          application: body.application?.application ?? ChannelApplication(), invitation: body.invitation,
          language: call.context.language))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/channels/{channel}", "Shows a channel, by id or handle.", gives: FollowAPI.ShownChannel.self
    ) { call in
      let channel = try await call.channel()
      let following = try await call.commerce.following(channel.id, by: call.caller)
      // Who follows it is nothing that is edited.
      return try Endpoint.json(FollowAPI.ShownChannel(channel, following)).tagged(channel)
    },
    Endpoint(
      .patch, "/api/v1/channels/{channel}", "Changes what is said of a channel; for its owners.",
      takes: ChannelChange.self, gives: CommerceChannel.self
    ) { call, body in
      try await call.commerce.changeChannel(
        call.channel().id, by: call.caller, body.change, seen: call.seen())
    }.by(.account).conditional,
    Endpoint(
      .put, "/api/v1/channels/{channel}/state",
      "Approves, rejects or suspends a channel, with a reason; for the operator. A suspended one sells nothing, and its buyers keep "
        + "their orders and refunds.",
      takes: ChannelStateChange.self, gives: CommerceChannel.self
    ) { call, body in
      try await call.site.admit(
        call.channel(), as: body.state, because: Verdict(body.reason, words: body.words ?? ""), by: call.caller)
    }.by(.account),
    Endpoint(
      .get, "/api/v1/channels/{channel}/members", "Lists a channel's members, to themselves.", gives: List<Member>.self
    ) { call in List(try await call.commerce.members(of: call.channel().id, by: call.caller)) }.by(.account),
    Endpoint(
      .post, "/api/v1/channels/{channel}/members", "Gives an account a role on a channel; for its owners.",
      takes: NewMember.self, gives: Member.self, as: .created
    ) { call, body in
      let (member, cut) = try await call.commerce.addMember(
        by: call.caller, channel: call.channel().id, email: body.email, role: body.role)
      call.site.cut(cut)
      return member
    }.by(.account),
    Endpoint(
      .delete, "/api/v1/channels/{channel}/members/{account}", "Takes an account's role away.", as: .noContent
    ) { call in
      call.site.cut(
        try await call.commerce.removeMember(
          by: call.caller, channel: call.channel().id, account: call.id("account", Account.self)))
      return Response(status: .noContent)
    }.by(.account),
  ]
}

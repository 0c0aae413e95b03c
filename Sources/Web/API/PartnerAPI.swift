import Commerce
import HTTPTypes
import Hummingbird

/// Partners: other sites and apps that bring buyers, for a part of the commission.
enum PartnerAPI {
  struct PartnerAnswer: Codable, Described {
    let id: ID<Partner>
    let name: String
    let via: String
    let sites: [String]
    let state: Partner.State
    let reason: String?
    let rateBasisPoints: Int64?
    let language: String
    let madeAt: Moment

    static let fields = [
      "via": "What their links carry: ?via=.", "sites": "The origins that may hold our frame for them.",
      "reason": "Why it is not active.", "rateBasisPoints": "Their part of the commission today.",
      "language": "In which its people are written to.",
    ]

    init(_ partner: Partner) {
      id = partner.id
      name = partner.name
      via = partner.via
      sites = partner.sites
      state = partner.state
      reason = partner.reason.isEmpty ? nil : partner.reason
      rateBasisPoints = partner.rate?.basisPoints
      language = partner.language.isEmpty ? "en" : partner.language
      madeAt = partner.made
    }
  }

  struct NewPartner: Codable, Described {
    let id: ID<Partner>?
    let name: String
    let via: String?
    let sites: [String]?
    let rateBasisPoints: Int64
    let startsAt: Moment?
    let language: String?

    static let fields = [
      "language": "In which its people are written to: en or hi; left out, English.",
      "via": "3 to 30 letters, digits and hyphens; left out, one is made.",
      "sites": "Origins such as https://blog.example, at most 20.",
      "rateBasisPoints": "Their part of the platform's commission: 0 to 10000.", "startsAt": "Left out for now.",
    ]
  }

  struct PartnerPatch: Codable, Described {
    let name: String?
    let sites: [String]?

    static let fields = ["sites": "All of them: those that are not named are theirs no more."]
  }

  struct NewPartnerState: Codable, Described {
    let state: Partner.State
    let reason: String?

    static let fields = ["reason": "For its people to read; needed for suspended and ended."]
  }

  struct PartnerTermsAnswer: Codable {
    let id: ID<PartnerTerms>
    let partner: ID<Partner>
    let rateBasisPoints: Int64
    let startsAt: Moment

    init(_ terms: PartnerTerms) {
      id = terms.id
      partner = terms.partner
      rateBasisPoints = terms.rate.basisPoints
      startsAt = terms.starts
    }
  }

  struct NewPartnerLanguage: Codable, Described {
    let language: String

    static let fields = ["language": "A tag such as en or hi. Mail is in English where there is no other."]
  }

  struct PartnerSites: Codable, Described {
    let sites: [String]

    static let fields = ["sites": "All of them, at most 20, such as https://blog.example."]
  }

  struct NewPartnerTerms: Codable, Described {
    let id: ID<PartnerTerms>?
    let rateBasisPoints: Int64
    let startsAt: Moment?

    static let fields = [
      "rateBasisPoints": "0 to 10000.",
      "startsAt": "Not before now; left out for now. They hold until later ones start.",
    ]
  }

  struct NewPartnerMember: Codable { let email: String }
  struct NewPartnerKey: Codable { let name: String }

  struct MadePartnerKey: Codable, Described {
    let key: PartnerKey
    let secret: String

    static let fields = ["secret": "Shown this once."]
  }

  struct BroughtAnswer: Codable, Described {
    let id: ID<Order>
    let number: String
    let state: Order.State
    let placedAt: Moment
    let kind: OrderSource.Kind
    let site: String?
    let show: ID<Show>?
    let mediaTime: Int64?
    let total: Money
    let commission: Money
    let share: Money
    let givenBack: Money

    static let fields = [
      "total": "What the buyer paid.", "share": "The partner's part of the commission, as it was sold.",
      "givenBack": "What the partner gave back of its share for refunds.",
    ]

    init(_ order: PartnerOrder) {
      id = order.id
      number = order.number
      state = order.state
      placedAt = order.placed
      kind = order.source.kind
      site = order.source.site.isEmpty ? nil : order.source.site
      show = order.show
      mediaTime = order.source.mediaTime
      total = order.total
      commission = order.commission
      share = order.share
      givenBack = order.givenBack
    }
  }

  struct PartnerSumAnswer: Codable, Described {
    let orders: Int64
    let sold: Money
    let earned: Money

    static let fields = ["earned": "Shares less what was given back, whether or not they are released yet."]

    init(_ sum: PartnerSum) {
      orders = sum.orders
      sold = sum.sold
      earned = sum.earned
    }
  }

  struct PartnerStatementAnswer: Codable, Described {
    let opening: Money
    let closing: Money
    let sold: Money
    let commission: Money
    let count: Int64
    let lines: [PartnerLine]

    struct PartnerLine: Codable {
      let transfer: ID<Transfer>
      let kind: String
      let order: ID<Order>?
      let payout: ID<Payout>?
      let at: Moment
      let sold: Money
      let commission: Money
      let amount: Money
    }

    static let fields = ["lines": "The first 500; the file on the partner's page has all."]

    init(_ statement: Statement) {
      opening = statement.opening
      closing = statement.closing
      sold = statement.sold
      commission = statement.commission
      count = statement.count
      lines = statement.lines.map {
        PartnerLine(
          transfer: $0.transfer, kind: $0.kind.rawValue, order: $0.order, payout: $0.payout, at: $0.at, sold: $0.sold,
          commission: $0.commission, amount: $0.amount)
      }
    }
  }

  struct SalesSourceAnswer: Codable, Described {
    let kind: OrderSource.Kind
    let partner: ID<Partner>?
    let partnerName: String?
    let via: String?
    let site: String?
    let orders: Int64
    let total: Money

    static let fields = ["partner": "Who is credited; left out for nobody.", "via": "As told.", "site": "As told."]

    init(_ source: SalesSource) {
      kind = source.kind
      partner = source.partner
      partnerName = source.partner == nil ? nil : source.partnerName
      via = source.via.isEmpty ? nil : source.via
      site = source.site.isEmpty ? nil : source.site
      orders = source.orders
      total = source.total
    }
  }

  static let endpoints: [Endpoint] =
    ofOperator + ofPeople + money + [
      Endpoint(
        .get, "/api/v1/shows/{show}/sources",
        "Says where a show's paid orders came from, the most worth first, at most 100 ways; to members of its channel who see what is sold.",
        gives: List<SalesSourceAnswer>.self
      ) { call in
        List(try await call.commerce.salesSources(of: call.id("show"), by: call.caller).map(SalesSourceAnswer.init))
      }.by(.account)
    ]

  private static let ofOperator: [Endpoint] = [
    Endpoint(
      .post, "/api/v1/partners", "Makes a partner with its first terms; for the operator.", takes: NewPartner.self,
      gives: PartnerAnswer.self, as: .created
    ) { call, body in
      PartnerAnswer(
        try await call.commerce.makePartner(
          body.id ?? call.commerce.makeID(), by: call.caller,
          PartnerDraft(
            name: body.name, via: body.via, sites: body.sites ?? [], rateBasisPoints: body.rateBasisPoints,
            starts: body.startsAt, language: body.language)))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/partners", "Lists all partners, the latest made first, to the operator.",
      gives: List<PartnerAnswer>.self
    ) { call in
      List(
        try await call.commerce.partners(by: call.caller, after: call.cursor(), limit: call.limit()),
        PartnerAnswer.init)
    }.paged.by(.account),
    Endpoint(
      .patch, "/api/v1/partners/{partner}", "Gives a partner another name or other sites; for the operator.",
      takes: PartnerPatch.self, gives: PartnerAnswer.self
    ) { call, body in
      PartnerAnswer(
        try await call.commerce.changePartner(
          call.partner().id, by: call.caller, name: body.name, sites: body.sites))
    }.by(.account),
    Endpoint(
      .put, "/api/v1/partners/{partner}/state",
      "Suspends a partner, takes it back, or ends it for good; for the operator.", takes: NewPartnerState.self,
      gives: PartnerAnswer.self
    ) { call, body in
      PartnerAnswer(
        try await call.commerce.setPartnerState(
          call.partner().id, by: call.caller, body.state, reason: body.reason ?? ""))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/partners/{partner}/terms",
      "Gives a partner another part of the commission, from a moment on; for the operator.",
      takes: NewPartnerTerms.self,
      gives: PartnerTermsAnswer.self, as: .created
    ) { call, body in
      PartnerTermsAnswer(
        try await call.commerce.makePartnerTerms(
          body.id ?? call.commerce.makeID(), of: call.partner().id, by: call.caller,
          rateBasisPoints: body.rateBasisPoints, starts: body.startsAt))
    }.by(.account),
    Endpoint(
      .put, "/api/v1/partners/{partner}/payout-hold", "Keeps a partner's money back, with a reason; for the operator.",
      takes: PayoutAPI.Reason.self
    ) { call, body in
      try await call.commerce.holdPayouts(of: .partner(call.partner().id), by: call.caller, reason: body.reason)
    }.by(.account),
    Endpoint(
      .delete, "/api/v1/partners/{partner}/payout-hold", "Lets a partner's money go again; for the operator.",
      as: .noContent
    ) { call in
      try await call.commerce.releasePayouts(of: .partner(call.partner().id), by: call.caller)
      return Response(status: .noContent)
    }.by(.account),
  ]

  private static let ofPeople: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/own-partners", "Lists the partners you are one of the people of; of a partner's key, its own.",
      gives: List<PartnerAnswer>.self
    ) { call in
      List(try await call.commerce.ownPartners(by: call.caller).map(PartnerAnswer.init))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/partners/{partner}", "Shows a partner, by its id or its links' key, to its people and its keys.",
      gives: PartnerAnswer.self
    ) { call in PartnerAnswer(try await call.partner()) }.by(.account),
    Endpoint(
      .put, "/api/v1/partners/{partner}/language",
      "Says in which language a partner's people are written to; for them and the operator.",
      takes: NewPartnerLanguage.self, gives: PartnerAnswer.self
    ) { call, body in
      PartnerAnswer(
        try await call.commerce.setPartnerLanguage(call.partner().id, by: call.caller, body.language))
    }.by(.account),
    Endpoint(
      .put, "/api/v1/partners/{partner}/sites",
      "Names all the sites whose pages may hold frames for a partner; for its people and the operator.",
      takes: PartnerSites.self, gives: PartnerAnswer.self
    ) { call, body in
      PartnerAnswer(
        try await call.commerce.setPartnerSites(call.partner().id, by: call.caller, body.sites))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/partners/{partner}/terms", "Lists a partner's terms, the latest start first.",
      gives: List<PartnerTermsAnswer>.self
    ) { call in
      List(
        try await call.commerce.partnerTerms(of: call.partner().id, by: call.caller).map(PartnerTermsAnswer.init))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/partners/{partner}/members", "Lists a partner's people, to them and the operator.",
      gives: List<PartnerMember>.self
    ) { call in
      List(try await call.commerce.partnerMembers(of: call.partner().id, by: call.caller))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/partners/{partner}/members",
      "Makes somebody with an account one of a partner's people; for them and the operator.",
      takes: NewPartnerMember.self,
      gives: PartnerMember.self
    ) { call, body in
      try await call.commerce.addPartnerMember(of: call.partner().id, by: call.caller, email: body.email)
    }.by(.account),
    Endpoint(
      .delete, "/api/v1/partners/{partner}/members/{account}",
      "Takes somebody out of a partner's people; for them and the operator.", as: .noContent
    ) { call in
      try await call.commerce.removePartnerMember(
        of: call.partner().id, by: call.caller, account: call.id("account"))
      return Response(status: .noContent)
    }.by(.account),
    Endpoint(
      .get, "/api/v1/partners/{partner}/api-keys", "Lists a partner's API keys, to its people and the operator.",
      gives: List<PartnerKey>.self
    ) { call in
      List(try await call.commerce.partnerKeys(of: call.partner().id, by: call.caller))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/partners/{partner}/api-keys",
      "Makes an API key that reads what is the partner's and nothing else; for its people.", takes: NewPartnerKey.self,
      gives: MadePartnerKey.self, as: .created
    ) { call, body in
      let (key, secret) = try await call.commerce.makePartnerKey(
        of: call.partner().id, by: call.caller, name: body.name)
      return MadePartnerKey(key: key, secret: secret.text)
    }.by(.account),
    Endpoint(
      .delete, "/api/v1/partners/{partner}/api-keys/{key}",
      "Revokes a partner's API key, at once; for its people and the operator.", as: .noContent
    ) { call in
      try await call.commerce.revokePartnerKey(call.id("key"), of: call.partner().id, by: call.caller)
      return Response(status: .noContent)
    }.by(.account),
  ]

  private static let money: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/partners/{partner}/orders",
      "Lists the paid orders a partner brought, the latest first: without their buyers.",
      gives: List<BroughtAnswer>.self
    ) { call in
      List(
        try await call.commerce.orders(
          of: call.partner().id, by: call.caller, after: call.cursor(), limit: call.limit()),
        BroughtAnswer.init)
    }.paged.by(.account),
    Endpoint(
      .get, "/api/v1/partners/{partner}/sums", "Says what a partner brought and earned in all, by currency.",
      gives: List<PartnerSumAnswer>.self
    ) { call in
      List(
        try await call.commerce.partnerSums(of: [call.partner().id], by: call.caller).map(PartnerSumAnswer.init))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/partners/{partner}/earnings",
      "Says what is released to a partner, and what waits for deliveries, by currency.",
      gives: List<LedgerAPI.EarningsAnswer>.self
    ) { call in
      List(
        try await call.commerce.earnings(of: .partner(call.partner().id), by: call.caller).map {
          LedgerAPI.EarningsAnswer(released: $0.released, waiting: $0.waiting)
        })
    }.by(.account),
    Endpoint(
      .get, "/api/v1/partners/{partner}/payouts", "Lists a partner's payouts, newest first.",
      gives: List<PayoutAPI.PayoutAnswer>.self
    ) { call in
      List(
        try await call.commerce.payouts(
          of: .partner(call.partner().id), by: call.caller, after: call.cursor(), limit: call.limit()),
        PayoutAPI.PayoutAnswer.init)
    }.paged.by(.account),
    Endpoint(
      .get, "/api/v1/partners/{partner}/payouts/due",
      "Says what could be paid out to a partner now, by currency, and what keeps it.",
      gives: List<PayoutAPI.DueAnswer>.self
    ) { call in
      List(
        try await call.commerce.payoutsDue(of: .partner(call.partner().id), by: call.caller)
          .map(PayoutAPI.DueAnswer.init))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/partners/{partner}/payout-destination", "Says where a partner's money goes.",
      gives: PayoutAPI.DestinationAnswer.self
    ) { call in
      let payee = Payee.partner(try await call.partner().id)
      guard let destination = try await call.commerce.payoutDestination(of: payee, by: call.caller) else {
        throw Problem.notFound("bank account")
      }
      return PayoutAPI.DestinationAnswer(destination)
    }.by(.account),
    Endpoint(
      .put, "/api/v1/partners/{partner}/payout-destination",
      "Says where a partner's money goes from now on; for its people. The number cannot be read again.",
      takes: PayoutAPI.NewDestination.self, gives: PayoutAPI.DestinationAnswer.self
    ) { call, body in
      PayoutAPI.DestinationAnswer(
        try await call.commerce.setPayoutDestination(
          of: .partner(call.partner().id), by: call.caller,
          BankAccount(holder: body.holder, number: body.number, code: body.code ?? "")))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/partners/{partner}/payout-account",
      "Says whether a partner has an account at the payment provider, and whether it is ready; to its people.",
      gives: PayoutAPI.ProviderAccount.self
    ) { call in
      let payee = Payee.partner(try await call.partner().id)
      return try PayoutAPI.account(await call.commerce.providerPayee(of: payee, by: call.caller))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/partners/{partner}/payout-account",
      "Opens an account for a partner at the payment provider, or a new visit to it; for its people.",
      takes: PayoutAPI.Connection.self, gives: PayoutAPI.Onboarding.self
    ) { call, body in
      let partner = try await call.partner()
      return PayoutAPI.Onboarding(
        url: try await call.commerce.connectPayee(
          .partner(partner.id), by: call.caller, country: body.country, back: "/partner/\(partner.via)/money"))
    }.by(.account),
    Endpoint(
      .put, "/api/v1/partners/{partner}/payout-account/details",
      "Passes on what the payment provider wants to know of a partner, where it has no page for that; for its people. "
        + "None of it can be read again.",
      takes: PayoutAPI.NewDetails.self, gives: PayoutAPI.ProviderAccount.self
    ) { call, body in
      let payee = Payee.partner(try await call.partner().id)
      return try PayoutAPI.account(await call.commerce.tellPayee(payee, by: call.caller, body.details))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/partners/{partner}/payout-account/check",
      "Asks the provider how a partner's account stands, and pays to it once it is ready; for its people.",
      gives: PayoutAPI.ProviderAccount.self
    ) { call in
      let payee = Payee.partner(try await call.partner().id)
      return try PayoutAPI.account(await call.commerce.refreshPayee(payee, by: call.caller))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/partners/{partner}/statements/{month}",
      "A partner's statement of a month of UTC such as 2026-11, one for each currency.",
      gives: List<PartnerStatementAnswer>.self
    ) { call in
      List(
        try await call.commerce.statements(
          of: .partner(call.partner().id), by: call.caller, PayoutAPI.span(of: call.text("month"))
        ).map(PartnerStatementAnswer.init))
    }.by(.account),
  ]
}

extension Call {
  /// The partner in the path, by id or by what its links carry.
  func partner() async throws -> Partner {
    let name = text("partner")
    if let id = ID<Partner>(name) { return try await commerce.partner(id, by: caller) }
    return try await commerce.partner(via: name, by: caller)
  }
}

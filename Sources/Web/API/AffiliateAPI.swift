import Commerce
import HTTPTypes

/// Affiliate terms: a channel sells another's products in its shows, for a share.
enum AffiliateAPI {
  struct TermsAnswer: Codable, Described {
    let id: ID<AffiliateTerms>
    let seller: ID<CommerceChannel>
    let sellerName: String
    let product: ID<Product>?
    let creator: ID<CommerceChannel>?
    let rateBasisPoints: Int64
    let startsAt: Moment
    let endsAt: Moment?

    static let fields = [
      "product": "Left out for all of the seller's products.", "creator": "Left out for every channel.",
      "rateBasisPoints": "The creator's share of what is sold, without its tax.", "endsAt": "Left out without an end.",
    ]

    init(_ terms: AffiliateTerms) {
      id = terms.id
      seller = terms.seller
      sellerName = terms.sellerName
      product = terms.product
      creator = terms.creator
      rateBasisPoints = terms.rate.basisPoints
      startsAt = terms.starts
      endsAt = terms.ends == .never ? nil : terms.ends
    }
  }

  struct NewTerms: Codable, Described {
    let id: ID<AffiliateTerms>?
    let product: ID<Product>?
    let creator: String?
    let rateBasisPoints: Int64
    let endsAt: Moment?

    static let fields = [
      "product": "Left out for all of the seller's products.",
      "creator": "A channel's handle; its own terms win over those for everyone. Left out for every channel.",
      "rateBasisPoints": "100 to 8000.",
    ]
  }

  struct AffiliateProductAnswer: Codable {
    let id: ID<Product>
    let title: String
    let seller: String
    let rateBasisPoints: Int64
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .post, "/api/v1/channels/{channel}/affiliate-terms",
      "Lets other channels sell a seller's products in their shows, for a share; for the seller's owners.",
      takes: NewTerms.self, gives: TermsAnswer.self, as: .created
    ) { call, body in
      TermsAnswer(
        try await call.commerce.makeAffiliateTerms(
          body.id ?? call.commerce.makeID(), by: call.caller, channel: call.channel().id,
          AffiliateTermsDraft(
            product: body.product, creator: body.creator, rateBasisPoints: body.rateBasisPoints, ends: body.endsAt)))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/channels/{channel}/affiliate-terms",
      "Lists a seller's affiliate terms, those that have not ended first, at most 200; to its members.",
      gives: List<TermsAnswer>.self
    ) { call in
      List(try await call.commerce.affiliateTerms(of: call.channel().id, by: call.caller).map(TermsAnswer.init))
    }.by(.account),
    Endpoint(
      .delete, "/api/v1/affiliate-terms/{terms}",
      "Ends affiliate terms; for the seller's owners. A show that began with them goes on selling on them.",
      gives: TermsAnswer.self
    ) { call in
      TermsAnswer(try await call.commerce.endAffiliateTerms(call.id("terms"), by: call.caller))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/channels/{channel}/affiliate-offers",
      "Lists the terms on which a channel may sell what is others', the best share first, at most 200; to its members.",
      gives: List<TermsAnswer>.self
    ) { call in
      List(try await call.commerce.affiliateOffers(for: call.channel().id, by: call.caller).map(TermsAnswer.init))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/channels/{channel}/affiliate-products",
      "Finds what of others a channel may put into the run of its shows; for its members.",
      gives: List<AffiliateProductAnswer>.self
    ) { call in
      let found = try await call.commerce.findAffiliateProducts(
        for: call.channel().id, by: call.caller, matching: call.query("q") ?? "", limit: call.limit())
      return List(
        found.map {
          AffiliateProductAnswer(
            id: $0.id, title: $0.title, seller: $0.seller ?? "", rateBasisPoints: $0.share?.basisPoints ?? 0)
        })
    }.query("q", "Words of the title or the seller's name.").query("limit", "1 to 100.").by(.account),
  ]
}

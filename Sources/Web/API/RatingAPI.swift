import Commerce
import HTTPTypes
import Hummingbird

/// What buyers say of sellers (docs/decisions/0059).
enum RatingAPI {
  struct RatingAverage: Codable, Described {
    let average: String
    let count: Int64

    static let fields = ["average": "Stars of 5 with one decimal, such as 4.6."]

    /// Nil where nobody has rated.
    init?(_ sum: RatingSum) {
      guard let average = sum.average else { return nil }
      self.average = average
      count = sum.count
    }
  }

  struct RatingAnswer: Codable, Described {
    let id: ID<Rating>
    let stars: Int64
    let text: String
    let name: String
    let answer: String?
    let answeredAt: Moment?
    let madeAt: Moment
    let changedAt: Moment
    let hidden: String?

    static let fields = [
      "name": "What everybody is told of who said it, such as Asha R.; empty once their account was deleted.",
      "answer": "The seller's; left out without one.",
      "hidden": "Why the operator took it down; left out while everybody sees it.",
    ]

    init(_ rating: Rating) {
      id = rating.id
      stars = rating.stars
      text = rating.text
      name = rating.name
      answer = rating.answer.isEmpty ? nil : rating.answer
      answeredAt = rating.answered
      madeAt = rating.made
      changedAt = rating.changed
      hidden = rating.hidden
    }
  }

  struct RatingList: Codable, Described {
    let sum: RatingAverage?
    let items: [RatingAnswer]
    let next: String?

    static let fields = ["sum": "All that count; left out where nobody has rated."]
  }

  struct RatingOfOrder: Codable, Described {
    let rating: RatingAnswer?
    let isOpen: Bool

    static let fields = ["isOpen": "Whether its buyer may give or change one now."]
  }

  struct NewRating: Codable, Described {
    let stars: Int64
    let text: String?

    static let fields = ["stars": "1 to 5.", "text": "500 characters at most, without links."]
  }

  struct NewRatingReply: Codable { let text: String }

  struct RatingFlag: Codable { let note: String? }

  struct RatingVerdict: Codable, Described {
    let reason: String?

    static let fields = ["reason": "Why it is taken down; left out, it stays, or is there again."]
  }

  struct FlaggedRatingAnswer: Codable {
    let rating: RatingAnswer
    let channel: String
    let count: Int64
    let lastAt: Moment
    let notes: [String]

    init(_ flagged: FlaggedRating) {
      rating = RatingAnswer(flagged.rating)
      channel = flagged.channelHandle
      count = flagged.count
      lastAt = flagged.last
      notes = flagged.notes
    }
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/channels/{channel}/ratings", "Lists what buyers say of a seller, the latest first.",
      gives: RatingList.self
    ) { call in
      let channel = try await call.channel()
      let page = try await call.commerce.ratings(
        of: channel.id, by: call.caller, after: call.cursor(), limit: call.limit())
      return RatingList(
        sum: RatingAverage(try await call.commerce.ratingSum(of: channel.id, by: call.caller)),
        items: page.items.map(RatingAnswer.init), next: page.next?.description)
    }.paged,
    Endpoint(
      .get, "/api/v1/ratings", "Lists what you said of sellers, the latest first.", gives: List<RatingAnswer>.self
    ) { call in
      List(
        try await call.commerce.ownRatings(by: call.caller, after: call.cursor(), limit: call.limit()),
        RatingAnswer.init)
    }.paged.by(.account),
    Endpoint(
      .get, "/api/v1/orders/{order}/rating", "Says how an order is rated, to its buyer and its seller.",
      gives: RatingOfOrder.self
    ) { call in
      let standing = try await call.commerce.rating(of: call.id("order"), by: call.caller, token: call.orderToken)
      return RatingOfOrder(rating: standing.rating.map(RatingAnswer.init), isOpen: standing.isOpen)
    }.by(.orderToken),
    Endpoint(
      .put, "/api/v1/orders/{order}/rating",
      "Rates an order that arrived, for its buyer; said again while that is allowed, it is what was said last.",
      takes: NewRating.self, gives: RatingAnswer.self
    ) { call, body in
      RatingAnswer(
        try await call.commerce.rate(
          call.id("order"), stars: body.stars, text: body.text ?? "", by: call.caller, token: call.orderToken))
    }.by(.orderToken),
    Endpoint(
      .put, "/api/v1/ratings/{rating}/answer", "Answers a rating for everybody to read, once; for the seller's owners.",
      takes: NewRatingReply.self, gives: RatingAnswer.self
    ) { call, body in
      RatingAnswer(try await call.commerce.answer(call.id("rating"), body.text, by: call.caller))
    }.by(.account),
    Endpoint(
      .put, "/api/v1/ratings/{rating}/flag", "Tells the operator that a rating ought not to be read.",
      takes: RatingFlag.self
    ) { call, body in
      try await call.commerce.flag(
        call.id("rating"), note: body.note ?? "", by: call.caller, visitor: call.visitor)
    }.limited(.chat).by(.visitor),
    Endpoint(
      .get, "/api/v1/rating-flags",
      "Lists the ratings that somebody told the operator of and nobody has looked at, at most 100; to operators.",
      gives: List<FlaggedRatingAnswer>.self
    ) { call in
      List(try await call.commerce.flaggedRatings(by: call.caller).map(FlaggedRatingAnswer.init))
    }.by(.account),
    Endpoint(
      .put, "/api/v1/ratings/{rating}/verdict", "Takes a rating down, or lets it be; for operators.",
      takes: RatingVerdict.self, gives: RatingAnswer.self
    ) { call, body in
      RatingAnswer(try await call.commerce.settle(call.id("rating"), hiding: body.reason, by: call.caller))
    }.by(.account),
  ]
}

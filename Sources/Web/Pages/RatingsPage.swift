import Commerce
import Hummingbird

/// A seller's average, beside their name.
struct RatingSumView: Sendable {
  let average: String
  let countText: String
  let spokenText: String
  let url: String

  /// Nil where nobody has rated.
  init?(_ sum: RatingSum, handle: String, _ words: Words) {
    guard let average = sum.average else { return nil }
    self.average = average
    countText = words.plural("rating.count", sum.count)
    spokenText = words["rating.spoken", ["average": average]]
    url = "/@\(handle)/ratings"
  }
}

/// One rating as it is shown.
struct RatingView: Sendable {
  let id: String
  let stars: String
  let spokenText: String
  let text: String?
  let name: String
  let whenISO: String
  let whenText: String
  let sellerName: String
  let answer: String?
  let answeredISO: String
  let answeredText: String
  /// Why the operator took it down.
  let hiddenText: String?
  let canAnswer: Bool
  let canReport: Bool
  let formURL: String

  init(
    _ rating: Rating, sellerName: String, canAnswer: Bool = false, canReport: Bool = false, formURL: String,
    _ words: Words
  ) {
    id = rating.id.description
    stars = Self.stars(rating.stars)
    spokenText = words.plural("rating.stars", rating.stars)
    text = rating.text.isEmpty ? nil : rating.text
    name = rating.name.isEmpty ? words["rating.somebody"] : rating.name
    (whenISO, whenText) = (rating.made.description, rating.made.plainText)
    self.sellerName = sellerName
    answer = rating.answer.isEmpty ? nil : rating.answer
    (answeredISO, answeredText) = (rating.answered?.description ?? "", rating.answered?.plainText ?? "")
    hiddenText = rating.hidden.map { words["rating.hidden", ["reason": $0]] }
    self.canAnswer = canAnswer && rating.answer.isEmpty && rating.hidden == nil
    self.canReport = canReport
    self.formURL = formURL
  }

  static func stars(_ count: Int64) -> String {
    let full = Int(min(max(count, 0), 5))
    return String(repeating: "★", count: full) + String(repeating: "☆", count: 5 - full)
  }
}

/// On an order's page: the form to rate it, and what was said.
struct RatingOfOrderView: Sendable {
  struct ChoiceView: Sendable {
    let value: Int64
    let name: String
    let isChosen: Bool
  }

  let shown: RatingView?
  let form: FormView?

  struct FormView: Sendable {
    let title: String
    /// What was said is there already.
    let isChange: Bool
    let choices: [ChoiceView]
    let text: String
    let textMax: Int
    let formURL: String
    let untilISO: String?
    let untilText: String
  }

  /// Nil where there is nothing to show, nor to do.
  init?(_ standing: RatingStanding, of order: Order, seller: Channel, isOwner: Bool, _ visit: Visit) {
    guard standing.rating != nil || standing.isOpen else { return nil }
    let (words, policy, url) = (visit.words, visit.commerce.policy, "/orders/\(order.id)")
    shown = standing.rating.map {
      RatingView($0, sellerName: seller.name, canAnswer: isOwner, formURL: url, words)
    }
    let until = standing.rating?.changeable(policy)
    form =
      standing.isOpen
      ? FormView(
        title: standing.rating == nil ? words["rating.rate", ["seller": seller.name]] : words["rating.change"],
        isChange: standing.rating != nil,
        choices: Rating.stars.map {
          ChoiceView(
            value: $0, name: words.plural("rating.stars", $0), isChosen: $0 == standing.rating?.stars)
        }, text: standing.rating?.text ?? "", textMax: policy.ratingCharactersMax, formURL: url,
        untilISO: until?.description, untilText: until?.plainText ?? "") : nil
  }

  /// Does what its forms say; false when it is none of them.
  static func act(_ form: Form, _ visit: Visit, _ id: ID<Order>) async throws -> Bool {
    switch form["do"] {
    case "rate":
      guard let stars = Int64(form["stars"]) else {
        throw GeneralRefusal.invalid(field: "stars", why: "must be between 1 and 5")
      }
      _ = try await visit.commerce.rate(
        id, stars: stars, text: form["text"], by: visit.caller, token: visit.orderToken)
    case "answer-rating":
      guard let rating = ID<Rating>(form["rating"]) else { throw Problem.notFound("rating") }
      _ = try await visit.commerce.answer(rating, form["text"], by: visit.caller)
    default: return false
    }
    return true
  }
}

/// `/@{handle}/ratings`: what buyers say of a seller.
struct RatingsPage: Sendable {
  let handle: String
  let name: String
  let initial: String
  let tone: Int
  let sum: RatingSumView?
  let items: [RatingView]
  let hasItems: Bool
  let next: String?
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil) }

  static func act(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    let channel = try await visit.commerce.channel(handle: visit.parameter("handle"), by: visit.caller)
    let form = try await visit.form()
    do {
      guard let rating = ID<Rating>(form["rating"]) else { throw Problem.notFound("rating") }
      switch form["do"] {
      case "answer-rating": _ = try await visit.commerce.answer(rating, form["text"], by: visit.caller)
      case "report":
        try visit.site.limits.take(.chat, visit.address)
        try await visit.commerce.flag(rating, note: form["text"], by: visit.caller)
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      return visit.redirect("/@\(channel.handle)/ratings?saved=yes")
    } catch {
      return try await page(visit, visit.complaint(error))
    }
  }

  private static func page(_ visit: Visit, _ complaint: Visit.Complaint?) async throws -> Response {
    let channel = try await visit.commerce.channel(handle: visit.parameter("handle"), by: visit.caller)
    let sum = try await visit.commerce.ratingSum(of: channel.id, by: visit.caller)
    let page = try await visit.commerce.ratings(
      of: channel.id, by: visit.caller, after: visit.cursor, limit: visit.pageLimit(30))
    let isOwner = try await visit.role(in: channel.id)?.isOwner == true
    let url = "/@\(channel.handle)/ratings"
    let model = RatingsPage(
      handle: channel.handle, name: channel.name, initial: Tone.initial(channel.name), tone: Tone.of(channel.id),
      sum: RatingSumView(sum, handle: channel.handle, visit.words),
      items: page.items.map {
        RatingView(
          $0, sellerName: channel.name, canAnswer: isOwner, canReport: visit.caller.account != nil, formURL: url,
          visit.words)
      }, hasItems: !page.items.isEmpty, next: page.next.map { "\(url)?after=\($0)" }, error: complaint?.sentence,
      isSaved: try visit.query("saved") != nil)
    return try visit.page(
      "ratings", title: "\(visit.words["rating.title"]) · \(channel.name)",
      sharing: Sharing(
        url: url, type: "profile",
        structured: StructuredData.channel(channel, sum, base: visit.site.configuration.publicURL)),
      status: complaint?.status ?? .ok, model)
  }
}

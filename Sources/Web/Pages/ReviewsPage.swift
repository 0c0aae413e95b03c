import Commerce
import Hummingbird

/// `/operator/admission`: the applications and appeals that wait, and the tiers.
struct ReviewsPage: Sendable {
  struct Item: Sendable {
    let url: String
    let name: String
    let initial: String
    let tone: Int
    let what: String
    let isAppeal: Bool
    let age: String
    let sells: String
  }

  struct TierView: Sendable {
    let level: Int64
    let name: String
    let limit: String
    let delivered: String
    let isFirst: Bool
  }

  let items: [Item]
  let hasItems: Bool
  let next: String?
  let tiers: [TierView]
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil, nil) }

  /// Sets the tiers.
  static func putTiers(_ visit: Visit) async throws -> Response {
    let form = try await visit.form()
    do {
      let tiers = try ChannelTier.levels.map { level in
        func number(_ field: String) throws -> Int64 {
          guard let value = Int64(form["\(field)-\(level)"]) else {
            throw GeneralRefusal.invalid(field: field, why: "must be a whole number")
          }
          return value
        }
        return Tier(
          level: level, dailyOrdersMax: form["limit-\(level)"].isEmpty ? nil : try number("limit"),
          deliveredMin: level == 1 ? 0 : try number("delivered"))
      }
      _ = try await visit.commerce.putTiers(tiers, by: visit.caller)
      return visit.redirect("/operator/admission?saved=yes")
    } catch {
      return try await page(visit, form, visit.complaint(error))
    }
  }

  private static func page(_ visit: Visit, _ form: Form?, _ complaint: Visit.Complaint?) async throws -> Response {
    _ = try visit.requireAccount()
    let (words, now) = (visit.words, visit.commerce.clock.now)
    let page = try await visit.commerce.reviews(by: visit.caller, after: visit.cursor, limit: visit.pageLimit(30))
    let model = ReviewsPage(
      items: page.items.map { review in
        Item(
          url: "/operator/admission/\(review.id)", name: review.channelName,
          initial: Tone.initial(review.channelName), tone: Tone.of(review.channel),
          what: words.text(review), isAppeal: review.kind == .appeal,
          age: words.age(of: review.asked, at: now),
          sells: String(
            (review.kind == .appeal ? review.application.note : review.application.sells).prefix(200)))
      }, hasItems: !page.items.isEmpty, next: page.next.map { "/operator/admission?after=\($0)" },
      tiers: try await visit.commerce.tiers().map { tier in
        TierView(
          level: tier.level, name: words["admission.tierName", ["tier": "\(tier.level)"]],
          limit: form?["limit-\(tier.level)"] ?? tier.dailyOrdersMax.map { "\($0)" } ?? "",
          delivered: form?["delivered-\(tier.level)"] ?? "\(tier.deliveredMin)", isFirst: tier.level == 1)
      }, error: complaint?.sentence, isSaved: try visit.query("saved") != nil)
    return try visit.page(
      "operator-admission", title: words["admission.title"], status: complaint?.status ?? .ok, model)
  }
}

extension Words {
  /// `Application · IN`, `Appeal · suspension`.
  func text(_ review: Review) -> String {
    let place = review.market.isEmpty ? self["admission.suspension"] : review.market
    return self["admission.\(review.kind.rawValue)"] + " · " + place
  }
}

/// `/operator/admission/{review}`: one of them, what was decided about the channel before, and the decision.
struct ReviewPage: Sendable {
  let url: String
  let channelURL: String
  let handle: String
  let name: String
  let what: String
  let isAppeal: Bool
  let stateText: String
  let age: String
  let askedISO: String
  let askedText: String
  let sells: String?
  let location: String?
  let website: String?
  let note: String?
  let isOpen: Bool
  let outcome: String?
  let yesText: String
  let noText: String
  let reasons: [ChoiceView]
  let draftWords: String
  let history: [AdmissionEventView]
  let hasHistory: Bool
  let error: String?

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil, nil) }

  static func decide(_ visit: Visit) async throws -> Response {
    let id = try visit.id("review", Review.self)
    let form = try await visit.form()
    do {
      _ = try await visit.commerce.decide(
        id, by: visit.caller, granted: form["do"] == "grant", form.verdict)
      return visit.redirect("/operator/admission?saved=yes")
    } catch {
      return try await page(visit, form, visit.complaint(error))
    }
  }

  private static func page(_ visit: Visit, _ form: Form?, _ complaint: Visit.Complaint?) async throws -> Response {
    _ = try visit.requireAccount()
    let (review, history) = try await visit.commerce.review(
      visit.id("review", Review.self), by: visit.caller)
    let model = ReviewPage(
      review, history, at: visit.commerce.clock.now, form, error: complaint?.sentence, visit.words)
    return try visit.page(
      "operator-review", title: "\(review.channelName) · \(visit.words["admission.title"])",
      status: complaint?.status ?? .ok, model)
  }

  private init(
    _ review: Review, _ history: [AdmissionEvent], at now: Moment, _ form: Form?, error: String?, _ words: Words
  ) {
    func said(_ text: String) -> String? { text.isEmpty ? nil : text }
    url = "/operator/admission/\(review.id)"
    channelURL = "/operator/channels/\(review.channelHandle)"
    handle = review.channelHandle
    name = review.channelName
    what = words.text(review)
    isAppeal = review.kind == .appeal
    stateText = words[OperatorChannelView.key(of: review.channelState)]
    age = words.age(of: review.asked, at: now)
    askedISO = review.asked.description
    askedText = review.asked.plainText
    sells = said(review.application.sells)
    location = said(review.application.location)
    website = said(review.application.website)
    note = said(review.application.note)
    isOpen = review.decided == nil
    outcome = review.isGranted.map { words[$0 ? "admission.granted" : "admission.denied"] }
    yesText = words[isAppeal ? "admission.grantAppeal" : "operator.approve"]
    noText = words[isAppeal ? "admission.denyAppeal" : "operator.reject"]
    reasons = ChoiceView.reasons(words, chosen: form?["reason"] ?? "")
    draftWords = form?["words"] ?? ""
    self.history = history.map { AdmissionEventView($0, words) }
    hasHistory = !history.isEmpty
    self.error = error
  }
}

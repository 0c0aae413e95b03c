import Commerce
import Hummingbird

/// `/operator/flags`: shows and clips that viewers have flagged, to look at.
struct FlagsPage: Sendable {
  struct FilmView: Sendable {
    let value: String
    let title: String
    let url: String
    let channelName: String
    let channelURL: String
    let kindText: String
    let countText: String
    let whenISO: String
    let whenText: String
    let reasons: [String]
    let notes: [String]

    init(_ film: FlaggedFilm, _ words: Words) {
      let told = FlagAPI.Flagged(film)
      value = "\(told.kind.rawValue) \(told.id)"
      title = film.title
      url = told.page
      channelName = film.channelName
      channelURL = "/operator/channels/\(film.channelHandle)"
      kindText = words["flags.\(told.kind.rawValue)"]
      countText = words.plural("flags.count", film.count)
      whenISO = film.last.description
      whenText = film.last.plainText
      reasons = film.reasons.map {
        "\(words["share.reason_\($0.reason.rawValue)"]) · \(Figures.grouped(Int64($0.count)))"
      }
      notes = film.notes
    }
  }

  /// A rating that somebody told the operator of.
  struct FlaggedView: Sendable {
    let rating: RatingView
    let id: String
    let channelName: String
    let url: String
    let countText: String
    let notes: [String]
  }

  let films: [FilmView]
  let ratings: [FlaggedView]
  let hasRatings: Bool
  /// Films or ratings.
  let hasFilms: Bool
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil) }

  static func act(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    let form = try await visit.form()
    do {
      if let rating = ID<Rating>(form["rating"]) {
        _ = try await visit.commerce.settle(
          rating, hiding: form["do"] == "hide" ? form["reason"] : nil, by: visit.caller)
        return visit.redirect("/operator/flags?saved=yes")
      }
      let parts = form["film"].split(separator: " ").map(String.init)
      guard parts.count == 2 else { throw Problem.notFound("flag") }
      if parts[0] == "clip", let clip = ID<Clip>(parts[1]) {
        try await visit.commerce.settleFlags(of: .clip(clip), by: visit.caller)
      } else if parts[0] == "show", let show = ID<Show>(parts[1]) {
        try await visit.commerce.settleFlags(of: .show(show), by: visit.caller)
      } else {
        throw Problem.notFound("flag")
      }
      return visit.redirect("/operator/flags?saved=yes")
    } catch {
      return try await page(visit, visit.complaint(error))
    }
  }

  private static func page(_ visit: Visit, _ complaint: Visit.Complaint?) async throws -> Response {
    _ = try visit.requireAccount()
    let films = try await visit.commerce.flaggedFilms(by: visit.caller).map { FilmView($0, visit.words) }
    var ratings: [FlaggedView] = []
    for flagged in try await visit.commerce.flaggedRatings(by: visit.caller) {
      let url = "/@\(flagged.channelHandle)/ratings"
      let view = RatingView(flagged.rating, sellerName: flagged.channelName, formURL: url, visit.words)
      ratings.append(
        FlaggedView(
          rating: view, id: "\(flagged.rating.id)", channelName: flagged.channelName, url: url,
          countText: visit.words.plural("flags.count", flagged.count), notes: flagged.notes))
    }
    let model = FlagsPage(
      films: films, ratings: ratings, hasRatings: !ratings.isEmpty, hasFilms: !films.isEmpty || !ratings.isEmpty,
      error: complaint?.sentence, isSaved: try visit.query("saved") != nil)
    return try visit.page(
      "operator-flags", title: visit.words["flags.title"], status: complaint?.status ?? .ok, model)
  }
}

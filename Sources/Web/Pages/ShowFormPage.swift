import Commerce
import Hummingbird

/// `/studio/{handle}/shows/new`: a show to plan.
struct ShowFormPage: Sendable {
  struct ProductChoice: Sendable {
    let id: String
    let title: String
    let picture: String?
    let priceText: String
    let isChosen: Bool
  }

  let handle: String
  let channelName: String
  let title: String
  let description: String
  /// For `datetime-local`, in UTC: `2026-11-22T18:00`.
  let scheduledUTC: String
  let isHorizontal: Bool
  let markets: [MarketChoice]
  let products: [ProductChoice]
  let hasProducts: Bool
  /// There are more than are listed.
  let isCut: Bool
  let error: String?

  /// What was typed, or what a new form begins with.
  private struct Draft {
    var title = ""
    var description = ""
    var scheduled: Moment
    var orientation = Orientation.vertical
    var markets: Set<String>
    /// Nil chooses all.
    var products: [ID<Product>]?
  }

  static func show(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    let tomorrow = visit.commerce.clock.now.adding(seconds: 86_400)
    return try await page(visit, channel, Draft(scheduled: tomorrow, markets: [channel.market]), nil)
  }

  static func make(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    let form = try await visit.form()
    var draft = Draft(
      title: form["title"], description: form["description"],
      scheduled: visit.commerce.clock.now.adding(seconds: 86_400),
      orientation: Orientation(rawValue: form["orientation"]) ?? .vertical,
      markets: Set(form.names(after: "market.")),
      products: form.names(after: "product.").compactMap { ID<Product>($0) })
    do {
      draft.scheduled = try moment(form["scheduled"], offsetMinutes: form["offset"])
      let show = try await visit.commerce.scheduleShow(
        visit.commerce.makeID(), by: visit.caller, channel: channel.id,
        ShowDraft(
          title: draft.title, description: draft.description, scheduledAt: draft.scheduled,
          markets: draft.markets.sorted(), orientation: draft.orientation))
      try await visit.commerce.putRun(by: visit.caller, show: show.id, draft.products ?? [])
      return visit.redirect("/studio/shows/\(show.id)")
    } catch {
      return try await page(visit, channel, draft, visit.complaint(error))
    }
  }

  /// `2026-11-22T18:00` at the given distance from UTC: what the browser's own time zone is, when scripts say so.
  static func moment(_ text: String, offsetMinutes: String, _ field: String = "scheduled") throws -> Moment {
    guard text.utf8.count >= 16, let moment = Moment("\(text.prefix(16)):00Z"),
      let offset = Int64(offsetMinutes.isEmpty ? "0" : offsetMinutes), (-1440...1440).contains(offset)
    else { throw GeneralRefusal.invalid(field: field, why: "must be a date and a time") }
    return moment.adding(seconds: -offset * 60)
  }

  /// What was typed as a date and time, in UTC, for a form that is shown again: the browser puts it into its own time
  /// zone. As it was typed where it is none.
  static func utc(_ text: String, offsetMinutes: String) -> String {
    let moment = try? moment(text, offsetMinutes: offsetMinutes)
    return moment.map { String($0.description.prefix(16)) } ?? text
  }

  private static func page(_ visit: Visit, _ channel: Channel, _ draft: Draft, _ complaint: Visit.Complaint?)
    async throws -> Response
  {
    let products = try await visit.commerce.products(of: channel.id, by: visit.caller, limit: visit.pageLimit(100))
    let markets = try await visit.commerce.markets()
    let model = ShowFormPage(
      handle: channel.handle, channelName: channel.name, title: draft.title, description: draft.description,
      scheduledUTC: String(draft.scheduled.description.prefix(16)), isHorizontal: draft.orientation == .horizontal,
      markets: markets.map { MarketChoice($0, isChosen: draft.markets.contains($0.code)) },
      products: products.items.map { product in
        ProductChoice(
          id: product.id.description, title: product.title, picture: product.pictures.first?.thumbnail,
          priceText: product.variants.first?.prices[channel.market].map(visit.words.money) ?? "",
          isChosen: draft.products?.contains(product.id) ?? true)
      },
      hasProducts: !products.items.isEmpty, isCut: products.next != nil, error: complaint?.sentence)
    return try visit.page(
      "studio/show", title: visit.words["showForm.title"], status: complaint?.status ?? .ok, model)
  }
}

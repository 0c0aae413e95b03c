import Commerce
import Hummingbird

/// `/studio/{handle}/bundles/new`: a product to make of others.
struct BundlePage: Sendable {
  struct PartView: Sendable {
    let index: Int
    let number: Int
    let sku: String
    let quantity: String
  }

  struct PriceView: Sendable {
    let market: String
    let marketName: String
    let currency: String
    let price: String
  }

  struct Choice: Sendable {
    let sku: String
    let title: String
  }

  let handle: String
  let channelName: String
  let title: String
  let description: String
  let sku: String
  let parts: [PartView]
  let prices: [PriceView]
  let choices: [Choice]
  let error: String?

  private static let partsMax = 10

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, Form(""), nil) }

  static func make(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    let form = try await visit.form()
    if form["do"] == "more" { return try await page(visit, form, nil) }
    do {
      let draft = try await draft(form, visit, channel)
      let made = try await visit.commerce.makeBundle(
        visit.commerce.makeID(), by: visit.caller, channel: channel.id, draft)
      return visit.redirect("/studio/\(channel.handle)/products/\(made.id)?saved=yes")
    } catch {
      return try await page(visit, form, visit.complaint(error))
    }
  }

  private static func draft(_ form: Form, _ visit: Visit, _ channel: Channel) async throws -> BundleDraft {
    var parts: [BundleDraft.Part] = []
    for index in 0..<partsMax where !form["p\(index).sku"].isEmpty {
      let variant = try await visit.commerce.variant(
        named: form["p\(index).sku"], in: channel.id, field: "parts[\(index)].variant", by: visit.caller)
      guard let quantity = Int64(form["p\(index).quantity"].isEmpty ? "1" : form["p\(index).quantity"]) else {
        throw GeneralRefusal.invalid(field: "parts[\(index)].quantity", why: "must be a whole number")
      }
      parts.append(BundleDraft.Part(variant: variant, quantity: quantity))
    }
    var prices: [String: Int64] = [:]
    for market in try await visit.commerce.markets() where !form["price.\(market.code)"].isEmpty {
      guard let minor = Figures.minor(form["price.\(market.code)"], market.currency) else {
        throw GeneralRefusal.invalid(
          field: "prices.\(market.code)", why: "must be an amount of \(market.currency) such as 1299.50")
      }
      prices[market.code] = minor
    }
    return BundleDraft(
      title: form["title"], description: form["description"], sku: form["sku"], parts: parts, prices: prices)
  }

  private static func page(_ visit: Visit, _ form: Form, _ complaint: Visit.Complaint?) async throws -> Response {
    let (channel, role) = try await visit.ownChannel()
    guard role.isOwner else { throw GeneralRefusal.notAllowed(need: "an owner of the channel") }
    let products = try await visit.commerce.products(
      of: channel.id, by: visit.caller, limit: visit.pageLimit(100)
    ).items
    let filled = (0..<partsMax).filter { !form["p\($0).sku"].isEmpty }.count
    let rows = min(partsMax, max(3, form["do"] == "more" ? filled + 3 : filled))
    let model = BundlePage(
      handle: channel.handle, channelName: channel.name, title: form["title"], description: form["description"],
      sku: form["sku"],
      parts: (0..<rows).map {
        PartView(
          index: $0, number: $0 + 1, sku: form["p\($0).sku"],
          quantity: form["p\($0).quantity"].isEmpty ? "1" : form["p\($0).quantity"])
      },
      prices: try await visit.commerce.markets().map {
        PriceView(
          market: $0.code, marketName: $0.name, currency: $0.currency.code, price: form["price.\($0.code)"])
      },
      choices: products.flatMap { product in
        product.variants.filter { !$0.isBundle }.map { variant in
          Choice(
            sku: variant.sku.isEmpty ? "\(variant.id)" : variant.sku,
            title: variant.title.isEmpty ? product.title : "\(product.title) · \(variant.title)")
        }
      }, error: complaint?.sentence)
    return try visit.page(
      "studio/bundle", title: visit.words["bundle.newTitle"], status: complaint?.status ?? .ok, model)
  }
}

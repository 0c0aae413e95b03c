import Commerce
import HTTPTypes
import Hummingbird

/// Bundles: products made of other variants of a channel, at one price (docs/decisions/0032).
enum BundleAPI {
  struct NewPart: Codable, Described {
    let variant: ID<Variant>
    let quantity: Int64

    static let fields = ["variant": "One of the channel's, and no bundle itself.", "quantity": "1 to 20."]
  }

  struct NewBundle: Codable, Described {
    let id: ID<Product>?
    let title: String
    let description: String?
    let category: String?
    let sku: String?
    let parts: [NewPart]
    let prices: [String: Int64]

    static let fields = [
      "parts": "2 to 10 different variants. What a bundle is made of cannot be changed.",
      "prices": "Minor units by market code, each below what the parts cost there on their own.",
    ]
  }

  /// A variant in a bundle.
  struct PartAnswer: Codable, Described {
    let variant: ID<Variant>
    let product: ID<Product>
    let title: String
    let quantity: Int64

    static let fields = ["quantity": "Units of it in one bundle."]

    init(_ part: ProductBundle.Part) {
      variant = part.variant
      product = part.product
      title = part.title
      quantity = part.quantity
    }
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .post, "/api/v1/channels/{channel}/bundles",
      "Makes a product of other variants of the channel, at one price; for its owners.", takes: NewBundle.self,
      gives: ProductAPI.ProductAnswer.self, as: .created
    ) { call, body in
      let draft = BundleDraft(
        title: body.title, description: body.description ?? "", category: body.category, sku: body.sku ?? "",
        parts: body.parts.map { BundleDraft.Part(variant: $0.variant, quantity: $0.quantity) }, prices: body.prices)
      return ProductAPI.ProductAnswer(
        try await call.commerce.makeBundle(
          body.id ?? call.commerce.makeID(), by: call.caller, channel: call.channel().id, draft))
    }.by(.account)
  ]
}

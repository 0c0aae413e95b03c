/// Why the catalogue was not changed.
public enum CatalogueRefusal: Refusal, Equatable {
  case tooManyProducts(limit: Int)
  case tooManyPictures(limit: Int)

  public var code: String {
    switch self {
    case .tooManyProducts: "too_many_products"
    case .tooManyPictures: "too_many_pictures"
    }
  }

  public var sentence: String {
    switch self {
    case .tooManyProducts(let limit): "A channel has at most \(limit) products."
    case .tooManyPictures(let limit): "A product has at most \(limit) pictures. Take one away first."
    }
  }

  public var kind: RefusalKind { .conflict }
}

/// Whose pages may hold a frame of ours: anybody's, or those of a list of origins (docs/decisions/0054).
public struct EmbedSites: Sendable, Equatable {
  /// In their one spelling, each once; nil for anybody's.
  public let origins: [String]?

  public static let anyone = EmbedSites(origins: nil)
  public static let nobody = EmbedSites(origins: [])
  /// How many an operator can name.
  public static let countMax = 100

  init(origins: [String]?) { self.origins = origins }

  /// `*`, or origins with commas or blanks between; nothing for nobody's. Nil for anything else.
  public init?(_ text: String) {
    if text == "*" {
      self = .anyone
      return
    }
    var origins: [String] = []
    for word in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
      guard let origin = SiteOrigin.read(String(word)) else { return nil }
      if !origins.contains(origin) { origins.append(origin) }
    }
    guard origins.count <= Self.countMax else { return nil }
    self.origins = origins
  }

  /// - Parameter address: an origin, or an address of a page there, as `Referer` has it.
  public func allow(_ address: String) -> Bool {
    guard let origins else { return true }
    return SiteOrigin.of(address).map(origins.contains) ?? false
  }
}

extension SiteOrigin {
  /// The origin of a page's address; nil for what has none.
  static func of(_ address: String) -> String? {
    let parts = address.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count >= 3 else { return nil }
    return read(parts[0...2].joined(separator: "/"))
  }
}

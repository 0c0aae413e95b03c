import Commerce

/// What surrounds every page: `layout.mustache` fills itself from it.
struct Frame: Sendable {
  struct AccountView: Sendable {
    let name: String
    let isOperator: Bool
  }

  struct LanguageView: Sendable {
    let code: String
    let name: String
    let href: String
    let isCurrent: Bool
  }

  let language: String
  /// `ltr` or `rtl`.
  let direction: String
  /// In which scripts write numbers and dates, as BCP 47 has it: `en-IN`.
  let locale: String
  let title: String
  let description: String
  /// How a page is shown where a link to it is; nil for those that are nobody else's.
  let sharing: Sharing?
  /// `/static/<hash>`.
  let assets: String
  /// Modules to fetch at once instead of one after the other, as paths below `js/`.
  let modules: [String]
  let account: AccountView?
  /// Where to come back to after signing in, encoded for a query.
  let returnPath: String
  let languages: [LanguageView]
  let atOrders: Bool
  let atStudio: Bool
  let atOperator: Bool
  /// What an operator has turned off, with what the reader is told of it.
  let off: [String: String]
  /// Set by `Screens`.
  var strings = "{}"
}

/// How a page is shown where a link to it is, and what search engines read in it. Paths are made absolute by `Visit`.
struct Sharing: Sendable {
  /// A film that can be played where the link is.
  struct Film: Sendable {
    var url: String
    let type: String
    /// Pixels.
    let width: Int
    let height: Int
  }

  /// The one address of the page, without what a visit adds to it.
  var url: String
  /// As https://ogp.me names it.
  var type = "website"
  /// What is shown of it; nil for nothing.
  var image: String?
  /// `image` is a card of 1200 × 630, made for that.
  var hasCard = false
  var film: Film?
  /// https://schema.org, as JSON-LD.
  var structured: String?

  /// The same with whole addresses.
  func absolute(_ base: String) -> Sharing {
    var whole = self
    whole.url = base + url
    whole.image = image.map { base + $0 }
    whole.film?.url = base + (film?.url ?? "")
    return whole
  }
}

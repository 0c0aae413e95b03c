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
  let direction = "ltr"
  let title: String
  let description: String
  /// An absolute address, for link previews.
  let image: String?
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
  /// Set by `Screens`.
  var strings = "{}"
}

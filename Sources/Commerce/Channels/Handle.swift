/// The name of a channel in the address of its page.
enum Handle {
  /// Words that are, or may become, pages of the house, or that would pass for its staff.
  static let reserved: Set<String> = [
    "about", "account", "accounts", "admin", "administrator", "api", "app", "assets", "billing", "blog", "cart",
    "channel", "channels", "checkout", "contact", "help", "haat", "home", "legal", "live", "login", "logout", "mail",
    "market", "markets", "moderator", "new", "null", "official", "operator", "order", "orders", "payment", "payments",
    "payout", "payouts", "press", "privacy", "product", "products", "root", "sandbox", "search", "security", "settings",
    "setup", "shop", "show", "shows", "sign-in", "sign-out", "sign-up", "static", "status", "store", "studio",
    "support", "system", "team", "terms", "trust", "undefined", "uploads", "watch", "webhooks", "webmaster", "www",
  ]

  /// Whether it could be one, reserved or not.
  static func isWellFormed(_ text: String, policy: Policy) -> Bool {
    let length = policy.handleCharactersMin...policy.handleCharactersMax
    return length.contains(text.utf8.count) && text.first != "-" && text.last != "-"
      && text.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
          || byte == UInt8(ascii: "-")
      }
  }

  /// Throws unless a channel may take it.
  static func check(_ text: String, policy: Policy) throws {
    guard isWellFormed(text, policy: policy) else {
      throw GeneralRefusal.invalid(
        field: "handle",
        why: """
          must have \(policy.handleCharactersMin) to \(policy.handleCharactersMax) letters a–z, digits and hyphens, \
          without a hyphen at either end
          """)
    }
    guard !reserved.contains(text) else {
      throw GeneralRefusal.invalid(field: "handle", why: "is a word of the house; choose another")
    }
  }
}

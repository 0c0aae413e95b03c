/// What an operator goes by who decides about a channel in a market.
public struct ChannelApplication: Sendable, Codable, Equatable {
  /// What is sold. An operator decides by it, so it is needed where one does.
  public var sells: String
  /// Where it is sent from.
  public var location: String
  /// Where more can be seen of it.
  public var website: String
  public var note: String

  public init(sells: String = "", location: String = "", website: String = "", note: String = "") {
    self.sells = sells
    self.location = location
    self.website = website
    self.note = note
  }

  func checked(isNeeded: Bool, _ policy: Policy) throws -> ChannelApplication {
    let website = try policy.text(website, "website", max: policy.linkCharactersMax, required: false)
    // It becomes a link that an operator follows.
    guard website.isEmpty || website.hasPrefix("https://") || website.hasPrefix("http://"), !website.contains(" ")
    else {
      throw GeneralRefusal.invalid(field: "website", why: "must be an address that begins with https://")
    }
    return ChannelApplication(
      sells: try policy.text(
        sells, "sells", max: policy.applicationCharactersMax, required: isNeeded, lines: true),
      location: try policy.text(location, "location", max: policy.titleCharactersMax, required: false),
      website: website,
      note: try policy.text(note, "note", max: policy.applicationCharactersMax, required: false, lines: true))
  }
}

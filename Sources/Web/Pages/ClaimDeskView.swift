import Commerce

/// Where a host lets viewers reserve things by comments: `parts/claims.mustache`.
struct ClaimDeskView: Sendable {
  struct Choice: Sendable {
    let value: String
    let text: String
    let isChosen: Bool
  }

  struct Row: Sendable {
    let id: String
    let word: String
    let title: String
    let text: String
    let isOpen: Bool
    let formURL: String
  }

  struct ClaimRow: Sendable {
    let id: String
    let name: String
    let text: String
    let stateText: String
    let tone: String
    let isHeld: Bool
    let formURL: String
  }

  let formURL: String
  let rows: [Row]
  let hasRows: Bool
  let claims: [ClaimRow]
  let hasClaims: Bool
  /// Only a host, in a show on air that sells something of its own.
  let canOpen: Bool
  let products: [Choice]
  let markets: [Choice]
  let hasMarkets: Bool
  let market: String
  let minutes: [Choice]

  init(
    _ open: [ClaimWord], claims: [Claim], cards: [ProductCard], pinned: ID<Product>?, markets: [Market], canOpen: Bool,
    formURL: String, now: Moment, _ words: Words
  ) {
    self.formURL = formURL
    rows = open.map { word in
      Row(
        id: "\(word.id)", word: word.word, title: word.title, text: words.taken(of: word), isOpen: word.closed == nil,
        formURL: formURL)
    }
    hasRows = !rows.isEmpty
    self.claims = claims.map { claim in
      let state = claim.state == .held && !claim.holds(at: now) ? Claim.State.lapsed : claim.state
      return ClaimRow(
        id: "\(claim.id)", name: claim.name.isEmpty ? words["live.guest"] : claim.name,
        text: claim.quantity > 1 ? "\(claim.quantity) × \(claim.title)" : claim.title,
        stateText: words["claim.\(state.rawValue)"],
        tone: state == .held ? "warn" : state == .taken ? "good" : "", isHeld: state == .held, formURL: formURL)
    }
    hasClaims = !claims.isEmpty
    self.canOpen = canOpen && !cards.isEmpty && !markets.isEmpty
    products = cards.map { Choice(value: "\($0.id)", text: $0.title, isChosen: $0.id == pinned) }
    self.markets = markets.enumerated().map { place, market in
      Choice(value: market.code, text: "\(market.name) (\(market.currency))", isChosen: place == 0)
    }
    hasMarkets = markets.count > 1
    market = markets.first?.code ?? ""
    minutes = [5, 10, 15, 30, 60, 120].map { count in
      Choice(value: "\(count)", text: words["claimDesk.minutes", ["count": "\(count)"]], isChosen: count == 15)
    }
  }
}

extension Words {
  /// How much of a claim word is taken, for its host.
  fileprivate func taken(of word: ClaimWord) -> String {
    let values = ["taken": Figures.grouped(word.taken), "units": word.unitsMax.map(Figures.grouped) ?? ""]
    let taken = self[word.unitsMax == nil ? "claimDesk.taken" : "claimDesk.takenOf", values]
    return word.closed == nil ? taken : taken + " · " + self["claimDesk.closed"]
  }
}

extension Visit {
  /// Opens the claim word that a form describes.
  ///
  /// - Parameter mediaTime: where the show's clock stands, in milliseconds.
  func openClaimWord(_ form: Form, in show: ID<Show>, mediaTime: Int64?) async throws {
    guard let product = ID<Product>(form["product"]) else { throw Problem.notFound("product") }
    func number(_ name: String) throws -> Int64? {
      guard !form[name].isEmpty else { return nil }
      guard let number = Int64(form[name]) else {
        throw GeneralRefusal.invalid(field: name, why: "must be a whole number")
      }
      return number
    }
    let draft = ClaimWordDraft(
      product: product, market: form["market"], word: form["word"], unitsMax: try number("unitsMax"),
      unitsPerBuyerMax: try number("unitsPerBuyerMax"), holdMinutes: try number("holdMinutes") ?? 15,
      isForAccounts: form["isForAccounts"] == "on")
    try await commerce.openClaimWord(commerce.makeID(), by: caller, show: show, draft, mediaTime: mediaTime)
  }
}

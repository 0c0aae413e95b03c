import Commerce

/// Where a host opens and watches auctions: `parts/auctions.mustache`.
struct AuctionDeskView: Sendable {
  struct Choice: Sendable {
    let value: String
    let text: String
    let isChosen: Bool
  }

  struct Row: Sendable {
    let id: String
    let title: String
    let state: String
    let text: String
    let canCancel: Bool
  }

  let formURL: String
  let rows: [Row]
  let hasRows: Bool
  /// Only in a show on air that sells something of its own.
  let canOpen: Bool
  /// Then the next waits.
  let isUnderWay: Bool
  let variants: [Choice]
  let markets: [Choice]
  let hasMarkets: Bool
  let market: String
  let currency: String
  let durations: [Choice]

  private static let durationSeconds: [Int64] = [15, 30, 60, 90, 120, 180, 300, 600]

  init(
    _ auctions: [Auction], cards: [ProductCard], markets: [Market], isOnAir: Bool, policy: Policy, formURL: String,
    _ words: Words
  ) {
    self.formURL = formURL
    rows = auctions.map { auction in
      Row(
        id: "\(auction.id)", title: auction.title, state: auction.state.rawValue, text: words.state(of: auction),
        canCancel: auction.state == .open && auction.bids == 0)
    }
    hasRows = !rows.isEmpty
    isUnderWay = auctions.contains { $0.state == .open }
    variants = cards.flatMap { card in
      card.variants.map { variant in
        let title = variant.title.isEmpty ? card.title : "\(card.title) · \(variant.title)"
        return Choice(value: "\(variant.id)", text: "\(title) (\(words.stock(variant.available)))", isChosen: false)
      }
    }
    canOpen = isOnAir && !variants.isEmpty && !markets.isEmpty
    self.markets = markets.enumerated().map { place, market in
      Choice(value: market.code, text: "\(market.name) (\(market.currency))", isChosen: place == 0)
    }
    hasMarkets = markets.count > 1
    market = markets.first?.code ?? ""
    currency = markets.first?.currency.code ?? ""
    durations = Self.durationSeconds.filter { (policy.auctionSecondsMin...policy.auctionSecondsMax).contains($0) }
      .map { seconds in
        let text =
          seconds % 60 == 0
          ? words["auctionDesk.minutes", ["count": "\(seconds / 60)"]]
          : words["auctionDesk.seconds", ["count": "\(seconds)"]]
        return Choice(value: "\(seconds)", text: text, isChosen: seconds == 60)
      }
  }
}

extension Words {
  /// How an auction stands, for its host.
  fileprivate func state(of auction: Auction) -> String {
    let values = [
      "price": money(auction.price ?? auction.opening), "name": auction.leaderName,
      "count": Figures.grouped(auction.bids), "time": auction.ends.plainText,
    ]
    switch auction.state {
    case .open where auction.bids == 0: return self["auctionDesk.noBids", values]
    case .open: return self["auctionDesk.isOpen", values]
    case .settling: return self["auctionDesk.isSettling", values]
    case .sold:
      let sale = auction.sale
      return self[
        sale.map { $0.place > 0 } ?? false ? "auctionDesk.soldNext" : "auctionDesk.sold",
        ["name": sale?.name ?? "", "price": sale.map { money($0.price) } ?? ""]]
    case .unsold: return self[auction.bids == 0 ? "auctionDesk.unsold" : "auctionDesk.unpaid"]
    case .cancelled: return self["auctionDesk.cancelled"]
    }
  }
}

extension Visit {
  /// Opens the auction that a form describes.
  ///
  /// - Parameter mediaTime: where the show's clock stands, in milliseconds.
  func openAuction(_ form: Form, in show: ID<Show>, mediaTime: Int64?) async throws {
    guard let variant = ID<Variant>(form["variant"]) else { throw Problem.notFound("variant") }
    guard let market = try await commerce.markets().first(where: { $0.code == form["market"] }) else {
      throw Problem.notFound("market")
    }
    func amount(_ name: String) throws -> Int64? {
      guard !form[name].isEmpty else { return nil }
      guard let minor = Figures.minor(form[name], market.currency) else {
        throw GeneralRefusal.invalid(field: name, why: "must be an amount of \(market.currency) such as 1299.50")
      }
      return minor
    }
    guard let opening = try amount("opening") else { throw GeneralRefusal.invalid(field: "opening", why: "is needed") }
    guard let duration = Int64(form["duration"]) else {
      throw GeneralRefusal.invalid(field: "duration", why: "must be a whole number")
    }
    let draft = AuctionDraft(
      variant: variant, market: market.code, openingMinor: opening, incrementMinor: try amount("increment"),
      durationSeconds: duration, isSuddenDeath: form["suddenDeath"] == "on")
    _ = try await commerce.openAuction(commerce.makeID(), by: caller, show: show, draft, mediaTime: mediaTime)
  }
}

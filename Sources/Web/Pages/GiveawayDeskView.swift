import Commerce

/// Where a host opens, closes and draws giveaways: `parts/giveaways.mustache`.
struct GiveawayDeskView: Sendable {
  struct Choice: Sendable {
    let value: String
    let text: String
    let isChosen: Bool
  }

  struct Row: Sendable {
    let id: String
    let prize: String
    let state: String
    let text: String
    let pageURL: String
    let canEnd: Bool
    let canDraw: Bool
  }

  let formURL: String
  let rows: [Row]
  let hasRows: Bool
  /// Only in a show on air.
  let canOpen: Bool
  /// Then the next waits.
  let isUnderWay: Bool
  let variants: [Choice]
  let hasVariants: Bool
  let durations: [Choice]

  private static let durationSeconds: [Int64] = [30, 60, 120, 180, 300, 600, 900, 1_200, 1_800]

  init(
    _ giveaways: [Giveaway], cards: [ProductCard], isOnAir: Bool, formURL: String, now: Moment, _ words: Words
  ) {
    self.formURL = formURL
    rows = giveaways.map { giveaway in
      Row(
        id: "\(giveaway.id)", prize: giveaway.prize, state: giveaway.state.rawValue,
        text: words.state(of: giveaway, at: now), pageURL: "/giveaways/\(giveaway.id)",
        canEnd: giveaway.state == .open && giveaway.ends > now, canDraw: giveaway.state == .closed)
    }
    hasRows = !rows.isEmpty
    canOpen = isOnAir
    isUnderWay = giveaways.contains { $0.state != .drawn }
    variants = cards.flatMap { card in
      card.variants.map { variant in
        let title = variant.title.isEmpty ? card.title : "\(card.title) · \(variant.title)"
        return Choice(value: "\(variant.id)", text: "\(title) (\(words.stock(variant.available)))", isChosen: false)
      }
    }
    hasVariants = !variants.isEmpty
    durations = Self.durationSeconds.map { seconds in
      let text =
        seconds % 60 == 0
        ? words["giveawayDesk.minutes", ["count": "\(seconds / 60)"]]
        : words["giveawayDesk.seconds", ["count": "\(seconds)"]]
      return Choice(value: "\(seconds)", text: text, isChosen: seconds == 120)
    }
  }
}

extension Words {
  /// How a giveaway stands, for its host.
  fileprivate func state(of giveaway: Giveaway, at now: Moment) -> String {
    let count = Figures.grouped(giveaway.entrants)
    switch giveaway.state {
    case .open where giveaway.ends > now:
      return self["giveawayDesk.isOpen", ["count": count, "time": giveaway.ends.plainText]]
    case .open: return self["giveawayDesk.isClosing", ["count": count]]
    case .closed: return plural("giveawayDesk.isClosed", giveaway.entrants)
    case .drawn:
      let names = giveaway.winners.map(\.called).joined(separator: ", ")
      return names.isEmpty ? self["giveawayDesk.nobody"] : self["giveawayDesk.won", ["names": names]]
    }
  }
}

extension Giveaway.Winner {
  /// `Asha (3f2a91bc)`, or the code alone.
  var called: String { name.isEmpty ? code : "\(name) (\(code))" }
}

extension Visit {
  /// Opens the giveaway that a form describes.
  ///
  /// - Parameter mediaTime: where the show's clock stands, in milliseconds.
  func openGiveaway(_ form: Form, in show: ID<Show>, mediaTime: Int64?) async throws {
    func number(_ name: String) throws -> Int64 {
      guard let value = Int64(form[name]) else {
        throw GeneralRefusal.invalid(field: name, why: "must be a whole number")
      }
      return value
    }
    guard let entry = Giveaway.Entry(rawValue: form["entry"]) else {
      throw GeneralRefusal.invalid(field: "entry", why: "must be comment, follow or watch")
    }
    var watchSeconds: Int64 = 0
    if entry == .watch {
      guard let minutes = Double(form["watchMinutes"]), (0...60).contains(minutes) else {
        throw GeneralRefusal.invalid(field: "watchMinutes", why: "must be a number of minutes")
      }
      watchSeconds = Int64(minutes * 60)
    }
    let variant = ID<Variant>(form["variant"])
    guard variant != nil || form["variant"].isEmpty else { throw Problem.notFound("variant") }
    let draft = GiveawayDraft(
      prize: form["prize"], variant: variant, winnersMax: try number("winners"), entry: entry,
      keyword: form["keyword"], watchSeconds: watchSeconds, durationSeconds: try number("duration"))
    _ = try await commerce.openGiveaway(commerce.makeID(), by: caller, show: show, draft, mediaTime: mediaTime)
  }
}

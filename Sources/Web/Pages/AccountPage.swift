import Commerce
import Hummingbird

/// `/account`: who is signed in, what they follow and wait for, and the limits they set on their own spending.
struct AccountPage: Sendable {
  struct PeriodView: Sendable {
    let name: String
    let title: String
    let value: String
    let spentText: String?
    let nextText: String?
    let nextISO: String?
    let nextWhen: String?
  }

  struct CurrencyView: Sendable {
    let code: String
    let title: String
    let periods: [PeriodView]
  }

  /// Something that was sold out, and how the wish for it stands.
  struct WishView: Sendable {
    let url: String
    let title: String
    let stateText: String
    let tone: String
  }

  struct ShownView: Sendable {
    let value: String
    let text: String
    let isChosen: Bool
  }

  /// A channel that is followed.
  struct FollowView: Sendable {
    let id: String
    let name: String
    let handle: String
    let initial: String
    let tone: Int
    /// Nil where others do not see it at the moment.
    let url: String?
  }

  let name: String
  let email: String
  let follows: [FollowView]
  /// Where the list goes on; nil at its end.
  let followsNext: String?
  let wishes: [WishView]
  let hasWishes: Bool
  /// What comments of theirs reserve.
  let claims: [WishView]
  let hasClaims: Bool
  /// What may be said of them to others who watch.
  let shownChoices: [ShownView]
  let currencies: [CurrencyView]
  let isPartner: Bool
  let error: String?
  let isDeleting: Bool
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil) }

  static func act(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    let form = try await visit.form()
    do {
      if form["do"] == "unfollow" {
        guard let channel = ID<Channel>(form["channel"]) else { throw Problem.notFound("channel") }
        try await visit.commerce.unfollow(channel, by: visit.caller)
        return visit.redirect("/account#follows")
      }
      if form["do"] == "delete" {
        try await visit.commerce.deleteAccount(
          by: visit.caller, password: form.exact("password"), address: visit.address)
        return visit.redirect("/account/deleted", settingCookie: visit.site.sessionCookie.removing)
      }
      if form["do"] == "shown" {
        guard let shown = ShownBuyer(rawValue: form["shown"]) else {
          throw GeneralRefusal.invalid(field: "shown", why: "must be first_name, someone or nobody")
        }
        try await visit.commerce.setShownBuyer(by: visit.caller, shown)
        return visit.redirect("/account?saved=yes")
      }
      guard let currency = Currency(form["currency"]) else {
        throw GeneralRefusal.invalid(field: "currency", why: "must be an ISO 4217 code like INR")
      }
      let known = try await visit.commerce.spendLimits(by: visit.caller).filter { $0.limit.currency == currency }
      for period in SpendLimit.Period.allCases {
        let text = form["limit.\(period.name)"]
        let minor = text.isEmpty ? nil : Figures.minor(text, currency)
        guard text.isEmpty || minor != nil else {
          throw GeneralRefusal.invalid(
            field: "limit.\(period.name)", why: "must be an amount of \(currency) such as 1299.50")
        }
        // What is the same stays: to set it again would take back what is to come.
        guard minor != known.first(where: { $0.period == period })?.limit.minor else { continue }
        _ = try await visit.commerce.setSpendLimit(by: visit.caller, period, currency: currency, minor: minor)
      }
      return visit.redirect("/account?saved=yes")
    } catch {
      return try await page(visit, visit.complaint(error), isDeleting: form["do"] == "delete")
    }
  }

  /// `/account/deleted`: what is seen by who had one.
  static func deleted(_ visit: Visit) async throws -> Response {
    try visit.page("account-deleted", title: visit.words["account.deletedTitle"], Deleted())
  }

  private struct Deleted: Sendable {}

  private static func page(
    _ visit: Visit, _ complaint: Visit.Complaint?, isDeleting: Bool = false
  ) async throws -> Response {
    let account = try visit.requireAccount()
    let limits = try await visit.commerce.spendLimits(by: visit.caller)
    var currencies: [Currency] = []
    for market in try await visit.commerce.markets() where !currencies.contains(market.currency) {
      currencies.append(market.currency)
    }
    let words = visit.words
    let isPartner = try await !visit.commerce.ownPartners(by: visit.caller).isEmpty
    let wishes = try await visit.commerce.wishes(by: visit.caller)
    let bags = try await visit.commerce.claimBags(by: visit.caller)
    let now = visit.commerce.clock.now
    let follows = try await visit.commerce.follows(by: visit.caller, after: visit.cursor, limit: visit.pageLimit(20))
    let shown = try await visit.commerce.shownBuyer(by: visit.caller)
    let model = AccountPage(
      name: account.name, email: account.email,
      follows: follows.items.map { follow in
        let channel = follow.channel
        return FollowView(
          id: "\(channel.id)", name: channel.name, handle: channel.handle, initial: Tone.initial(channel.name),
          tone: Tone.of(channel.id), url: channel.state == .approved ? "/@\(channel.handle)" : nil)
      }, followsNext: follows.next.map { "/account?after=\($0)#follows" },
      wishes: wishes.map { wish in
        WishView(
          url: "/waitlist/\(wish.id)", title: wish.title,
          stateText: words[
            "waitlist.\(wish.state.rawValue)State", ["place": Figures.grouped(wish.place ?? 1)]],
          tone: wish.state == .offered ? "warn" : wish.state == .taken ? "good" : "")
      }, hasWishes: !wishes.isEmpty,
      claims: bags.map { bag in
        let held = bag.claims.filter { $0.holds(at: now) }
        return WishView(
          url: "/claims/\(bag.id)", title: held.map(\.title).joined(separator: ", "),
          stateText: words["claim.held"], tone: "warn")
      }, hasClaims: !bags.isEmpty,
      shownChoices: [
        (ShownBuyer.someone, words["account.shownSomeone"]),
        (.firstName, words["account.shownFirstName", ["name": ShownBuyer.firstName(of: account.name) ?? account.name]]),
        (.nobody, words["account.shownNobody"]),
      ].map { ShownView(value: $0.rawValue, text: $1, isChosen: $0 == shown) },
      currencies: currencies.map { currency in
        CurrencyView(
          code: currency.code, title: words["account.currency", ["currency": currency.code]],
          periods: SpendLimit.Period.allCases.map { period in
            let limit = limits.first { $0.period == period && $0.limit.currency == currency }
            return PeriodView(
              name: period.name, title: words["account.\(period.name)"],
              value: limit.map { Figures.plain($0.limit.minor, currency) } ?? "",
              spentText: limit.map {
                words["account.spent", ["amount": words.money($0.spent)]] + " · "
                  + words["account.left", ["amount": words.money($0.left)]]
              },
              nextText: limit?.next.map { next in
                words["account.nextLimit", ["amount": next.limit.map(words.money) ?? words["account.nextNone"]]]
              }, nextISO: limit?.next?.from.description, nextWhen: limit?.next?.from.plainText)
          })
      }, isPartner: isPartner, error: complaint?.sentence, isDeleting: isDeleting,
      isSaved: try visit.query("saved") != nil)
    return try visit.page("account", title: words["account.title"], status: complaint?.status ?? .ok, model)
  }
}

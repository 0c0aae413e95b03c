import Commerce
import Hummingbird

/// `/studio/{handle}/money` and `/partner/{via}/money`: what a channel or a partner is owed, where it goes, what was paid
/// out; for a channel, what the platform keeps as well. For its owners, and the partner's people.
struct MoneyPage: Sendable {
  struct BalanceView: Sendable {
    let releasedText: String
    let waitingText: String
    let noticeText: String?
    let noticeTone: String
  }

  /// Being paid through the payment provider.
  struct ConnectView: Sendable {
    struct CountryView: Sendable {
      let code: String
      let name: String
      let isChosen: Bool
    }

    let title: String
    let stateText: String?
    let stateTone: String
    /// Empty once an account is open: it has a country for good.
    let countries: [CountryView]
    let hasCountries: Bool
    let canCheck: Bool
    let buttonText: String
    /// What the provider still wants, in words.
    let wants: [String]
    let hasWants: Bool
    /// Whether it is opened by a visit to the provider.
    let isVisit: Bool
    let form: PayeeFormView?
  }

  struct TermsView: Sendable {
    let name: String
    let rateText: String
    let detailText: String?
  }

  struct MonthView: Sendable {
    let month: String
    let url: String
    let text: String
  }

  let homeURL: String
  let homeName: String
  let intro: String
  let formURL: String
  let balances: [BalanceView]
  let hasBalances: Bool
  let account: String?
  let accountText: String?
  let holder: String
  let code: String
  let isChanging: Bool
  let connect: ConnectView?
  let payouts: [PayoutView]
  let hasPayouts: Bool
  let next: String?
  let terms: [TermsView]
  let hasTerms: Bool
  let months: [MonthView]
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response { try await show(visit, visit.channelMoney()) }

  static func act(_ visit: Visit) async throws -> Response { try await act(visit, visit.channelMoney()) }

  static func showPartner(_ visit: Visit) async throws -> Response { try await show(visit, visit.partnerMoney()) }

  /// Whoever comes back from the provider is told how their account stands now.
  private static func show(_ visit: Visit, _ owner: MoneyOwner) async throws -> Response {
    guard try visit.query("connect") == "returned" else { return try await page(visit, owner, nil, nil) }
    do {
      try await visit.commerce.refreshPayee(owner.payee, by: visit.caller)
      return visit.redirect(owner.url)
    } catch {
      return try await page(visit, owner, nil, visit.complaint(error))
    }
  }

  static func actPartner(_ visit: Visit) async throws -> Response { try await act(visit, visit.partnerMoney()) }

  private static func act(_ visit: Visit, _ owner: MoneyOwner) async throws -> Response {
    let form = try await visit.form()
    do {
      switch form["do"] {
      case "connect":
        return visit.redirect(
          try await visit.commerce.connectPayee(
            owner.payee, by: visit.caller, country: form["country"], back: owner.url))
      case "details":
        try await visit.commerce.tellPayee(owner.payee, by: visit.caller, PayeeDetails(form))
        return visit.redirect("\(owner.url)?saved=yes")
      case "check":
        try await visit.commerce.refreshPayee(owner.payee, by: visit.caller)
        return visit.redirect("\(owner.url)?saved=yes")
      default: break
      }
      try await visit.commerce.setPayoutDestination(
        of: owner.payee, by: visit.caller,
        BankAccount(holder: form["holder"], number: form["number"], code: form["code"]))
      return visit.redirect("\(owner.url)?saved=yes")
    } catch {
      return try await page(visit, owner, form, visit.complaint(error))
    }
  }

  private static func page(
    _ visit: Visit, _ owner: MoneyOwner, _ form: Form?, _ complaint: Visit.Complaint?
  ) async throws -> Response {
    let (commerce, words, payee) = (visit.commerce, visit.words, owner.payee)
    let earnings = try await commerce.earnings(of: payee, by: visit.caller)
    let due = try await commerce.payoutsDue(of: payee, by: visit.caller)
    let destination = try await commerce.payoutDestination(of: payee, by: visit.caller)
    let payouts = try await commerce.payouts(
      of: payee, by: visit.caller, after: visit.cursor, limit: visit.pageLimit(30))
    let account = try await commerce.providerPayee(of: payee, by: visit.caller)
    let connect = try await connect(account, destination, form, visit)
    let terms =
      if case .channel(let channel) = payee {
        try await commerce.commissionTerms(of: channel, by: visit.caller)
      } else { [CommissionTerms]() }
    let model = MoneyPage(
      homeURL: owner.homeURL, homeName: owner.name, intro: owner.intro, formURL: owner.url,
      balances: earnings.map { earned in
        let due = due.first { $0.available.currency == earned.released.currency }
        return BalanceView(earned, due, destination, words)
      },
      hasBalances: !earnings.isEmpty, account: destination.map { words.destination($0.provider, $0.holder, $0.ending) },
      accountText: destination.flatMap { destination in
        destination.usable > commerce.clock.now
          ? words["money.usableFrom", ["when": destination.usable.plainText]] : nil
      },
      holder: form?["holder"] ?? "", code: form?["code"] ?? "",
      isChanging: destination == nil && connect == nil || form.map { $0["do"].isEmpty } ?? false, connect: connect,
      payouts: payouts.items.map { PayoutView($0, words) }, hasPayouts: !payouts.items.isEmpty,
      next: payouts.next.map { "\(owner.url)?after=\($0)" },
      terms: terms.map { TermsView($0, words) }, hasTerms: !terms.isEmpty,
      months: StatementMonths.before(commerce.clock.now).map {
        MonthView(month: $0, url: "\(owner.url)/\($0)", text: words.month($0))
      },
      error: complaint?.sentence, isSaved: try visit.query("saved") != nil)
    var response = try visit.page(
      "studio/money", title: words["money.title"], status: complaint?.status ?? .ok, model)
    if case .address(let provider) = commerce.providers.payingOut?.opening, let origin = provider.onboardingOrigin {
      response.headers[.contentSecurityPolicy] = SecurityHeaders.contentSecurityPolicy(leadingTo: origin)
    }
    return response
  }

  /// Nil where nobody is paid through a provider.
  private static func connect(
    _ account: ProviderPayee?, _ destination: PayoutDestination?, _ form: Form?, _ visit: Visit
  ) async throws -> ConnectView? {
    guard let provider = visit.commerce.providers.payingOut else { return nil }
    let words = visit.words
    let isOpen = account.map { !$0.account.isEmpty } ?? false
    let isUsed = isOpen && destination?.provider == provider.name
    let chosen = form?["country"] ?? account?.country
    let isVisit = if case .address = provider.opening { true } else { false }
    let markets = isOpen || !isVisit ? [] : try await visit.commerce.markets()
    let state: (String, String)? =
      switch (isOpen, account?.isReady ?? false) {
      case (false, _): nil
      case (true, false): words.standing(account?.state)
      case (true, true): isUsed ? (words["money.connectUsed"], "good") : (words["money.connectReady"], "")
      }
    let wants = (isOpen ? account?.requirements ?? [] : []).map(words.wanted)
    var details: PayeeFormView?
    if case .form(let forms) = provider.opening, account?.takesDetails ?? true {
      let isSent = form?["do"] == "details"
      details = PayeeFormView(
        isSent ? form : nil, of: forms, words, isNew: !isOpen, isOpen: isSent || !wants.isEmpty)
    }
    return ConnectView(
      title: words["money.connect", ["provider": words.provider(provider.name)]], stateText: state?.0,
      stateTone: state?.1 ?? "",
      countries: markets.map { .init(code: $0.code, name: $0.name, isChosen: $0.code == chosen) },
      hasCountries: !markets.isEmpty,
      canCheck: isOpen && !(isUsed && account?.isReady == true),
      buttonText: words[
        isOpen ? "money.connectOpen" : "money.connectStart", ["provider": words.provider(provider.name)]],
      wants: wants, hasWants: !wants.isEmpty, isVisit: isVisit,
      form: details)
  }
}

/// Whose money a page is about.
struct MoneyOwner: Sendable {
  let payee: Payee
  let name: String
  /// Where the page about their money is, and where it leads back to.
  let url: String
  let homeURL: String
  let intro: String
  /// What its files begin with.
  let fileName: String
}

extension Visit {
  /// Of the reader's channel in the address.
  func channelMoney() async throws -> MoneyOwner {
    let (channel, _) = try await ownChannel()
    return MoneyOwner(
      payee: .channel(channel.id), name: channel.name, url: "/studio/\(channel.handle)/money",
      homeURL: "/studio/\(channel.handle)?tab=orders", intro: words["money.intro"], fileName: channel.handle)
  }

  /// Of the partner in the address, whose people the reader is one of.
  func partnerMoney() async throws -> MoneyOwner {
    let partner = try await ownPartner()
    return MoneyOwner(
      payee: .partner(partner.id), name: partner.name, url: "/partner/\(partner.via)/money",
      homeURL: "/partner/\(partner.via)", intro: words["partners.moneyIntro"], fileName: partner.via)
  }
}

extension MoneyPage.BalanceView {
  fileprivate init(_ earned: Earnings, _ due: PayoutDue?, _ destination: PayoutDestination?, _ words: Words) {
    releasedText = words.money(earned.released)
    waitingText = words.money(earned.waiting)
    switch due?.block {
    case .held: noticeText = words["money.blockHeld", ["reason": due?.holdReason ?? ""]]
    case .newDestination:
      noticeText = words["money.usableFrom", ["when": destination?.usable.plainText ?? ""]]
    case let block?: noticeText = words["money.block_\(block.rawValue)"]
    case nil: noticeText = due == nil ? nil : words["money.next"]
    }
    noticeTone =
      switch due?.block {
      case .debt, .held, .suspended, .noDestination, .providerNotReady, .currencyNotTaken: "bad"
      case .newDestination, .small, .recent, nil: ""
      }
  }
}

extension MoneyPage.TermsView {
  fileprivate init(_ terms: CommissionTerms, _ words: Words) {
    func percent(_ rate: Rate) -> String { Figures.percent(rate) + "%" }
    name = terms.category.isEmpty ? terms.market.name : "\(terms.market.name) · \(terms.category)"
    rateText = words["plans.rate", ["percent": percent(terms.rate)]]
    var details: [String] = []
    if let until = terms.startingUntil {
      details.append(
        words["money.starting", ["when": until.plainText, "percent": percent(terms.rateAfterwards)]])
    }
    if terms.refundFee.basisPoints > 0 {
      var fee = words["money.fee", ["percent": percent(terms.refundFee)]]
      if let max = terms.refundFeeMax { fee += ", " + words["plans.feeMax", ["amount": words.money(max)]] }
      details.append(fee)
    }
    detailText = details.isEmpty ? nil : details.joined(separator: " · ")
  }
}

/// A payout in a list.
struct PayoutView: Sendable {
  let id: String
  let number: String
  /// Whose it is, where a list is of several.
  let name: String?
  let account: String
  let amountText: String
  let stateText: String
  let stateTone: String
  let failure: String?
  let whenISO: String
  let whenText: String
  let isOpen: Bool

  init(_ payout: Payout, name: String? = nil, _ words: Words) {
    id = payout.id.description
    number = payout.number
    self.name = name
    account = words.destination(payout.provider, payout.holder, payout.ending)
    amountText = words.money(payout.amount)
    stateText = words["money.state_\(payout.state.rawValue)"]
    stateTone =
      switch payout.state {
      case .pending, .sent: "warn"
      case .paid: "good"
      case .returned: "bad"
      }
    failure = payout.failure.isEmpty ? nil : payout.failure
    whenISO = payout.made.description
    whenText = payout.made.plainText
    // What a provider sends, nobody else says the end of.
    isOpen = payout.provider.isEmpty && (payout.state == .pending || payout.state == .sent)
  }
}

/// The months that a statement is offered for.
enum StatementMonths {
  /// The month of a moment and the eleven before it, `2026-11`, the latest first.
  static func before(_ now: Moment) -> [String] {
    let text = now.description
    guard let year = Int(text.prefix(4)), let month = Int(text.dropFirst(5).prefix(2)) else { return [] }
    return (0..<12).map { back in
      let number = year * 12 + month - 1 - back
      return "\(number / 12)-\(number % 12 < 9 ? "0" : "")\(number % 12 + 1)"
    }
  }
}

extension Words {
  /// A payment provider, by the name it has among people.
  func provider(_ name: String) -> String {
    switch name {
    case "stripe": "Stripe"
    case "razorpay": "Razorpay"
    default: self["money.sandbox"]
    }
  }

  /// Where money goes, with the end of the account's number.
  func destination(_ provider: String, _ holder: String, _ ending: String) -> String {
    provider.isEmpty ? "\(holder) ····\(ending)" : "\(self.provider(provider)) · \(holder) ····\(ending)"
  }

  /// `2026-11` → `November 2026`.
  func month(_ month: String) -> String {
    guard let number = Int(month.suffix(2)) else { return month }
    return "\(self["months.m\(number)"]) \(month.prefix(4))"
  }
}

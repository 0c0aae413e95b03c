import Commerce
import Foundation
import Hummingbird
import NIOCore

/// `/giveaways/{giveaway}`: what is given away, who won, and how anyone checks that.
struct GiveawayPage: Sendable {
  struct WinnerView: Sendable {
    let name: String
    let code: String
    let placeText: String
    let stateText: String
    let tone: String
  }

  /// How a winner is reached, for the channel.
  struct Reach: Sendable {
    let title: String
    let stateText: String
    let isClaimed: Bool
    let name: String
    let email: String
    let phone: String?
    let address: String?
  }

  let id: String
  let prize: String
  let state: String
  let stateText: String
  let stateTone: String
  let channelName: String
  let channelURL: String
  let showTitle: String
  let watchURL: String
  let formURL: String
  let proofURL: String
  /// Nil unless one can still take part.
  let enterText: String?
  /// The button's words where one takes part here, by following; nil where one cannot.
  let enterButton: String?
  /// Where a guest signs in for it; nil for who is signed in.
  let signInURL: String?
  /// Nil for who is not in it, as far as that is known without scripts.
  let inText: String?
  let entrants: String
  let prizes: String
  let endsISO: String
  let endsText: String
  let isDrawn: Bool
  let isThing: Bool
  let winners: [WinnerView]
  let canClaim: Bool
  let isClaimed: Bool
  let claimIntro: String
  let claimUntilISO: String?
  let claimUntilText: String
  let thanks: String
  let accountName: String
  let accountEmail: String
  let reach: [Reach]
  let hasReach: Bool
  let commitment: String
  let root: String?
  let word: String?
  let seed: String?
  let error: String?

  static func show(_ visit: Visit) async throws -> Response { try await page(visit) }

  /// Whoever enters by following, and a signed-in winner's claim, for browsers without scripts.
  static func act(_ visit: Visit) async throws -> Response {
    let id = try visit.id("giveaway", Giveaway.self)
    let form = try await visit.form()
    do {
      if form["do"] == "enter" {
        let giveaway = try await visit.commerce.giveaway(id, by: visit.caller)
        // The button says that it follows.
        let show = try await visit.commerce.show(giveaway.show, by: visit.caller)
        try await visit.commerce.follow(show.channel, by: visit.caller)
        try await visit.commerce.enterByFollowing(id, by: visit.caller)
        return visit.redirect("/giveaways/\(id)")
      }
      guard let entrant = Entrant(visit.caller, visitor: nil) else { throw GeneralRefusal.signInNeeded }
      let claim = PrizeClaim(
        name: form["name"], email: form["email"], phone: form["phone"], address: form["address"])
      try await visit.commerce.claimPrize(id, entrant, claim, by: visit.caller)
      return visit.redirect("/giveaways/\(id)#claim")
    } catch {
      return try await page(visit, complaint: visit.complaint(error))
    }
  }

  /// The words that a watch page fetches when it first needs them.
  static func words(_ visit: Visit) async throws -> Response {
    let group = try visit.parameter("group")
    let known = [
      "auction", "chat", "coupon", "crowd", "follow", "giveaway", "onscreen", "preorder", "refusals", "selling",
      "share", "upi", "waitlist",
      "wallet",
    ]
    guard known.contains(group) else {
      throw Problem.notFound("page")
    }
    var groups = visit.words.forScripts(
      ["preorder", "upi", "waitlist"].contains(group) ? [group, "staffRefusals"] : [group])
    // An operator who stopped orders may have said why.
    if let said = visit.off["checkout"], group == "selling" { groups["selling"]?["house"] = .plain(said) }
    return Response(
      status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-cache"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: try DataBlock.text(groups))))
  }

  private static func page(_ visit: Visit, complaint: Visit.Complaint? = nil) async throws -> Response {
    let commerce = visit.commerce
    let giveaway = try await commerce.giveaway(visit.id("giveaway", Giveaway.self), by: visit.caller)
    let show = try await commerce.show(giveaway.show, by: visit.caller)
    var mine: GiveawayEntry?
    if let entrant = Entrant(visit.caller, visitor: nil) {
      mine = try await commerce.giveawayEntry(giveaway.id, entrant, by: visit.caller)
    }
    var prizes: [Prize] = []
    do { prizes = try await commerce.prizes(of: giveaway.id, by: visit.caller) } catch is GeneralRefusal {}
    let model = GiveawayPage(
      giveaway, show, mine: mine, account: visit.context.account, prizes: prizes, now: commerce.clock.now,
      error: complaint?.sentence, visit.words)
    return try visit.page(
      "giveaway", title: "\(giveaway.prize) · \(show.channelName)", status: complaint?.status ?? .ok, model)
  }

  private init(
    _ giveaway: Giveaway, _ show: Show, mine entry: GiveawayEntry?, account: Account?, prizes: [Prize], now: Moment,
    error: String?, _ words: Words
  ) {
    let mine = entry?.winner
    let isOpen = giveaway.state == .open && giveaway.ends > now
    inText =
      isOpen && giveaway.entry == .follow
      ? entry?.leaf.map { words["giveawayPage.mineIn", ["code": $0.code]] } : nil
    enterButton =
      isOpen && giveaway.entry == .follow && inText == nil
      ? words[entry?.isFollowing == true ? "giveawayPage.takePart" : "giveawayPage.followIn"] : nil
    signInURL = account == nil ? "/sign-in?return=\(Visit.encoded("/giveaways/\(giveaway.id)"))" : nil
    id = "\(giveaway.id)"
    prize = giveaway.prize
    state = giveaway.state.rawValue
    switch giveaway.state {
    case .open: (stateText, stateTone) = (words["giveawayPage.stateOpen"], "good")
    case .closed: (stateText, stateTone) = (words["giveawayPage.stateClosed"], "warn")
    case .drawn: (stateText, stateTone) = (words["giveawayPage.stateDrawn"], "")
    }
    channelName = show.channelName
    channelURL = "/@\(show.channelHandle)"
    showTitle = show.title
    watchURL = "/watch/\(show.id)"
    formURL = "/giveaways/\(giveaway.id)"
    proofURL = "/api/v1/giveaways/\(giveaway.id)/proof"
    enterText = isOpen ? words.entry(of: giveaway, by: show.channelName) : nil
    entrants = Figures.grouped(giveaway.entrants)
    self.prizes = Figures.grouped(giveaway.winnersMax)
    endsISO = giveaway.ends.description
    endsText = giveaway.ends.plainText
    isDrawn = giveaway.state == .drawn
    isThing = giveaway.variant != nil
    winners = giveaway.winners.map { winner in
      WinnerView(
        name: winner.name.isEmpty ? winner.code : winner.name, code: winner.code, placeText: words.place(of: winner),
        stateText: words.state(of: winner), tone: winner.state == .claimed ? "good" : "")
    }
    canClaim = mine?.state == .waiting
    isClaimed = mine?.state == .claimed
    claimIntro = words["giveawayPage.claimIntro", ["seller": show.channelName]]
    claimUntilISO = giveaway.winners.first?.claimUntil.description
    claimUntilText = giveaway.winners.first?.claimUntil.plainText ?? ""
    thanks = words["giveawayPage.sent", ["seller": show.channelName]]
    accountName = account?.name ?? ""
    accountEmail = account?.email ?? ""
    reach = prizes.map { prize in
      Reach(
        title: "\(words.place(of: prize.winner)) · \(prize.winner.called)", stateText: words.state(of: prize.winner),
        isClaimed: prize.claim != nil, name: prize.claim?.name ?? "", email: prize.claim?.email ?? "",
        phone: prize.claim?.phone.isEmpty ?? true ? nil : prize.claim?.phone,
        address: prize.claim?.address.isEmpty ?? true ? nil : prize.claim?.address)
    }
    hasReach = !reach.isEmpty
    commitment = Hexadecimal.text(giveaway.commitment)
    root = giveaway.root.map { Hexadecimal.text($0) }
    word = giveaway.word.isEmpty ? nil : giveaway.word
    seed = giveaway.seed.map { Hexadecimal.text($0) }
    self.error = error
  }
}

extension Words {
  fileprivate func entry(of giveaway: Giveaway, by seller: String) -> String {
    switch giveaway.entry {
    case .comment where giveaway.keyword.isEmpty: self["giveawayPage.enterAny"]
    case .comment: self["giveawayPage.enterComment", ["keyword": giveaway.keyword]]
    case .follow: self["giveawayPage.enterFollow", ["seller": seller]]
    case .watch:
      self["giveawayPage.enterWatch", ["count": Self.minutes(giveaway.watchSeconds)]]
    }
  }

  /// `2`, or `2.5`.
  private static func minutes(_ seconds: Int64) -> String {
    seconds % 60 == 0 ? "\(seconds / 60)" : "\(seconds / 60).\(seconds % 60 * 10 / 60)"
  }

  fileprivate func place(of winner: Giveaway.Winner) -> String {
    self["giveawayPage.place", ["count": Figures.grouped(winner.place + 1)]]
  }

  fileprivate func state(of winner: Giveaway.Winner) -> String {
    switch winner.state {
    case .waiting: self["giveawayPage.waiting"]
    case .claimed: self["giveawayPage.claimed"]
    case .expired: self["giveawayPage.expired"]
    }
  }
}

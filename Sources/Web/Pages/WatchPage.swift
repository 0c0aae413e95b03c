import Commerce
import Foundation
import Hummingbird
import Media

/// `/watch/{show}`: the video, what is sold in it, and who talks about it.
struct WatchPage: Sendable {
  struct MessageView: Sendable {
    let id: String
    let name: String
    let text: String
    let isStaff: Bool
    var isQuestion = false
    var isAnswered = false
    /// It reserved something.
    var isClaim = false
    /// What it answers.
    var hasQuote = false
    var quoteName = ""
    var quoteText = ""
    /// Where a moderator without scripts removes it.
    var formURL = ""
  }

  let show: String
  let title: String
  let state: String
  let orientation: String
  let isLive: Bool
  let isUpcoming: Bool
  let hasEnded: Bool
  /// It never began.
  let isCalledOff: Bool
  /// There is a picture: live, or recorded.
  let isShown: Bool
  let replay: ReplayView?
  let whenISO: String
  let whenText: String
  let market: String
  let tone: Int
  let channelName: String
  let channelInitial: String
  let channelURL: String
  let viewers: String
  let backdrop: String?
  /// Shown in the player until it plays.
  let poster: String?
  let messages: [MessageView]
  /// The question above the chat.
  let question: QuestionView?
  /// What can be said to reserve something.
  let claims: [ClaimHint]
  /// Whether something of what was said needs what talk.css says.
  let hasTalk: Bool
  let pinned: ProductTile?
  let products: [ProductTile]
  let productCount: String
  /// The countries it sells in, when there is a choice.
  let markets: [MarketChoice]
  let hasMarkets: Bool
  /// Why nothing is sold here at the moment; nil when it is.
  let stopText: String?
  let data: String
  /// Where it is described for pages that would show it.
  var oembedURL: String?
  /// Of a frame in another site's page.
  var embed: EmbedView?

  struct ClaimHint: Sendable {
    let text: String

    /// As its event tells it.
    init(_ told: [String: String], _ words: Words) {
      let options = told["options"] ?? ""
      let said = (told["word"] ?? "") + (options.isEmpty ? "" : " + " + options)
      text = words["chat.claimHint", ["word": said, "title": told["title"] ?? ""]]
    }
  }

  struct QuestionView: Sendable {
    let id: String
    let name: String
    let text: String
    /// Whether it is above the chat, for a host.
    var isPinned = true
    var formURL = ""
  }

  /// A show that can be watched again.
  struct ReplayView: Sendable {
    let playlist: String
    let chapters: String
    /// The wall clock at media time 0, in milliseconds.
    let epoch: String
    let poster: String?
    let length: String
    /// Where everybody may download it; nil where not everybody may.
    let download: String?
  }

  /// What the page's scripts need and the room's events do not tell.
  private struct RoomData: Encodable {
    struct Seller: Encodable { let name, url: String }
    struct Buyer: Encodable { let name, email: String }
    let seller: Seller
    let account: Buyer?
    let markets: [Country]
    /// How long things can be sent back here; nil where they cannot.
    let returns: String?
    let own: OwnForm?
    /// What is off of what scripts bring; left out where all is on.
    let off: [String: String]?
  }

  /// The same as JSON, for the pages of a show and of a clip of one.
  static func roomData(
    of show: Show, markets: [MarketChoice], returnDays: Int64, account: Account?, provider: (any PaymentProvider)?,
    off: [String: String], _ words: Words
  ) throws -> String {
    try DataBlock.text(
      RoomData(
        seller: .init(name: show.channelName, url: "/@\(show.channelHandle)"),
        account: account.map { .init(name: $0.name, email: $0.email) },
        markets: markets.filter { !$0.isChosen }.map {
          Country(name: $0.name, currency: $0.currency, href: "?market=\($0.code)")
        },
        returns: returnDays > 0 ? words.plural("returns.days", returnDays) : nil,
        own: provider.flatMap { ownForm(of: $0, words) },
        off: off.isEmpty ? nil : off.filter { ["guest_checkout", "reactions"].contains($0.key) }))
  }

  /// The element that takes the place of our fields for a card, where the provider has its own way, and what it is made
  /// with: `stripe-card`, with Stripe's fields, or `upi-way`.
  private struct OwnForm: Encodable {
    let element: String
    var script: String?
    var key: String?
    var words: [String: String]?
  }

  private struct Country: Encodable { let name, currency, href: String }

  init(
    _ live: LiveState, cards: [ProductCard], poster: String?, market: String, markets: [Market], viewers: Int,
    now: Moment, account: Account?, returnDays: Int64 = 0, stop: SalesStop? = nil,
    replay: (recording: Recording, isDownloadOpen: Bool)? = nil,
    provider: (any PaymentProvider)? = nil, off: [String: String] = [:], _ words: Words
  ) throws {
    let show = live.show
    self.show = show.id.description
    title = show.title
    state = show.state.rawValue
    orientation = show.orientation.rawValue
    isLive = show.state == .live
    isUpcoming = show.state == .scheduled
    hasEnded = show.state == .ended
    isCalledOff = show.calledOff != nil
    whenISO = show.scheduledAt.description
    whenText = show.scheduledAt.plainText
    self.market = market
    tone = Tone.of(show.channel)
    channelName = show.channelName
    channelInitial = Tone.initial(show.channelName)
    channelURL = "/@\(show.channelHandle)"
    self.viewers = Figures.grouped(Int64(viewers))
    let pinnedCard = cards.first { $0.id == live.pinned }
    isShown = show.state == .live || replay != nil
    let backdrop = (pinnedCard ?? cards.first { !$0.pictures.isEmpty })?.pictures.first?.url(width: 640)
    self.backdrop = backdrop
    self.poster = poster ?? backdrop
    self.replay = replay.map { replay in
      ReplayView(
        playlist: "/replay/\(show.id)/index.m3u8", chapters: "/replay/\(show.id)/chapters.vtt",
        epoch: String(show.mediaEpoch?.milliseconds ?? 0), poster: backdrop,
        length: Figures.clock(replay.recording.durationMilliseconds),
        download: replay.isDownloadOpen ? "/api/v1/shows/\(show.id)/recording/file" : nil)
    }
    messages = live.messages.compactMap { MessageView($0) }
    question = live.question.map { QuestionView(id: "\($0.message)", name: $0.name, text: $0.text) }
    claims = live.claimWords.map { ClaimHint($0, words) }
    hasTalk = question != nil || !claims.isEmpty || messages.contains { $0.isQuestion || $0.hasQuote || $0.isClaim }
    pinned = show.state == .live ? pinnedCard.map { ProductTile($0, at: now, words) } : nil
    products = cards.map { ProductTile($0, at: now, words) }
    productCount = Figures.grouped(Int64(cards.count))
    self.markets = markets.filter { show.markets.contains($0.code) }.map {
      MarketChoice($0, isChosen: $0.code == market)
    }
    hasMarkets = self.markets.count > 1
    stopText = stop.map { $0 == .house ? off["checkout"] ?? words["selling.house"] : words["selling.\($0.rawValue)"] }
    data = try Self.roomData(
      of: show, markets: self.markets, returnDays: returnDays, account: account, provider: provider, off: off,
      words)
  }

  private static func ownForm(of provider: any PaymentProvider, _ words: Words) -> OwnForm? {
    if let stripe = (provider as? StripeProvider)?.settings {
      return OwnForm(
        element: "stripe-card", script: stripe.scriptURL, key: stripe.publishableKey,
        words: words.groups["cardForm"] ?? [:])
    }
    return provider.means == .upi ? OwnForm(element: "upi-way") : nil
  }

  static func show(_ visit: Visit) async throws -> Response { try await page(visit) }

  /// - Parameter embed: of a frame in another site's page; nil for a page of its own.
  static func page(_ visit: Visit, in embed: EmbedView? = nil) async throws -> Response {
    let id = try visit.id("show", Show.self)
    let live = try await visit.commerce.liveState(id, by: visit.caller)
    let market = visit.market(among: live.show.markets)
    let cards = try await visit.commerce.cards(show: id, market: market, by: visit.caller)
    let recording = live.show.state == .ended ? try await visit.commerce.recording(id, by: visit.caller) : nil
    var replay: (recording: Recording, isDownloadOpen: Bool)?
    if let recording, recording.state == .ready {
      replay = (recording, try await visit.commerce.isDownloadOpen(of: live.show.channel))
    }
    let stripe = (visit.commerce.providers.current as? StripeProvider)?.settings
    let markets = try await visit.commerce.markets()
    var model = try WatchPage(
      live, cards: cards, poster: visit.poster(of: id, .large), market: market, markets: markets,
      viewers: await visit.viewers(of: id), now: visit.commerce.clock.now, account: visit.context.account,
      returnDays: markets.returnDays(market, visit.commerce.policy),
      stop: try await visit.commerce.salesStops(of: id)[market], replay: replay,
      provider: visit.commerce.providers.current, off: visit.off, visit.words)
    model.embed = embed
    model.oembedURL = embed == nil && visit.commerce.switches.isOn(.embed) ? visit.oembedURL(of: "/watch/\(id)") : nil
    let description = live.show.description.isEmpty ? nil : live.show.description
    let preview = LinkCardPage.path("shows", model.show, model.state, visit.words)
    let film = live.show.state == .live ? "/live/\(id)/index.m3u8" : model.replay?.playlist
    let isUpright = live.show.orientation == .vertical
    var response = try visit.page(
      "watch", title: "\(live.show.title) · \(live.show.channelName)", description: description,
      sharing: Sharing(
        url: "/watch/\(id)", type: "video.other", image: preview, hasCard: true,
        film: film.map {
          Sharing.Film(
            url: $0, type: "application/vnd.apple.mpegurl", width: isUpright ? 720 : 1_280,
            height: isUpright ? 1_280 : 720)
        },
        structured: StructuredData.show(
          live.show, cards: cards, image: preview, replay: replay?.recording,
          base: visit.site.configuration.publicURL, description: description ?? visit.words["home.lead"])),
      modules: replay == nil ? visit.site.files.watchModules : visit.site.files.replayModules, model)
    // Here, and nowhere else, may something come from another host: the fields for a card, where they are Stripe's.
    response.headers[.contentSecurityPolicy] = ContentPolicy(with: stripe, heldBy: embed).text
    return response
  }

  /// The chat's form, for browsers without scripts.
  static func say(_ visit: Visit) async throws -> Response {
    let show = try visit.id("show", Show.self)
    let form = try await visit.form()
    try visit.site.limits.take(.chat, visit.address)
    let name = form["name"]
    let said = try await visit.commerce.speak(
      visit.commerce.makeID(), by: visit.caller, show: show, name: name.isEmpty ? nil : name, text: form["text"],
      address: visit.address, isQuestion: form["question"] == "on")
    if case .claimed(let claim, _) = said.claim { return visit.redirect("/claims/\(claim.bag)") }
    return visit.redirect("/watch/\(show)")
  }
}

extension WatchPage.MessageView {
  private struct Payload: Decodable {
    let id, name, text, role: String
    let question: Message.Question?
    let claimed: String?
    let quoteName, quoteText: String?
  }

  /// Nil for what is no message.
  init?(_ event: TimelineEvent, formURL: String = "") {
    guard let said = try? JSONDecoder().decode(Payload.self, from: Data(event.payload.utf8)) else { return nil }
    self.init(
      id: said.id, name: said.name, text: said.text,
      isStaff: ["owner", "host", "moderator"].contains(said.role), isQuestion: said.question != nil,
      isAnswered: said.question == .answered, isClaim: said.claimed != nil, hasQuote: said.quoteText != nil,
      quoteName: said.quoteName ?? "",
      quoteText: said.quoteText ?? "", formURL: formURL)
  }
}

extension [Market] {
  /// How many days a buyer in one of them has now to send something back; none in what is none of them.
  func returnDays(_ code: String, _ policy: Policy) -> Int64 { first { $0.code == code }?.returnDays(policy) ?? 0 }
}

extension Visit {
  /// The market to sell in: the one asked for, else the reader's own by the region of their language (`en-IN`), else
  /// the show's first.
  func market(among markets: [String]) -> String {
    if let asked = try? query("market"), markets.contains(asked) { return asked }
    let header = request.headers[.acceptLanguage] ?? ""
    let regions = header.split(separator: ",").prefix(20).compactMap { tag in
      tag.split(separator: ";").first?.split(separator: "-").last?.trimmingCharacters(in: .whitespaces).uppercased()
    }
    return regions.first(where: markets.contains) ?? markets.first ?? ""
  }
}

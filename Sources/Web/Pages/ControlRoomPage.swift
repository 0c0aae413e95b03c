import Commerce
import Foundation
import Hummingbird
import Media
import NIOCore

/// `/studio/shows/{show}`: where a host runs a show.
struct ControlRoomPage: Sendable {
  struct RunItem: Sendable {
    let id: String
    let title: String
    let picture: String?
    let priceText: String
    let stockText: String
    let isPinned: Bool
  }

  let show: String
  let title: String
  let state: String
  let stateText: String
  let stateTone: String
  let market: String
  let whenISO: String
  let whenText: String
  let handle: String
  let channelName: String
  let tone: Int
  let viewers: String
  /// What is sold is not for moderators.
  let seesSales: Bool
  let orders: String
  let salesText: String
  /// Nil before the show, and for those who do not see what is sold.
  let numbers: NumbersView?
  let formURL: String
  let server: String
  /// The stream key, in the answer to the form that made it and never again.
  let key: String?
  let hasKey: Bool
  let steps: [String]
  let canHost: Bool
  let canStart: Bool
  let canEnd: Bool
  /// Nil unless it is to come.
  let remindedText: String?
  let isOnAir: Bool
  let hasEnded: Bool
  let run: [RunItem]
  let hasRun: Bool
  let choices: RunChoices
  /// Nil unless deals can be opened now.
  let deals: DealDeskView?
  /// Nil where there are none and none can be opened.
  let giveaways: GiveawayDeskView?
  /// Nil where there are none and none can be opened.
  let auctions: AuctionDeskView?
  /// Polls and announcements; nil where there are none and none can be made.
  let onScreen: OnScreenDeskView?
  /// Nil where there are none and none can be opened.
  let claims: ClaimDeskView?
  /// Nil unless a coupon can be put on screen now.
  let coupons: CouponChoices?
  let messages: [WatchPage.MessageView]
  let canModerate: Bool
  /// The one above the chat.
  let question: WatchPage.QuestionView?
  let questions: [WatchPage.QuestionView]
  let questionCount: String
  let hasQuestions: Bool
  let chatMode: ChatModeView
  let reasons: [ModerationPage.Choice]
  let measures: [ModerationPage.Choice]
  let recording: RecordingView?
  /// Nil before the show.
  let audience: AudienceView?
  let simulcast: SimulcastView?
  let srt: SRTView?
  let crew: CrewView
  /// The run that the form was made from.
  let known: String
  let error: String?

  static func show(_ visit: Visit) async throws -> Response {
    try await page(visit)
  }

  static func act(_ visit: Visit) async throws -> Response {
    let show = try visit.id("show", Show.self)
    let form = try await visit.form()
    if form["do"] == "find" { return try await page(visit, ticked: run(from: form), find: form["find"]) }
    do {
      if form["do"] == "key" {
        let key = try await visit.commerce.makeStreamKey(by: visit.caller, show: show)
        visit.site.media.cutEncoder(show.description)
        return try await page(visit, key: key.text)
      }
      try await perform(form, on: show, visit)
      return visit.redirect("/studio/shows/\(show)")
    } catch {
      let ticked = form["do"] == "run" ? run(from: form) : nil
      return try await page(visit, ticked: ticked, find: form["find"], complaint: visit.complaint(error))
    }
  }

  private static func perform(_ form: Form, on show: ID<Show>, _ visit: Visit) async throws {
    let commerce = visit.commerce
    let mediaTime = visit.site.media.stream(show.description)?.mediaTimeMilliseconds()
    func product() throws -> ID<Product> {
      guard let id = ID<Product>(form["product"]) else { throw Problem.notFound("product") }
      return id
    }
    func message() throws -> ID<Message> {
      guard let id = ID<Message>(form["message"]) else { throw Problem.notFound("question") }
      return id
    }
    switch form["do"] {
    case "start":
      _ = try await commerce.startShow(by: visit.caller, show: show, mediaTime: mediaTime)
      try await visit.site.media.recordings?.begin(show.description) {
        try await visit.commerce.isRecordingUnderWay(show)
      }
    case "end":
      _ = try await commerce.endShow(by: visit.caller, show: show, mediaTime: mediaTime)
      visit.site.media.disconnect(show.description)
    case "call-off":
      try await commerce.callOffShow(by: visit.caller, show: show)
      visit.site.media.disconnect(show.description)
    case "delete-recording":
      try await commerce.deleteRecording(show, by: visit.caller)
      try await visit.site.media.recordings?.delete(show.description)
    case "pin":
      try await commerce.pin(by: visit.caller, show: show, product: product(), mediaTime: mediaTime)
    case "unpin":
      try await commerce.unpin(by: visit.caller, show: show, mediaTime: mediaTime)
    case "deal":
      try await visit.openDeal(form, in: show, mediaTime: mediaTime)
    case "giveaway":
      try await visit.openGiveaway(form, in: show, mediaTime: mediaTime)
    case "auction":
      try await visit.openAuction(form, in: show, mediaTime: mediaTime)
    case "cancel-auction":
      guard let auction = ID<Auction>(form["auction"]) else { throw Problem.notFound("auction") }
      try await commerce.cancelAuction(auction, by: visit.caller, show: show, mediaTime: mediaTime)
    case "end-giveaway":
      guard let giveaway = ID<Giveaway>(form["giveaway"]) else { throw Problem.notFound("giveaway") }
      try await commerce.endEntries(giveaway, by: visit.caller, show: show)
    case "draw-giveaway":
      guard let giveaway = ID<Giveaway>(form["giveaway"]) else { throw Problem.notFound("giveaway") }
      try await commerce.drawGiveaway(
        giveaway, by: visit.caller, show: show, word: form["word"], mediaTime: mediaTime)
    case "show-coupon":
      guard let coupon = ID<Coupon>(form["coupon"]) else { throw Problem.notFound("coupon") }
      try await commerce.showCoupon(by: visit.caller, show: show, coupon, mediaTime: mediaTime)
    case "hide-coupon":
      try await commerce.showCoupon(by: visit.caller, show: show, nil, mediaTime: mediaTime)
    case "end-deal":
      guard let deal = ID<Deal>(form["deal"]) else { throw Problem.notFound("deal") }
      try await commerce.endDeal(deal, by: visit.caller, show: show, mediaTime: mediaTime)
    case "run":
      let known = form["known"].split(separator: ",").compactMap { ID<Product>(String($0)) }
      try await commerce.putRun(by: visit.caller, show: show, run(from: form), from: form.has("known") ? known : nil)
    case "srt-open":
      _ = try await commerce.openSRT(by: visit.caller, show: show)
    case "srt-close":
      try await commerce.closeSRT(by: visit.caller, show: show)
    case "simulcast-add", "simulcast-remove", "simulcast-on", "simulcast-off":
      try await visit.changeSimulcast(form, of: show)
    case "say":
      try visit.site.limits.take(.chat, visit.address)
      _ = try await commerce.say(
        commerce.makeID(), by: visit.caller, show: show, text: form["text"], mediaTime: mediaTime)
    case "poll", "end-poll", "remove-poll", "banner", "hide-banner":
      try await visit.putOnScreen(form, in: show, mediaTime: mediaTime)
    case "claim-word":
      try await visit.openClaimWord(form, in: show, mediaTime: mediaTime)
    case "close-claim-word":
      guard let word = ID<ClaimWord>(form["word"]) else { throw Problem.notFound("claim word") }
      try await commerce.closeClaimWord(word, by: visit.caller, show: show, mediaTime: mediaTime)
    case "cancel-claim":
      guard let claim = ID<Claim>(form["claim"]) else { throw Problem.notFound("claim") }
      try await commerce.cancelClaim(claim, by: visit.caller, show: show)
    case "pin-question", "unpin-question":
      try await commerce.pinQuestion(
        by: visit.caller, show: show, message: form["do"] == "pin-question" ? message() : nil, mediaTime: mediaTime)
    case "answer-question":
      try await commerce.markQuestion(.answered, by: visit.caller, show: show, message: message(), mediaTime: mediaTime)
    case "moderate": try await visit.moderate(form, in: show)
    case "chat-mode": try await visit.setChatMode(form, of: show)
    default:
      throw Problem.malformed("The form does not say what to do.", field: "do")
    }
  }

  /// The ticked products in the order of their numbers; those without one come last, as listed.
  static func run(from form: Form) -> [ID<Product>] {
    let ticked = form.names(after: "product.")
    let places = ticked.enumerated().map { index, id in (Int(form["place.\(id)"]) ?? Int.max, index, id) }
    return places.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.compactMap { ID<Product>($0.2) }
  }

  private struct SalesAnswer: Encodable {
    let orders: Int64
    let sales: [Money]
  }

  /// The numbers of the head, as JSON for the page's script.
  static func sales(_ visit: Visit) async throws -> Response {
    let sales = try await visit.commerce.sales(of: visit.id("show", Show.self), by: visit.caller)
    let body = try JSONEncoder().encode(SalesAnswer(orders: sales.orders, sales: sales.totals))
    return Response(
      status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }

  /// - Parameter ticked: the run as the form says it, when it is not to be saved yet.
  private static func page(
    _ visit: Visit, key: String? = nil, ticked: [ID<Product>]? = nil, find: String? = nil,
    complaint: Visit.Complaint? = nil
  ) async throws -> Response {
    _ = try visit.requireAccount()
    let id = try visit.id("show", Show.self)
    let live = try await visit.commerce.liveState(id, by: visit.caller)
    let show = live.show
    guard
      let (channel, role) = try await visit.commerce.channels(by: visit.caller).first(where: { $0.0.id == show.channel }
      )
    else { throw GeneralRefusal.notFound("show") }
    let report = role.seesSales ? try await visit.site.reports.report(of: id, by: visit.caller) : nil
    // Whoever runs the show reads the seller's own prices, whatever language the browser speaks.
    let market = show.markets.contains(channel.market) ? channel.market : show.markets.first ?? channel.market
    let cards = try await visit.commerce.cards(show: id, market: market, by: visit.caller)
    let choices =
      role.isHost && show.state != .ended
      ? try await RunChoices.make(
        visit, channel: channel.id, run: cards.map(\.id), ticked: ticked, find: try find ?? visit.query("find") ?? "")
      : .none
    let markets = try await visit.commerce.markets().filter { show.markets.contains($0.code) }
    let deals =
      role.isHost && show.state == .live && !cards.isEmpty
      ? DealDeskView(
        cards: cards, pinned: live.pinned, markets: markets, policy: visit.commerce.policy,
        formURL: "/studio/shows/\(id)", visit.words) : nil
    let given = role.isHost ? try await visit.commerce.giveaways(of: id, by: visit.caller) : []
    let giveaways =
      role.isHost && (show.state == .live && visit.commerce.switches.isOn(.giveaways) || !given.isEmpty)
      ? GiveawayDeskView(
        given, cards: cards.filter { $0.channel == show.channel },
        isOnAir: show.state == .live && visit.commerce.switches.isOn(.giveaways),
        formURL: "/studio/shows/\(id)", now: visit.commerce.clock.now, visit.words) : nil
    let auctioned = role.isHost ? try await visit.commerce.auctions(of: id, by: visit.caller) : []
    // A bid is a card that will be charged: by UPI there is none.
    let mayAuction =
      show.state == .live && visit.commerce.providers.current?.means != .upi && visit.commerce.switches.isOn(.auctions)
    let auctions =
      role.isHost && (mayAuction || !auctioned.isEmpty)
      ? AuctionDeskView(
        auctioned, cards: cards.filter { $0.channel == show.channel }, markets: markets, isOnAir: mayAuction,
        policy: visit.commerce.policy, formURL: "/studio/shows/\(id)", visit.words) : nil
    let polls = role.isHost ? try await visit.commerce.polls(of: id, by: visit.caller) : []
    let onScreen =
      role.isHost && (show.state != .ended || !polls.isEmpty)
      ? OnScreenDeskView(
        polls, banner: live.banner, cards: cards, state: show.state, formURL: "/studio/shows/\(id)",
        now: visit.commerce.clock.now, visit.words) : nil
    let mayClaim = role.isHost && show.state == .live && visit.commerce.switches.isOn(.claims)
    let claimWords =
      role.isHost || role == .moderator ? try await visit.commerce.claimWords(of: id, by: visit.caller) : []
    let claims =
      mayClaim || !claimWords.isEmpty
      ? ClaimDeskView(
        claimWords, claims: try await visit.commerce.claims(of: id, by: visit.caller),
        cards: cards.filter { $0.channel == show.channel }, pinned: live.pinned, markets: markets, canOpen: mayClaim,
        formURL: "/studio/shows/\(id)", now: visit.commerce.clock.now, visit.words) : nil
    let coupons =
      role.isHost && show.state == .live
      ? try await CouponChoices.make(visit, show, shown: live.coupon) : nil
    let audience =
      show.state == .scheduled
      ? nil
      : try AudienceView(
        await visit.site.audience(of: id, by: visit.caller), isOver: show.state == .ended, visit.words)
    let model = ControlRoomPage(
      live, role: role, market: market, cards: cards, choices: choices, deals: deals, giveaways: giveaways,
      auctions: auctions, claims: claims, onScreen: onScreen, coupons: coupons, report: report,
      chatMode: try await visit.commerce.chatMode(of: id, by: visit.caller),
      asked: role.isHost || role == .moderator ? try await visit.commerce.questions(of: id, by: visit.caller) : [],
      key: key, audience: audience,
      viewers: await visit.viewers(of: id), recording: try await visit.recording(of: show, role: role),
      simulcast: try await visit.simulcast(of: show, role: role), srt: try await visit.srt(of: show, role: role),
      server: visit.site.configuration.rtmpURL,
      reminded: show.state == .scheduled ? try await visit.commerce.reminded(of: id, by: visit.caller) : nil,
      crew: CrewView(
        try await visit.commerce.showActions(of: id, by: visit.caller, limit: visit.pageLimit(Room.actionsTold)),
        visit.words),
      known: try await visit.commerce.run(of: id, by: visit.caller),
      error: complaint?.sentence,
      visit.words)
    return try visit.page("studio/control", title: show.title, status: complaint?.status ?? .ok, model)
  }

  private init(
    _ live: LiveState, role: Role, market: String, cards: [ProductCard], choices: RunChoices, deals: DealDeskView?,
    giveaways: GiveawayDeskView?, auctions: AuctionDeskView?, claims: ClaimDeskView?, onScreen: OnScreenDeskView?,
    coupons: CouponChoices?, report: ShowReport?,
    chatMode: ChatMode, asked: [AskedQuestion], key: String?, audience: AudienceView?,
    viewers: Int,
    recording: RecordingView?,
    simulcast: SimulcastView?, srt: SRTView?,
    server: String, reminded: RemindedCount?,
    crew: CrewView, known: [ID<Product>], error: String?, _ words: Words
  ) {
    let show = live.show
    self.crew = crew
    self.known = known.map(\.description).joined(separator: ",")
    self.show = show.id.description
    title = show.title
    state = show.state.rawValue
    stateText = show.stateText(words)
    stateTone = show.state.tone
    self.market = market
    whenISO = show.scheduledAt.description
    whenText = show.scheduledAt.plainText
    handle = show.channelHandle
    channelName = show.channelName
    tone = Tone.of(show.channel)
    self.viewers = Figures.grouped(Int64(viewers))
    seesSales = role.seesSales
    orders = Figures.grouped(report?.orders ?? 0)
    salesText = NumbersView.sum(report?.takings ?? [], words)
    numbers =
      show.state == .scheduled
      ? nil : report.map { NumbersView($0, now: show.state == .live ? viewers : nil, words) }
    let formURL = "/studio/shows/\(show.id)"
    self.formURL = formURL
    self.server = server
    self.key = key
    hasKey = show.hasStreamKey || key != nil
    steps = (1...5).map { words["control.step\($0)"] }
    canHost = role.isHost
    canStart = role.isHost && show.state == .scheduled
    canEnd = role.isHost && show.state == .live
    remindedText = reminded.map { words.plural("reminders.count", $0.reminders) }
    isOnAir = show.state == .live
    hasEnded = show.state == .ended
    run = cards.map { card in
      let tile = ProductTile(card, words)
      return RunItem(
        id: tile.id, title: tile.title, picture: tile.picture, priceText: tile.priceText, stockText: tile.stockText,
        isPinned: card.id == live.pinned)
    }
    hasRun = !run.isEmpty
    self.choices = choices
    self.deals = deals
    self.giveaways = giveaways
    self.auctions = auctions
    self.onScreen = onScreen
    self.claims = claims
    self.coupons = coupons
    messages = live.messages.compactMap { WatchPage.MessageView($0, formURL: formURL) }
    question = live.question.map { WatchPage.QuestionView(id: "\($0.message)", name: $0.name, text: $0.text) }
    questions = asked.map { asked in
      WatchPage.QuestionView(
        id: "\(asked.message.id)", name: asked.message.name, text: asked.message.text, isPinned: asked.isPinned,
        formURL: formURL)
    }
    questionCount = Figures.grouped(Int64(asked.count))
    hasQuestions = !asked.isEmpty
    canModerate = role.isHost || role == .moderator
    self.chatMode = ChatModeView(chatMode, words)
    reasons = ModerationPage.reasons(words)
    measures = ModerationPage.measures(words)
    self.audience = audience
    self.recording = recording
    self.simulcast = simulcast
    self.srt = srt
    self.error = error
  }
}

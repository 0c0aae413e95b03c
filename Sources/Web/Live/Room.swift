import Commerce
import Foundation
import Logging
import NIOCore

/// The live side of one show, and the only one that numbers its timeline.
///
/// It holds what a viewer who comes in needs, encoded once, and the last events for one who comes back.
actor Room {
  nonisolated let show: ID<Show>
  /// The connections that events are for.
  nonisolated let audience = Audience()
  /// The people behind them.
  nonisolated let presence = Presence()
  /// Which numbering a sequence belongs to: the id of another show's event is not taken for one of ours.
  nonisolated let epoch: String

  let commerce: Commerce
  private let marks: ShowMarks
  let hubs: Hubs
  private let limits: WebLimits

  private var facts: LiveState?
  private var loading: Task<Void, any Error>?
  private var isLoaded = false
  /// Something happened since the state was read that may have changed it: it must be read again.
  private var isStale = false
  /// What was told about the stock while the state is being read: newer than what the read brings. Nil when none is.
  private var told: [ID<Variant>: Int64]?
  private var sequence: Int64 = 0
  private var pinned: ID<Product>?
  private var stock: [ID<Variant>: Int64] = [:]
  /// By id, in the order in which they were opened.
  private var deals: [Deal] = []
  /// The one on screen.
  private var coupon: Coupon?
  /// The newest, as long as there is something to see of it.
  private var giveaway: Giveaway?
  /// The newest, as long as there is something to see of it.
  private var auction: Auction?
  /// The newest, as long as there is something to see of it.
  private var poll: Poll?
  /// Its sums are told with the next tick.
  private var isPollDue = false
  /// The one on screen.
  private var banner: Banner?
  /// How the chat is run.
  private var chat = ChatMode.open
  /// Where nothing is sold at the moment, and why.
  private var stops: [String: SalesStop] = [:]
  private var messages: [SaidMessage] = []
  /// The question above the chat, as its event tells it.
  private var question: [String: String]?
  /// What can be said to reserve something, as its events tell it.
  private var claimWords: [[String: String]] = []
  /// The last events as they are sent, without a gap, up to `sequence`.
  private var history: [(sequence: Int64, text: String)] = []
  private var announcedViewers = 0
  private var sampler: ChatSampler
  /// Messages wait to be told, and the flush that tells them has not come.
  private var isFlushDue = false
  private let speakers: Speakers
  private var reactions = ReactionSums()
  /// The control rooms that are open, by connection.
  var desks: [ObjectIdentifier: Desk] = [:]
  /// How often it was read for them what was done.
  var actionsAsked = 0
  /// Somebody tapped, and the tick that tells it has not come.
  private var isTickDue = false
  private var purchases = PurchaseLines()
  /// Purchases were told a moment ago: what comes now waits.
  private var isPausing = false
  private var numbers = RoomNumbers()
  private var lookedTimes = 0
  private var greetings: (withMessages: String, without: String, at: Moment)?
  private var isAdvancing = false
  private var mustAdvance = false
  /// Something happened that the playlists do not say yet.
  private var mustMark = false

  init(
    _ show: ID<Show>, commerce: Commerce, marks: ShowMarks, hubs: Hubs, limits: WebLimits, speakers: Speakers
  ) {
    self.marks = marks
    self.speakers = speakers
    self.show = show
    self.commerce = commerce
    self.hubs = hubs
    self.limits = limits
    epoch = String(show.description.suffix(8))
    sampler = ChatSampler(
      perSecond: limits.chatPerSecond, seed: show.bytes.reduce(0) { $0 &* 31 &+ UInt64($1) })
  }

  /// Reads the show, once. Throws `GeneralRefusal.notFound` when there is none.
  func load() async throws {
    guard !isLoaded else { return }
    let task = loading ?? Task { try await begin() }
    loading = task
    try await task.value
  }

  private func begin() async throws {
    defer { loading = nil }
    // What was appended and not announced yet belongs to the state from which viewers go on.
    while try await !commerce.numberTimeline(show).isEmpty {}
    let state = try await readState()
    let kept = try await commerce.keptNumbers(of: show)
    presence.begin(kept.attendance)
    reactions = ReactionSums(total: kept.attendance.taps)
    numbers = RoomNumbers(kept)
    sequence = state.sequence
    pinned = state.pinned
    messages = state.messages.map { SaidMessage($0) }
    question = state.question?.told
    claimWords = state.claimWords
    // Not before: what somebody does meanwhile would be forgotten with what was there.
    isLoaded = true
  }

  /// Reads the show's state and the stock of what it sells.
  @discardableResult
  private func readState() async throws -> LiveState {
    told = [:]
    defer { told = nil }
    let state = try await commerce.liveState(show)
    facts = state
    deals = state.deals
    coupon = state.coupon
    giveaway = state.giveaway
    auction = state.auction
    poll = state.poll
    banner = state.banner
    stops = try await commerce.salesStops(of: show)
    chat = try await commerce.chatModeOfRoom(show)
    stock = state.stock.merging(told ?? [:]) { $1 }.filter { state.stock[$0.key] != nil }
    greetings = nil
    return state
  }

  /// Those of these variants whose stock this room wants to be told: what it sells, and anything while it is finding
  /// out what that is.
  func wanted(of variants: Set<ID<Variant>>) -> Set<ID<Variant>> {
    told == nil ? variants.filter { stock[$0] != nil } : variants
  }

  // MARK: Viewers

  /// Makes the connection a viewer: first the state, then what it missed, then everything as it happens.
  ///
  /// The last step has no suspension in it: nothing can be published between reading the state and joining the hubs.
  ///
  /// - Parameters:
  ///   - viewer: as whom it is present; nil for a member of the channel, who is told everything that is said.
  ///   - desk: the member who has a control room open there.
  func join(
    _ channel: any NIOCore.Channel, as viewer: String?, desk: ID<Account>? = nil, lastEventID: String?
  ) async throws {
    try await load()
    var missed = ""
    var mustReset = false
    let place = lastEventID.flatMap(LivePlace.init).flatMap { $0.epoch == epoch && $0.sequence <= sequence ? $0 : nil }
    if let place {
      if let events = try await events(after: place.sequence) { missed = events } else { mustReset = true }
    }
    var greeting = "retry: 1000\n\n" + state(withMessages: place == nil || mustReset) + missed
    if mustReset { greeting += LiveText.event("reset", data: "{}") }
    hubs.join(
      channel, audience, group: viewer.map(ChatSampler.group), greeting: ByteBuffer(string: greeting))
    guard let desk else { return }
    try await enterDesk(channel, desk)
  }

  /// Everything after that number as text; nil when it is more than one should be sent at once.
  private func events(after place: Int64) async throws -> String? {
    guard sequence - place <= Int64(limits.roomHistory) else { return nil }
    var old = ""
    var reached = place
    while reached < sequence, history.first.map({ $0.sequence > reached + 1 }) ?? true {
      let events = try await commerce.timeline(show, after: reached, limit: 1_000)
      guard let last = events.last else { return nil }
      for event in events where event.sequence <= sequence { old += text(Told(event)) }
      reached = min(last.sequence, sequence)
    }
    guard reached < sequence, let first = history.first else { return old }
    let start = Int(clamping: max(0, reached + 1 - first.sequence))
    return old + history.dropFirst(start).map(\.text).joined()
  }

  /// What a viewer who comes in now is told first.
  func state(withMessages: Bool) -> String {
    let now = commerce.clock.now
    if let greetings, abs(now.milliseconds(since: greetings.at)) < 1_000 {
      return withMessages ? greetings.withMessages : greetings.without
    }
    let made = (state([], at: now), state(messages.map(\.json), at: now))
    greetings = (withMessages: made.1, without: made.0, at: now)
    return withMessages ? made.1 : made.0
  }

  private func state(_ messages: [String], at now: Moment) -> String {
    guard let show = facts?.show else { return "" }
    let stock = stock.map { "\"\($0.key)\":\($0.value)" }.sorted().joined(separator: ",")
    let text = """
      {"epoch":"\(epoch)","sequence":\(sequence),"show":{"id":"\(show.id)","state":"\(show.state.rawValue)",\
      "title":\(LiveText.string(show.title)),"startedAt":\(LiveText.string(show.startedAt)),\
      "endedAt":\(LiveText.string(show.endedAt))},"pinned":\(LiveText.string(pinned)),\
      "deals":[\(deals.map(LiveText.json).joined(separator: ","))],"coupon":\(coupon.map { LiveText.json($0, at: now) } ?? "null"),\
      "giveaway":\(giveaway.map { LiveText.json($0, at: now) } ?? "null"),\
      "auction":\(auction.map { LiveText.json($0, at: now) } ?? "null"),\
      "poll":\(poll.map { LiveText.json($0, at: now) } ?? "null"),\
      "banner":\(banner.map { LiveText.json($0, at: now) } ?? "null"),\
      "chat":\(LiveText.json(chat)),"question":\(question.map(LiveText.json) ?? "null"),\
      "claims":[\(claimWords.map(LiveText.json).joined(separator: ","))],"stops":\(LiveText.json(stops)),"viewers":\(presence.viewers),\
      "stock":{\(stock)},"messages":[\(messages.joined(separator: ","))],\
      "serverTime":"\(now)"}
      """
    return LiveText.event("state", data: text)
  }

  // MARK: What happens

  /// Numbers what was appended to the timeline and sends it. Throws when the database does; then it must be called
  /// again.
  func advance() async throws {
    try await load()
    guard !isAdvancing else {
      mustAdvance = true
      return
    }
    isAdvancing = true
    defer { isAdvancing = false }
    repeat {
      mustAdvance = false
      // A process that died, or an answer that was lost, may have left numbers that were never sent: so what is sent
      // is read by its numbers, whoever gave them.
      let numbered = try await commerce.numberTimeline(show)
      let areNext = numbered.first.map { $0.sequence == sequence + 1 } ?? false
      let events = areNext ? numbered : try await commerce.timeline(show, after: sequence, limit: 1_000)
      mustAdvance = mustAdvance || events.count >= commerce.policy.numberingBatch
      if !events.isEmpty { take(events) }
      // When this fails, `isStale` remembers it: whoever calls again, as one must, reads again.
      if isStale {
        try await readState()
        isStale = false
      }
    } while mustAdvance
    guard mustMark else { return }
    mustMark = false
    // The room does without it: a playlist that lacks a pin is no reason to tell everything again.
    try? await marks.refresh(show)
  }

  private func take(_ events: [TimelineEvent]) {
    var (all, rest) = ("", "")
    var said: [ChatSampler.Message] = []
    for event in events {
      let told = Told(event)
      let text = text(told)
      all += text
      if let message = sampled(told) { said.append(message) } else { rest += text }
      history.append((event.sequence, text))
      apply(told)
    }
    sequence = events.last?.sequence ?? sequence
    // In big steps, so that the array does not move at every event.
    if history.count > limits.roomHistory * 2 { history.removeFirst(history.count - limits.roomHistory) }
    if sampler.admits(said, at: ChatSampler.clockMilliseconds) {
      send(all)
    } else {
      send(rest)
      armFlush()
    }
    if events.contains(where: { !Self.ofChat.contains($0.kind) }) { mustMark = true }
    // The show's state, and the variants that are sold in it, may be others by now.
    let changing: [TimelineEvent.Kind] = [
      .showStarted, .showEnded, .pinned, .dealOpened, .dealEnded, .couponShown, .couponHidden,
      .giveawayOpened, .giveawayClosed, .giveawayDrawn, .pollOpened, .pollClosed, .pollRemoved, .bannerShown,
      .bannerHidden,
    ]
    if events.contains(where: { changing.contains($0.kind) }) { isStale = true }
  }

  /// What no playlist tells of.
  private static let ofChat: [TimelineEvent.Kind] = [
    .message, .messageRemoved, .questionPinned, .questionUnpinned, .questionAnswered, .questionReopened,
    .claimOpened, .claimClosed,
  ]

  /// An event, read and written once for all that is done with it.
  private struct Told {
    let event: TimelineEvent
    let payload: [String: String]
    let json: String

    var kind: TimelineEvent.Kind { event.kind }

    init(_ event: TimelineEvent) {
      self.event = event
      payload = SaidMessage.payload(event)
      json = LiveText.json(event)
    }
  }

  private func apply(_ event: Told) {
    let payload = event.payload
    switch event.kind {
    case .pinned: pinned = payload["product"].flatMap { ID($0) }
    case .unpinned: pinned = nil
    case .message:
      messages.append(SaidMessage(event.event, payload, json: event.json))
      if messages.count > commerce.policy.recentMessages { messages.removeFirst() }
    case .messageRemoved:
      messages.removeAll { $0.id == payload["message"] }
      sampler.remove(payload["message"] ?? "")
      for index in messages.indices where messages[index].isReply(to: payload["message"]) {
        messages[index].forgetQuote()
      }
      // Its text is forgotten in the database: what came before is read from there from now on.
      history.removeAll { $0.sequence < event.event.sequence }
    case .pollRemoved: history.removeAll { $0.sequence < event.event.sequence }
    case .questionPinned: question = payload
    case .questionUnpinned: question = nil
    case .claimOpened: claimWords.append(payload)
    case .claimClosed: claimWords.removeAll { $0["claimWord"] == payload["claimWord"] }
    case .questionAnswered, .questionReopened:
      for index in messages.indices where messages[index].id == payload["message"] {
        messages[index].mark(event.kind == .questionAnswered ? .answered : .open)
      }
    case .showStarted, .showEnded, .soldOut, .backInStock, .dealOpened, .dealEnded, .couponShown, .couponHidden,
      .giveawayOpened, .giveawayClosed, .giveawayDrawn,
      .auctionOpened, .auctionEnded, .auctionSold, .auctionUnsold, .auctionCancelled, .pollOpened, .pollClosed,
      .bannerShown, .bannerHidden:
      break
    }
  }

  /// Sends what is left now of variants that are sold here.
  func stockChanged(_ available: [ID<Variant>: Int64]) {
    told?.merge(available) { $1 }
    var texts = ""
    for (variant, count) in available.sorted(by: { $0.key < $1.key }) where stock[variant].map({ $0 != count }) ?? false
    {
      stock[variant] = count
      texts += LiveText.event("stock", data: #"{"variant":"\#(variant)","available":\#(count)}"#)
    }
    send(texts)
  }

  /// Sends how much of a deal is left.
  func dealChanged(_ deal: Deal) {
    guard let index = deals.firstIndex(where: { $0.id == deal.id }), deals[index] != deal else { return }
    deals[index] = deal
    send(LiveText.event("deal", data: #"{"deal":"\#(deal.id)","left":\#(deal.left)}"#))
  }

  /// Sends whether the coupon on screen can still be had.
  func couponChanged(_ changed: Coupon) {
    guard let coupon, coupon.id == changed.id, coupon != changed else { return }
    self.coupon = changed
    let isOpen = changed.isOpen(at: commerce.clock.now)
    // Not each claim: only whether there are any left.
    guard isOpen != coupon.isOpen(at: commerce.clock.now) else { return }
    greetings = nil
    send(LiveText.event("coupon", data: #"{"coupon":"\#(changed.id)","isOpen":\#(isOpen)}"#))
  }

  /// Sends how many have entered, and when entries are over.
  func giveawayChanged(_ changed: Giveaway) {
    guard let giveaway, giveaway.id == changed.id, giveaway != changed else { return }
    self.giveaway = changed
    guard changed.state == .open else { return }
    let data = #"{"giveaway":"\#(changed.id)","entrants":\#(changed.entrants),"endsAt":"\#(changed.ends)","#
    send(LiveText.event("giveaway", data: data + #""endMediaTime":\#(changed.endMediaTime)}"#))
  }

  /// Sends an auction as it is now. It goes by the server's clock: nobody waits for their picture.
  func auctionChanged(_ changed: Auction) {
    guard auction != changed, auction.map({ $0.opened <= changed.opened }) ?? true else { return }
    auction = changed
    send(LiveText.event("auction", data: LiveText.json(changed, at: commerce.clock.now)))
  }

  /// Sends what a poll's answers have, with what comes in the next quarter of a second.
  func pollChanged(_ changed: Poll) {
    guard let poll, poll.id == changed.id, poll != changed else { return }
    self.poll = changed
    greetings = nil
    guard changed.state == .open, !isPollDue else { return }
    isPollDue = true
    Task {
      try? await Task.sleep(for: .milliseconds(Self.reactionTickMilliseconds))
      tellPoll()
    }
  }

  private func tellPoll() {
    isPollDue = false
    guard let poll, poll.state == .open else { return }
    tell("poll", #"{"poll":"\#(poll.id)","votes":[\#(poll.votes.map { "\($0)" }.joined(separator: ","))]}"#)
  }

  /// Sends where nothing is sold any more, or again.
  func sellingChanged() async throws {
    let now = try await commerce.salesStops(of: show)
    guard now != stops else { return }
    stops = now
    send(LiveText.event("selling", data: #"{"stops":\#(LiveText.json(now))}"#))
  }

  /// Sends how the chat is run now.
  func chatChanged() async throws {
    let now = try await commerce.chatModeOfRoom(show)
    guard now != chat else { return }
    chat = now
    send(LiveText.event("chat", data: LiveText.json(now)))
  }

  /// Tells that a price is another one.
  func offersChanged(_ variants: [ID<Variant>]) {
    send(variants.map { LiveText.event("offer", data: #"{"variant":"\#($0)"}"#) }.joined())
  }

  // MARK: What is too much to read

  /// What viewers say, that not everybody may be shown; nil for all else. It has no id: what is told meanwhile is newer.
  private func sampled(_ event: Told) -> ChatSampler.Message? {
    guard limits.chatPerSecond > 0, event.kind == .message, let id = event.payload["id"] else { return nil }
    let speaker = speakers.take(id)
    guard ["viewer", "guest"].contains(event.payload["role"]) else { return nil }
    return ChatSampler.Message(
      id: id, sequence: event.event.sequence, text: LiveText.event("timeline", data: event.json), speaker: speaker)
  }

  private func armFlush() {
    guard !isFlushDue else { return }
    isFlushDue = true
    Task {
      try? await Task.sleep(for: .milliseconds(ChatSampler.windowMilliseconds))
      tellSampled()
    }
  }

  private func tellSampled() {
    isFlushDue = false
    let share = sampler.flush(at: ChatSampler.clockMilliseconds)
    if !sampler.held.isEmpty { armFlush() }
    guard !share.everything.isEmpty else { return }
    // Whoever reconnects goes on from here: what they were not shown is not told again.
    let place = sampler.held.isEmpty ? "id: \(epoch):\(sequence)\n\n" : ""
    let parts = (share.groups + [share.everything]).map { messages in
      ByteBuffer(string: messages.map(\.text).joined() + place)
    }
    greetings = nil
    hubs.publish(parts, to: audience)
  }

  // MARK: The crowd

  /// Milliseconds of taps that one event carries.
  private static let reactionTickMilliseconds = 250
  /// Milliseconds between two events that tell of purchases.
  private static let purchasePauseMilliseconds = 2_000
  /// Seconds of watching and tapping that a crash may cost.
  private static let keepSeconds = 5

  private var isLive: Bool { facts?.show.state == .live }

  /// Throws `ShowRefusal.notLive`.
  func requireLive() async throws {
    try await load()
    guard isLive else { throw ShowRefusal.notLive }
  }

  /// Adds taps, which everybody is told with the next tick. Throws `ShowRefusal.notLive`.
  func react(_ taps: Taps) throws {
    guard isLive else { throw ShowRefusal.notLive }
    guard !taps.isEmpty else { return }
    reactions.add(taps)
    guard !isTickDue else { return }
    isTickDue = true
    Task {
      try? await Task.sleep(for: .milliseconds(Self.reactionTickMilliseconds))
      tellReactions()
    }
  }

  private func tellReactions() {
    isTickDue = false
    let taps = reactions.tick()
    guard !taps.isEmpty else { return }
    let counts = Reaction.allCases.filter { taps[$0] > 0 }.map { #""\#($0.rawValue)":\#(taps[$0])"# }
    tell("reactions", "{\(counts.joined(separator: ","))}")
  }

  /// Tells everybody that somebody bought something: at once, or with what else is bought in the next seconds.
  func bought(_ purchases: [ToldPurchase]) {
    guard isLive else { return }
    self.purchases.add(purchases)
    if !isPausing { tellPurchases() }
  }

  private func tellPurchases() {
    isPausing = false
    let lines = purchases.take()
    guard !lines.isEmpty else { return }
    let texts = lines.map { line in
      let name = line.firstName.map { #","name":\#(LiveText.string($0))"# } ?? ""
      return #"{"product":"\#(line.product)","title":\#(LiveText.string(line.title)),"people":\#(line.people)\#(name)}"#
    }
    tell("bought", #"{"lines":[\#(texts.joined(separator: ","))]}"#)
    isPausing = true
    Task {
      try? await Task.sleep(for: .milliseconds(Self.purchasePauseMilliseconds))
      tellPurchases()
    }
  }

  /// What is no part of the state that a viewer is told first.
  private func tell(_ kind: String, _ data: String) {
    hubs.publish(ByteBuffer(string: LiveText.event(kind, data: data)), to: audience)
  }

  /// How the show is watched up to now.
  func attendance() -> (attendance: Attendance, reactionsPerMinute: Int64) {
    let attendance = Attendance(
      peak: presence.peak, watchedMilliseconds: presence.watchedMilliseconds, taps: reactions.total)
    return (attendance, reactions.perMinute)
  }

  /// Whole minutes since the show's start; nil while it is not on air.
  private func minute(at now: Moment) -> Int64? {
    guard isLive, let started = facts?.show.startedAt else { return nil }
    return max(0, now.milliseconds(since: started)) / 60_000
  }

  /// Counts what a viewer did with a product. False when it is none of the show's.
  func note(_ kind: Interest.Kind, in product: ID<Product>, from source: OrderSource) async throws -> Bool {
    try await load()
    let now = commerce.clock.now
    if numbers.mustRead(for: product, at: now) {
      numbers.products = try await commerce.productsOfNumbers(of: show)
    }
    let way = ShowWay(source, isOver: facts?.show.state == .ended)
    return numbers.add(
      kind, at: Interest.Place(minute: minute(at: now) ?? Interest.Place.offAir, product: product, way: way))
  }

  /// Writes down what happened since the last time: every few seconds, or now. What cannot be written is written the next
  /// time, and once.
  func keep(now: Bool) async throws {
    guard isLoaded else { return }
    lookedTimes += 1
    guard now || lookedTimes % Self.keepSeconds == 0 else { return }
    // Whoever else is at it sends the same.
    while let step = numbers.unkept {
      try await commerce.keep(step, of: show)
      numbers.kept(step)
    }
    let attendance = Attendance(
      peak: presence.peak, watchedMilliseconds: presence.step(), taps: reactions.step())
    guard let step = numbers.step(attendance, id: commerce.makeID()) else { return }
    try await commerce.keep(step, of: show)
    numbers.kept(step)
  }

  /// Looks who is there, and sends the number of viewers when it is another one. Called once a second.
  func countViewers() {
    guard isLoaded else { return }
    let now = commerce.clock.now
    numbers.look(presence.look(at: now, isLive: isLive), minute: minute(at: now))
    reactions.endSecond()
    let count = presence.viewers
    guard count != announcedViewers else { return }
    announcedViewers = count
    send(LiveText.event("viewers", data: #"{"count":\#(count)}"#))
  }

  private func send(_ text: String) {
    guard !text.isEmpty else { return }
    greetings = nil
    hubs.publish(ByteBuffer(string: text), to: audience)
  }

  private func text(_ told: Told) -> String {
    LiveText.event("timeline", id: "\(epoch):\(told.event.sequence)", data: told.json)
  }
}

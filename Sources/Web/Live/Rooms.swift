import Commerce
import Media
import NIOCore

/// The rooms that are in use, and who is told what.
actor Rooms {
  private struct Entry {
    let room: Room
    var lastUse: Moment
  }

  /// A room nobody has been in for so long is forgotten; it is read again when somebody comes.
  private static let idleMilliseconds: Int64 = 300_000

  private let commerce: Commerce
  private let hubs: Hubs
  private let limits: WebLimits
  private let speakers: Speakers
  private let marks: ShowMarks
  /// The streams whose playlists know of their show's past.
  private var marked: [String: ObjectIdentifier] = [:]
  private var entries: [ID<Show>: Entry] = [:]
  private var wasCheckoutOn = true

  init(commerce: Commerce, media: MediaServer, hubs: Hubs, limits: WebLimits, speakers: Speakers = Speakers()) {
    self.commerce = commerce
    self.speakers = speakers
    marks = ShowMarks(commerce: commerce, media: media)
    self.hubs = hubs
    self.limits = limits
  }

  /// The show's room, loaded. Throws `GeneralRefusal.notFound` when there is no such show.
  func room(_ show: ID<Show>) async throws -> Room {
    let room =
      entries[show]?.room
      ?? Room(show, commerce: commerce, marks: marks, hubs: hubs, limits: limits, speakers: speakers)
    entries[show] = Entry(room: room, lastUse: commerce.clock.now)
    do {
      try await room.load()
    } catch {
      // Only this one: another caller may have made the next meanwhile, and viewers may be in it.
      if entries[show]?.room === room, room.audience.viewers == 0 { entries[show] = nil }
      throw error
    }
    return room
  }

  /// The show's room if it is open already.
  func watched(_ show: ID<Show>) -> Room? { entries[show]?.room }

  /// How many connections there are, in all rooms of this process.
  var viewers: Int { entries.values.reduce(0) { $0 + $1.room.audience.viewers } }

  /// How many people watch.
  func viewers(_ show: ID<Show>) -> Int { entries[show]?.room.presence.viewers ?? 0 }

  /// Passes on what the outbox said. Throws when something could not be passed on; then all of it must come again.
  func tell(_ announcements: Set<Announcement>) async throws {
    var stock: Set<ID<Variant>> = []
    var offers: Set<ID<Variant>> = []
    var deals: Set<ID<Deal>> = []
    var coupons: Set<ID<Coupon>> = []
    var giveaways: Set<ID<Giveaway>> = []
    var auctions: Set<ID<Auction>> = []
    var polls: Set<ID<Poll>> = []
    var orders: Set<ID<Order>> = []
    var isSelling = false
    for announcement in announcements {
      switch announcement {
      case .timeline(let show):
        do {
          try await room(show).advance()
        } catch is any Refusal {
          // A show that nobody may see has no room, and nobody to tell.
        }
      case .stock(let variant): stock.insert(variant)
      case .offer(let variant): offers.insert(variant)
      case .deal(let deal): deals.insert(deal)
      case .coupon(let coupon): coupons.insert(coupon)
      case .giveaway(let giveaway): giveaways.insert(giveaway)
      case .auction(let auction): auctions.insert(auction)
      case .poll(let poll): polls.insert(poll)
      case .chat(let show): try await entries[show]?.room.chatChanged()
      case .crew(let show): try await entries[show]?.room.tellActions()
      case .selling, .market: isSelling = true
      case .order(let order): orders.insert(order)
      }
    }
    // Seldom, and of few rooms: each looks for itself whether it is meant.
    if isSelling { for entry in entries.values { try await entry.room.sellingChanged() } }
    for coupon in try await commerce.coupons(coupons.sorted()) {
      for entry in entries.values { await entry.room.couponChanged(coupon) }
    }
    for giveaway in try await commerce.giveaways(giveaways.sorted()) {
      await entries[giveaway.show]?.room.giveawayChanged(giveaway)
    }
    for auction in try await commerce.auctions(auctions.sorted()) {
      await entries[auction.show]?.room.auctionChanged(auction)
    }
    for poll in try await commerce.polls(polls.sorted()) { await entries[poll.show]?.room.pollChanged(poll) }
    for deal in try await commerce.deals(deals.sorted()) { await entries[deal.show]?.room.dealChanged(deal) }
    if entries.values.contains(where: { $0.room.audience.viewers > 0 }) {
      let purchases = try await commerce.toldPurchases(of: orders.sorted())
      for (show, bought) in Dictionary(grouping: purchases, by: \.show) { await entries[show]?.room.bought(bought) }
    }
    guard !stock.isEmpty || !offers.isEmpty else { return }
    for entry in entries.values {
      let changed = await entry.room.wanted(of: stock)
      if !changed.isEmpty { await entry.room.stockChanged(try await commerce.available(Array(changed))) }
      let repriced = await entry.room.wanted(of: offers)
      if !repriced.isEmpty { await entry.room.offersChanged(repriced.sorted()) }
    }
  }

  /// Called every second: when orders were stopped or go on, everybody is told.
  func switchesRead() async throws {
    let isOn = commerce.switches.isOn(.checkout)
    guard isOn != wasCheckoutOn else { return }
    for entry in entries.values { try await entry.room.sellingChanged() }
    wasCheckoutOn = isOn
  }

  /// Called every second: viewer counts, heartbeats, and rooms that are not used any more.
  func keepAlive() async {
    let now = commerce.clock.now
    for (show, entry) in entries {
      await entry.room.countViewers()
      if entry.room.audience.viewers > 0 {
        entries[show]?.lastUse = now
      } else if now.milliseconds(since: entries[show]?.lastUse ?? now) > Self.idleMilliseconds {
        entries[show] = nil
      }
    }
    hubs.keepAlive()
    await markNewStreams()
  }

  /// Writes down how shows are watched. Called every second, and at the end of the process. Throws when one could not be
  /// written; the next time tries it again.
  func keep(now: Bool = false) async throws {
    var fault: (any Error)?
    for entry in entries.values {
      do { try await entry.room.keep(now: now) } catch { fault = error }
    }
    if let fault { throw fault }
  }

  /// A stream that has just begun, perhaps after a restart, is told what happened in its show before.
  private func markNewStreams() async {
    let streams = marks.media.streams()
    marked = marked.filter { known in streams.contains { $0.id == known.key } }
    for stream in streams where marked[stream.id] != ObjectIdentifier(stream) {
      guard let show = ID<Show>(stream.id) else { continue }
      // What fails is tried again in a second.
      guard (try? await marks.refresh(show)) != nil else { continue }
      marked[stream.id] = ObjectIdentifier(stream)
    }
  }
}

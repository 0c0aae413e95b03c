@testable import Commerce
import Store
import TestKit
import Testing

/// Keeps what must be so by what it saw happen, without the rules' own arithmetic, and compares.
struct Auditor {
  struct Known {
    let id: ID<Order>
    /// The first of those it is paid together with.
    let first: ID<Order>
    let bag: Bag
    let access: Secret
    let lines: [Line]
    let total: Money
    /// The one that took something off it.
    let coupon: String?
    let source: OrderSource
    let credited: ID<Partner>?
    let placed: Moment
    var state: Order.State = .placed

    /// Units of each product: a bundle can have two lines of one.
    var products: [(product: Int, quantity: Int64)] {
      Dictionary(lines.map { ($0.product, $0.quantity) }, uniquingKeysWith: +).sorted { $0.key < $1.key }
        .map { ($0.key, $0.value) }
    }
  }

  /// What an order wants of one product, and at what price.
  struct Line {
    let product: Int
    let quantity: Int64
    let price: Int64
    let deal: ID<Deal>?
  }

  struct KnownDeal {
    let id: ID<Deal>
    let offer: ID<Offer>
    let product: Int
    let price: Int64
    let units: Int64
    let unitsPerBuyer: Int64
    let starts: Moment
    var ends: Moment
  }

  /// Units of a product that a giveaway holds, and what became of them once it was drawn.
  struct KnownPrize {
    let id: ID<Giveaway>
    let product: Int
    let units: Int64
    let entry: Giveaway.Entry
    var drawn: (winners: Int64, claimed: Int64)?
  }

  /// An auction and the most that each bidder named, the first of equals first.
  struct KnownAuction {
    let id: ID<Auction>
    let product: Int
    let opening: Int64
    let increment: Int64?
    var maxima: [(bidder: Int, maximum: Int64)] = []
    var price: Int64 = 0
    var isOpen = true

    /// Of equals the one who was there first.
    var leader: (bidder: Int, maximum: Int64)? {
      maxima.max { $0.maximum < $1.maximum }.flatMap { top in maxima.first { $0.maximum == top.maximum } }
    }
  }

  /// What a unit of each product weighs.
  static let grams: [Int64] = [500, 130, 40]
  /// At which rate each product is taxed.
  static let taxPercent: [Double] = [27.77, 18, 5]

  let seed: UInt64
  var partner: ID<Partner>?
  var isPartnerActive = true
  var isTaxAdded = false
  var step = 0
  var keys = 0
  var confirmations: [String] = []
  /// By order and product: units that went off in parcels.
  var sent: [ID<Order>: [Int: Int64]] = [:]
  /// Orders that somebody tried to cancel, to refund or to send back.
  var touched: Set<ID<Order>> = []
  var deals: [KnownDeal] = []
  var prizes: [KnownPrize] = []
  var auctions: [KnownAuction] = []
  /// By product: units that waitlists held when something was refused.
  var offered: [Int64] = []
  /// Who follows the channel, and who came into its giveaways so.
  var fans: Set<Int> = []
  var entered: Set<Int> = []
  /// What the operator did.
  var isSuspended = false
  var isClosed = false
  /// By code: what a coupon takes off so much of what is not in a deal; nil where it does not apply.
  var coupons: [String: @Sendable (Int64) -> Int64?] = [:]
  private(set) var orders: [ID<Order>: Known] = [:]
  private var sequence: [ID<Order>] = []
  /// By product: what was ever received.
  private var units: [Int64]

  init(seed: UInt64, units: [Int64]) {
    self.seed = seed
    self.units = units
  }

  /// The last orders, which are the ones people do something with.
  var recent: [Known] { sequence.suffix(12).compactMap { orders[$0] } }

  func expect(_ isSo: Bool, _ what: String, at location: SourceLocation = #_sourceLocation) {
    #expect(isSo, "\(what) — seed \(seed), step \(step)", sourceLocation: location)
  }

  /// Product 2 is of another seller than the others, who has an order of their own.
  private func bySeller(_ lines: [Line]) -> [[Line]] {
    let isFirst = lines[0].product == 2
    let parts = [lines.filter { ($0.product == 2) == isFirst }, lines.filter { ($0.product == 2) != isFirst }]
    return parts.filter { !$0.isEmpty }
  }

  /// New orders are what was asked for, cost what they must, and are credited to who brought them.
  mutating func placed(_ placed: PlacedOrder, _ bag: Bag, _ lines: [Line]) {
    let sellers = bySeller(lines)
    let orders = [placed.order] + placed.others
    expect(orders.count == sellers.count, "\(sellers.count) orders")
    var isUsed = false
    for (order, lines) in zip(orders, sellers) {
      self.placed(order, placed.access, bag, lines, isUsed: &isUsed)
    }
    expect(bag.coupon == nil || isUsed, "the coupon is used")
  }

  /// `isUsed` says whether an order before it has the bag's coupon.
  private mutating func placed(
    _ order: Order, _ access: Secret, _ bag: Bag, _ lines: [Line], isUsed: inout Bool
  ) {
    let goods = lines.reduce(0) { $0 + $1.quantity * $1.price }
    let full = lines.filter { $0.deal == nil }.reduce(0) { $0 + $1.quantity * $1.price }
    let off = isUsed || !knows(bag.coupon, lines) ? nil : bag.coupon.flatMap { coupons[$0]?(full) }
    let discount = off ?? 0
    if off != nil { isUsed = true }
    expect(order.discount.minor == discount, "\(discount) off")
    let left = goods - discount
    let weight = Self.weight(of: lines)
    expect(weight <= 2_400, "a parcel of \(weight) g is sent")
    let bringing: Int64 = weight <= 500 ? 3900 : weight <= 1_200 ? 4900 : 8800
    let shipping = left >= 200_000 ? 0 : bringing
    // What the platform puts in is taxed as well; and each part of it is rounded once.
    var tax = self.tax(on: shipping, percent: 18)
    for (line, known) in zip(order.lines, lines) {
      let sold: Int64 = known.quantity * known.price - line.discount.minor + line.promotion.minor
      tax += self.tax(on: sold, percent: Self.taxPercent[known.product])
    }
    expect(abs(Double(order.tax.minor) - tax) <= Double(lines.count + 1), "\(tax) is tax")
    expect(order.taxAdded.minor == (isTaxAdded ? order.tax.minor : 0), "added or included")
    let total = left + shipping + (isTaxAdded ? order.tax.minor : 0)
    expect(order.total.minor == total, "the total is \(total)")
    let isBrought =
      isPartnerActive && order.source.via == "blog" && ["", "https://blog.example"].contains(order.source.site)
    expect(order.partner == (isBrought ? partner : nil), "credited as \(order.credit)")
    orders[order.id] = Known(
      id: order.id, first: order.purchase ?? order.id, bag: bag, access: access, lines: lines, total: order.total,
      coupon: off == nil ? nil : bag.coupon, source: order.source, credited: order.partner,
      placed: order.placed)
    expect(!isClosed && (!isSuspended || lines[0].product == 2), "nothing is sold meanwhile")
    sequence.append(order.id)
  }

  private func tax(on amount: Int64, percent: Double) -> Double {
    Double(amount) * percent / (isTaxAdded ? 100 : 100 + percent)
  }

  private static func weight(of lines: [Line]) -> Int64 { lines.reduce(0) { $0 + grams[$1.product] * $1.quantity } }

  /// Whether the seller of these has such a coupon: their own, or the platform's.
  private func knows(_ coupon: String?, _ lines: [Line]) -> Bool { coupon == "GIFT" || lines[0].product != 2 }

  /// Sold out is said only when it is so, by what is known to be on the shelf.
  func refused(_ refusal: BagRefusal, _ lines: [Line], at now: Moment, _ tier: ChannelTier) {
    let wanted = lines.compactMap { line in deals.first { $0.id == line.deal }.map { ($0, line.quantity) } }
    switch refusal {
    case .soldOut: break
    case .orderLimit:
      return expect(lines.contains { $0.product == 2 && $0.quantity > 3 }, "limited below the limit")
    case .buyerLimit:
      // Everybody here is one buyer, who may have it back by now what was refunded.
      let mine = lines.filter { $0.product == 1 }.reduce(0) { $0 + $1.quantity }
      let before = orders.values.filter { ![.expired, .cancelled].contains($0.state) }
        .flatMap(\.lines).filter { $0.product == 1 }.reduce(0) { $0 + $1.quantity }
      return expect(mine > 0 && mine + before > 25, "limited below the limit")
    case .tooHeavy:
      return expect(bySeller(lines).contains { Self.weight(of: $0) > 2_400 }, "too heavy, and is not")
    case .channelNotSelling: return expect(isSuspended, "not selling, and not suspended")
    case .marketClosed: return expect(isClosed, "closed, and nobody closed it")
    case .sellerFull:
      // An order that an auction placed has a place in the day too.
      let auctioned = Int64(auctions.count { !$0.isOpen && !$0.maxima.isEmpty } * 3)
      return expect(tier.dailyOrdersMax.map { count(ofDayOf: now) + auctioned >= $0 } ?? false, "full below the limit")
    case .offerClosed:
      return expect(wanted.contains { now >= $0.0.ends.adding(seconds: 15) }, "closed before its time")
    case .offerNotOpen:
      return expect(wanted.contains { now < $0.0.starts }, "not open after its start")
    case .dealTaken:
      return expect(wanted.contains { taken(of: $0.0) + $0.1 > $0.0.units }, "taken while there was enough")
    case .dealLimit:
      // Everybody here is one buyer.
      return expect(wanted.contains { taken(of: $0.0) + $0.1 > $0.0.unitsPerBuyer }, "limited below the limit")
    default:
      return expect(false, "refused as \(refusal)")
    }
    let isShort = lines.contains { line in
      // At least this much is left: what was received less all that any order could still hold or have sold.
      let taken = orders.values.filter { ![.expired, .cancelled].contains($0.state) }
        .flatMap(\.lines).filter { $0.product == line.product }.reduce(0) { $0 + $1.quantity }
      let given = prizes.filter { $0.product == line.product }.reduce(0) { $0 + $1.units }
      let auctioned = Int64(auctions.count { $0.product == line.product })
      let waited = offered.isEmpty ? 0 : offered[line.product]
      return units[line.product] - taken - given - auctioned - waited < line.quantity
    }
    expect(isShort, "sold out while there was enough")
  }

  /// A coupon is refused only where it does not apply, or was used up.
  func refused(_ refusal: CouponRefusal, _ code: String, _ lines: [Line]) {
    // The first seller who knows it says why.
    let mine = bySeller(lines).first { knows(code, $0) } ?? []
    let full = mine.filter { $0.deal == nil }.reduce(0) { $0 + $1.quantity * $1.price }
    switch refusal {
    case .unknown: expect(mine.isEmpty, "\(code) is unknown")
    case .nothingToTakeFrom: expect(full == 0, "nothing to take from, of \(full)")
    case .belowMinimum: expect(full > 0 && coupons[code]?(full) == nil, "\(full) is below the minimum")
    case .allClaimed, .usedUp:
      let used = orders.values.count { $0.coupon == code && ![.expired, .cancelled].contains($0.state) }
      expect(code == "GIFT" && used >= 5, "claimed by \(used)")
    default: expect(false, "refused as \(refusal)")
    }
  }

  /// The price stays where it is for who raises their own, and else is above the second by one increment.
  mutating func bid(_ maximum: Int64, by bidder: Int, _ placed: PlacedBid) {
    guard var known = auctions.last else { return }
    let leader = known.leader
    known.maxima.removeAll { $0.bidder == bidder }
    known.maxima.append((bidder, maximum))
    if leader?.bidder != bidder {
      let sorted = known.maxima.map(\.maximum).sorted(by: >)
      known.price =
        sorted.count == 1
        ? known.opening
        : min(sorted[0], sorted[1] + (known.increment ?? BidIncrements.step(at: sorted[1], in: Stall.rupee)))
    }
    auctions[auctions.count - 1] = known
    expect(placed.auction.price?.minor == known.price, "the price is \(known.price)")
    expect(placed.isLeading == (known.leader?.bidder == bidder), "bidder \(bidder) leads, or does not")
  }

  func refused(_ refusal: AuctionRefusal, _ maximum: Int64, by bidder: Int) {
    guard let known = auctions.last else { return }
    switch refusal {
    case .closed, .tooFast: break
    case .notAbove:
      expect(known.leader?.bidder == bidder && maximum <= known.leader?.maximum ?? 0, "not above their own")
    case .tooLow(let least): expect(maximum < least.minor && least.minor > known.price, "too low")
    default: expect(false, "refused as \(refusal)")
    }
  }

  mutating func ended(_ isOver: Bool) {
    if isOver, let last = auctions.indices.last { auctions[last].isOpen = false }
  }

  /// What auctions hold and have sold: each its one unit, to one, at a price that somebody named.
  private func checkAuctions(_ stall: Stall, _ gone: inout [Int64], _ held: inout [Int64]) async throws {
    for known in auctions {
      let auction = try await stall.commerce.auctions([known.id])[0]
      switch auction.state {
      case .open: held[known.product] += 1
      case .settling:
        // Paid, perhaps, and not seen yet.
        let paid = try await stall.number(
          """
          SELECT COUNT(*) FROM auction_place JOIN orders ON orders.id = auction_place.order_id
          WHERE auction_id = \(known.id) AND orders.state NOT IN ('placed', 'expired', 'cancelled')
          """)
        expect(paid <= 1, "one unit was sold \(paid) times")
        gone[known.product] += paid
        held[known.product] += 1 - paid
      case .sold: gone[known.product] += 1
      case .unsold, .cancelled: break
      }
      guard auction.bids > 0 else { continue }
      expect(auction.price?.minor == known.price, "the price was \(known.price)")
      expect(auction.leaderName == known.leader.map { "Bidder \($0.bidder)." }, "\(auction.leaderName) won")
      let orders = try await stall.number("SELECT COUNT(*) FROM auction_place WHERE auction_id = \(known.id)")
      expect(orders <= 3, "\(orders) were to buy it")
    }
  }

  /// The stall's orders of a day of UTC that have, or may have, a place in it.
  private func count(ofDayOf now: Moment, _ stall: Stall) async throws -> Int64 {
    let start = now.milliseconds / 86_400_000 * 86_400_000
    let auctioned = try await stall.number(
      """
      SELECT COUNT(*) FROM auction_place JOIN orders ON orders.id = auction_place.order_id
      WHERE orders.placed_ms >= \(start) AND orders.placed_ms < \(start + 86_400_000)
        AND orders.state NOT IN ('expired', 'cancelled')
      """)
    return count(ofDayOf: now) + auctioned
  }

  private func count(ofDayOf now: Moment) -> Int64 {
    let day = now.milliseconds / 86_400_000
    return Int64(
      orders.values.count {
        $0.lines[0].product != 2 && $0.placed.milliseconds / 86_400_000 == day
          && ![.expired, .cancelled].contains($0.state)
      })
  }

  /// Units of a deal that orders have, or may have.
  private func taken(of deal: KnownDeal) -> Int64 {
    orders.values.filter { ![.expired, .cancelled].contains($0.state) }
      .flatMap(\.lines).filter { $0.deal == deal.id }.reduce(0) { $0 + $1.quantity }
  }

  mutating func drawn(_ id: ID<Giveaway>, winners: Int, entrants: Int64, claimed: Int64) {
    guard let index = prizes.firstIndex(where: { $0.id == id }) else { return }
    expect(Int64(winners) == min(prizes[index].units, entrants), "\(winners) won of \(entrants)")
    prizes[index].drawn = (Int64(winners), claimed)
  }

  func refused(_ refusal: GiveawayRefusal, _ wanted: Int64, of product: Int) {
    guard case .tooFewUnits(let available) = refusal else { return expect(false, "refused as \(refusal)") }
    expect(available < wanted, "\(available) were there")
  }

  mutating func received(_ count: Int64, of product: Int) { units[product] += count }

  /// At any moment: the books add up, no order is lost, none goes backwards, nothing is sold twice.
  mutating func check(_ stall: Stall) async throws {
    let report = try await stall.commerce.audit()
    expect(report.isClean, report.summary)
    var gone = units.map { _ in Int64(0) }
    var held = units.map { _ in Int64(0) }
    var limited: Int64 = 0
    for (id, known) in orders {
      let order = try await stall.commerce.order(id, token: known.access)
      expect(Self.mayFollow(known.state, order.state), "\(known.state) became \(order.state)")
      orders[id]?.state = order.state
      let (unsent, back) = touched.contains(id) ? try await cameBack(known, stall) : ([:], [:])
      for line in known.products {
        let sent = sent[id, default: [:]][line.product, default: 0]
        expect(sent <= line.quantity, "\(sent) of \(line.quantity) were sent")
        expect(back[line.product, default: 0] <= sent, "more came back than was sent")
        expect(sent + unsent[line.product, default: 0] <= line.quantity, "sent though its money is back")
        // What was never sent goes back on the shelf with its money, or with the whole of it.
        let kept =
          (order.state == .refunded ? sent : line.quantity - unsent[line.product, default: 0])
          - back[line.product, default: 0]
        if line.product == 1, ![.expired, .cancelled].contains(order.state) {
          limited += kept + back[line.product, default: 0]
        }
        switch order.state {
        case .placed: held[line.product] += line.quantity
        case .expired, .cancelled: break
        case .paid, .fulfilled, .delivered, .settled, .refunded:
          gone[line.product] += kept
        }
      }
    }
    let tier = try await stall.commerce.admissionStanding(of: stall.channel, by: stall.owner).tier
    if tier.dailyOrdersMax != nil {
      let count = try await count(ofDayOf: stall.clock.now, stall)
      expect(tier.ordersToday == count, "\(tier.ordersToday) orders are counted today, and there are \(count)")
    }
    let followers = try await stall.number("SELECT followers FROM channel WHERE id = \(stall.channel)")
    expect(followers == Int64(fans.count), "\(followers) followers are counted, and \(fans.count) follow")
    try await checkAuctions(stall, &gone, &held)
    expect(limited <= 25, "\(limited) of what a buyer may have 25 of")
    for deal in deals {
      let taken = taken(of: deal)
      expect(taken <= min(deal.units, deal.unitsPerBuyer), "\(taken) of a deal of \(deal.units) were sold")
    }
    for prize in prizes {
      gone[prize.product] += prize.drawn?.claimed ?? 0
      // What nobody claims comes back after a while.
      let isOver =
        try await stall.number(
          "SELECT COUNT(*) FROM giveaway_winner WHERE giveaway_id = \(prize.id) AND state = 'waiting'") == 0
      var waiting = prize.drawn.map { isOver ? 0 : $0.winners - $0.claimed } ?? prize.units
      // It is drawn by itself when nobody does for long.
      let isDrawn = try await stall.number(
        "SELECT COUNT(*) FROM giveaway WHERE id = \(prize.id) AND drawn_ms IS NOT NULL")
      if prize.drawn == nil, isDrawn == 1 {
        waiting = try await stall.number(
          "SELECT COUNT(*) FROM giveaway_winner WHERE giveaway_id = \(prize.id) AND state = 'waiting'")
      }
      held[prize.product] += waiting
    }
    for product in units.indices {
      let variant = stall.variants[product]
      held[product] += try await Self.offered(variant, stall) + Self.claimed(variant, stall)
    }
    for product in units.indices {
      let level = try await stall.stock(product)
      expect(level.onHand == units[product] - gone[product], "on hand \(level.onHand) of product \(product)")
      expect(level.reserved == held[product], "reserved \(level.reserved) of product \(product)")
    }
  }

  /// By product: units that are on the shelf again though they were not sent, as their refund is through; and though
  /// they were. No refund gives back more than was paid, and no unit twice.
  private func cameBack(_ known: Known, _ stall: Stall) async throws -> (unsent: [Int: Int64], back: [Int: Int64]) {
    var (unsent, back, units): ([Int: Int64], [Int: Int64], [Int: Int64]) = ([:], [:], [:])
    var money: Int64 = 0
    for refund in try await stall.commerce.refunds(known.id, token: known.access) {
      guard refund.kind == .sale, refund.state != .failed else { continue }
      money += refund.amount.minor
      for line in refund.lines {
        units[line.position, default: 0] += line.quantity
        if refund.state == .succeeded { unsent[known.lines[line.position].product, default: 0] += line.unsent }
      }
    }
    expect(money <= known.total.minor, "\(money) of \(known.total.minor) went back")
    for (position, count) in units {
      expect(count <= known.lines[position].quantity, "\(count) units were refunded")
    }
    for goods in try await stall.commerce.returns(of: known.id, token: known.access) where goods.state == .received {
      for line in goods.lines { back[known.lines[line.position].product, default: 0] += line.restocked }
    }
    return (unsent, back)
  }

  /// Once everything has come to rest: no order waits, and the provider holds what the paid ones are worth.
  func checkSettled(_ stall: Stall) async throws {
    for (id, known) in orders {
      let order = try await stall.commerce.order(id, token: known.access)
      expect(order.state != .placed && order.state != .delivered, "nothing waits for ever")
      guard known.first == id else { continue }
      // The provider knows the whole bag's payment by the first order's number.
      var worth: Int64 = 0
      for (id, known) in orders where known.first == order.id {
        let order = try await stall.commerce.order(id, token: known.access)
        if ![.expired, .cancelled].contains(order.state) { worth += known.total.minor - order.refunded.minor }
      }
      let kept = try await stall.number(
        """
        SELECT CAST(COALESCE(SUM(amount_minor - refunded_minor), 0) AS BIGINT) FROM sandbox_payment
        WHERE state = 'succeeded' AND reference = \(order.number)
        """)
      expect(kept == worth, "the provider holds \(kept), not \(worth)")
    }
    let waiting = try await stall.number("SELECT COUNT(*) FROM auction WHERE state IN ('open', 'settling')")
    expect(waiting == 0, "\(waiting) auctions wait for ever")
    let offers = try await stall.number("SELECT COUNT(*) FROM wish WHERE state = 'offered'")
    expect(offers == 0, "\(offers) offers of waitlists wait for ever")
    let twice = try await stall.number(
      """
      SELECT COUNT(*) FROM auction WHERE state = 'sold' AND 1 <> (
        SELECT COUNT(*) FROM auction_place JOIN payment_attempt ON payment_attempt.order_id = auction_place.order_id
        WHERE auction_place.auction_id = auction.id AND auction_place.state = 'paid'
          AND payment_attempt.state = 'succeeded')
      """)
    expect(twice == 0, "\(twice) auctions were paid twice, or not")
    let held = try await stall.number(
      """
      SELECT (SELECT CAST(COALESCE(SUM(amount_minor - refunded_minor), 0) AS BIGINT) FROM sandbox_payment
          WHERE state = 'succeeded')
        - (SELECT CAST(COALESCE(SUM(amount_minor - reversed_minor), 0) AS BIGINT) FROM sandbox_transfer)
        + (SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM ledger_entry WHERE account = 'provider:sandbox')
      """)
    expect(held == 0, "the provider holds \(held) more than the books say")
    let unsent = try await stall.number(
      """
      SELECT (SELECT COUNT(*) FROM payout_transfer WHERE state = 'pending')
        + (SELECT COUNT(*) FROM payout_reversal WHERE state = 'pending')
      """)
    expect(unsent == 0, "\(unsent) transfers and reversals wait for ever")
    let pending = try await stall.number("SELECT COUNT(*) FROM refund WHERE state = 'pending'")
    expect(pending == 0, "\(pending) refunds wait for ever")
    let open = try await stall.number(
      "SELECT COUNT(*) FROM payment_attempt WHERE state NOT IN ('declined', 'succeeded')")
    expect(open == 0, "\(open) payments wait for ever")
  }

  private static func mayFollow(_ before: Order.State, _ after: Order.State) -> Bool {
    switch (before, after) {
    case (.placed, _): true
    case (.paid, .fulfilled), (.paid, .delivered), (.paid, .settled), (.fulfilled, .delivered), (.fulfilled, .settled),
      (.delivered, .settled):
      true
    case (.paid, .refunded), (.fulfilled, .refunded), (.delivered, .refunded), (.settled, .refunded): true
    default: before == after
    }
  }
}

@testable import Commerce
import Store
import TestKit
import Testing

/// Buyers, sellers, a bad provider and a jumpy clock, in an order that a seed decides: the same seed, the same run.
struct Workload {
  let stall: Stall
  let random: SeededEntropy
  /// The operator's.
  private let chance: SeededEntropy
  var auditor: Auditor
  var prices: [Int64]
  private let show: ID<Show>
  /// Of a channel that sells these products for a share.
  let creatorShow: ID<Show>
  private let partner: ID<Partner>
  /// Those who bid, each with a card of another kind.
  private var bidders: [Caller] = []
  private let gavel: SeededEntropy
  private let patience: SeededEntropy
  private let ribbon: SeededEntropy
  private let fondness: SeededEntropy
  /// Those who follow the channel, or do not.
  private var fans: [Caller] = []
  /// One of the first product and two of the second, below what they cost at first.
  private let bundle: ID<Offer>
  private static let bundlePrice: Int64 = 120_000
  private let promise: SeededEntropy
  /// What is on preorder now and then, of a channel of its own, and who has preordered it.
  private let later: (channel: ID<Channel>, variant: ID<Variant>)
  private var preordered: [PlacedOrder] = []
  /// Shows that were recorded, and the clips that were cut out of the first.
  let films: [ID<Show>]
  let shears: SeededEntropy
  var clips: [ID<Clip>] = []
  let tongue: SeededEntropy
  /// What people said in the creator's show.
  var said: [ID<Message>] = []
  let haste: SeededEntropy
  /// Those who claim by comments.
  var claimants: [Caller] = []
  /// Where they do: in no other show is anything said that has to be counted.
  let claimShow: ID<Show>

  init(_ engine: Engine, seed: UInt64) async throws {
    // Prices include their tax in one run, and it is added to them in the next.
    let isTaxAdded = seed % 2 == 0
    prices = [129_900, 5_050, 333]
    stall = try await Stall(
      engine, prices: prices, units: 12, seed: seed, behaviour: .awful(seed: seed), policy: Self.policy,
      paysOut: true)
    show = try await stall.liveShow()
    creatorShow = try await Self.creatorShow(of: stall)
    try await Self.weigh(stall)
    try await Self.tax(stall, isAdded: isTaxAdded)
    try await stall.run("UPDATE variant SET buyer_units_max = 25 WHERE id = \(stall.variants[1])")
    try await stall.run("UPDATE product SET order_units_max = 3 WHERE id = \(stall.products[2])")
    // Cheap things are another's: a bag may have several sellers.
    try await stall.split(off: [2])
    partner = try await Self.partner(of: stall)
    try await stall.run(
      "INSERT INTO sandbox_method (id, brand, last4, conduct, made_ms) VALUES ('pm_slow', 'Visa', '0077', 'isSlow', 0)")
    random = SeededEntropy(seed: seed &* 31)
    chance = SeededEntropy(seed: seed &* 17)
    gavel = SeededEntropy(seed: seed &* 13)
    patience = SeededEntropy(seed: seed &* 11)
    ribbon = SeededEntropy(seed: seed &* 7)
    fondness = SeededEntropy(seed: seed &* 5)
    promise = SeededEntropy(seed: seed &* 3)
    shears = SeededEntropy(seed: seed &* 41)
    tongue = SeededEntropy(seed: seed &* 43)
    haste = SeededEntropy(seed: seed &* 47)
    claimShow = try await stall.liveShow()
    films = [try await Self.film(of: stall), try await Self.film(of: stall)]
    later = try await Self.later(of: stall)
    bundle = try await Self.bundle(of: stall)
    auditor = Auditor(seed: seed, units: prices.map { _ in 12 })
    auditor.partner = partner
    auditor.isTaxAdded = isTaxAdded
    try await makeCoupons()
    try await makeBidders()
    try await makeFans()
    try await makeClaimants()
    try await stall.commerce.setPayoutDestination(
      of: .channel(stall.channel), by: stall.owner,
      BankAccount(holder: "Lamps", number: "12345678", code: "HDFC0001234"))
    // Low limits, that are met; the stall has none until the operator says so.
    _ = try await stall.commerce.putTiers(
      [
        Tier(level: 1, dailyOrdersMax: 4, deliveredMin: 0), Tier(level: 2, dailyOrdersMax: 9, deliveredMin: 2),
        Tier(level: 3, dailyOrdersMax: 20, deliveredMin: 4), Tier(level: 4, dailyOrdersMax: nil, deliveredMin: 6),
      ], by: stall.owner)
    // A fee of whatever is refunded, so that every sequence of refunds has one.
    _ = try await stall.commerce.makeCommissionPlan(
      stall.commerce.makeID(), by: stall.owner,
      CommissionPlanDraft(
        market: "IN", commissionBasisPoints: 900, startingDays: 2, startingBasisPoints: 450,
        refundFeeBasisPoints: 3_333, refundFeeMaxMinor: 2_000))
  }

  /// Parcels cost by their weight, and some are too heavy.
  private static func weigh(_ stall: Stall) async throws {
    for (variant, grams) in zip(stall.variants, Auditor.grams) {
      try await stall.run("UPDATE variant SET weight_grams = \(grams) WHERE id = \(variant)")
    }
    try await stall.run("UPDATE market SET shipping_table = '500:3900,1200:4900,2400:8800'")
  }

  /// Each product is of another class, and shipping is taxed too.
  private static func tax(_ stall: Stall, isAdded: Bool) async throws {
    try await stall.run(
      """
      UPDATE market SET tax_table = \("reduced:500\nluxury:2777"), taxes_shipping = 1, tax_is_added = \(isAdded)
      """)
    for (product, name) in zip(stall.products, ["luxury", "standard", "reduced"]) {
      try await stall.run("UPDATE product SET tax_class = \(name) WHERE id = \(product)")
    }
  }

  private static func creatorShow(of stall: Stall) async throws -> ID<Show> {
    let commerce = stall.commerce
    let (channel, show, now): (ID<Channel>, ID<Show>, Moment) = (commerce.makeID(), commerce.makeID(), stall.clock.now)
    try await stall.database.write { [owner = stall.owner.account.unsafelyUnwrapped] db in
      try Stall.insertChannel(channel, handle: "meera", owner: owner, at: now, in: db)
    }
    _ = try await commerce.makeAffiliateTerms(
      commerce.makeID(), by: stall.owner, channel: stall.channel, AffiliateTermsDraft(rateBasisPoints: 1_234))
    _ = try await commerce.scheduleShow(
      show, by: stall.owner, channel: channel,
      ShowDraft(title: "Meera's", scheduledAt: now.adding(seconds: 60), markets: ["IN"]))
    try await commerce.putRun(by: stall.owner, show: show, stall.products)
    return show
  }

  /// Who brings some of the buyers, with somebody who is none of the seller's people.
  private static func partner(of stall: Stall) async throws -> ID<Partner> {
    let (commerce, person): (Commerce, ID<Account>) = (stall.commerce, stall.commerce.makeID())
    try await stall.run("UPDATE account SET is_operator = 1")
    try await stall.database.write { [now = stall.clock.now] db in
      try Stall.insertAccount(person, "blogger@example.com", at: now, in: db)
    }
    let partner = try await commerce.makePartner(
      commerce.makeID(), by: stall.owner,
      PartnerDraft(name: "The Blog", via: "blog", sites: ["https://blog.example"], rateBasisPoints: 3_333)
    ).id
    // A clock that is set back does not put off what was agreed on.
    try await stall.run("UPDATE partner_terms SET starts_ms = 0")
    try await commerce.addPartnerMember(of: partner, by: stall.owner, email: "blogger@example.com")
    try await commerce.setPayoutDestination(
      of: .partner(partner), by: Caller(account: person),
      BankAccount(holder: "The Blog", number: "87654321", code: "HDFC0001234"))
    return partner
  }

  /// A seller's tenth, rounded half to even, and what the platform gives, of which a tenth is left to pay.
  private mutating func makeCoupons() async throws {
    let commerce = stall.commerce
    try await stall.run("UPDATE account SET is_operator = 1")
    _ = try await commerce.makeCoupon(
      commerce.makeID(), by: stall.owner, channel: stall.channel,
      CouponDraft(code: "TENTH", market: "IN", percentBasisPoints: 1_000, claimsMax: 1_000, claimsPerBuyerMax: 1_000))
    _ = try await commerce.makeCoupon(
      commerce.makeID(), by: stall.owner, channel: nil,
      CouponDraft(code: "GIFT", market: "IN", amountMinor: 3_000, minimumMinor: 500, claimsMax: 5, claimsPerBuyerMax: 5)
    )
    auditor.coupons = [
      "TENTH": { whole in
        guard whole > 0 else { return nil }
        let (tenths, rest) = whole.quotientAndRemainder(dividingBy: 10)
        return min(rest > 5 || rest == 5 && tenths % 2 == 1 ? tenths + 1 : tenths, whole * 9 / 10)
      },
      "GIFT": { whole in whole < 500 ? nil : min(3_000, whole * 9 / 10) },
    ]
  }

  /// Prices jump here, so that what was lowest says little.
  private static var policy: Policy {
    var policy = Stall.policy
    policy.dealsUndercutLowest = false
    return policy
  }

  mutating func run(steps: Int) async throws {
    for step in 0..<steps {
      auditor.step = step
      // The operator does something, and takes it back soon: little would be sold else.
      if step % 16 == 7 { try await govern() }
      if step % 16 == 11 { try await letGoOn() }
      if step % 4 == 2 { try await auction() }
      if step % 4 == 3 { try await wait() }
      if step % 4 == 1 { try await buyBundle() }
      if step % 8 == 5 { try await follow() }
      if step % 8 == 1 { try await watch(step) }
      if step % 4 == 0 { try await preorder() }
      if step % 4 == 2 { try await cut() }
      if step % 2 == 1 { try await talk() }
      if step % 4 == 1 { try await claim() }
      try await act()
      if step.isMultiple(of: 10) { try await auditor.check(stall) }
    }
    try await giveAwayAtLast()
    try await settle()
    try await auditor.check(stall)
    try await auditor.checkSettled(stall)
  }

  private mutating func act() async throws {
    switch below(100) {
    case 0..<25: try await placeOrder()
    case 25..<28: try await repeatOrder()
    case 28..<50: try await pay()
    case 50..<52: try await giveAway()
    case 52..<60: try await confirm()
    case 60..<72: try await deliverWebhooks()
    case 72..<76: try await refund()
    case 76..<79: try await ship()
    case 79..<81: try await cancelPaid()
    case 81..<83: try await cancel()
    case 83..<85: try await receive()
    case 85..<88: try await sendBack()
    case 88..<89: try await changePrice()
    case 89..<91: try await sweep()
    case 91..<94: try await arrive()
    case 94..<96: try await openDeal()
    case 96..<97: try await endDeal()
    case 97..<98: try await payOut()
    case 98..<99: try await changePartner()
    default: moveClock()
    }
  }

  private mutating func placeOrder() async throws {
    var products = Array(prices.indices)
    var lines: [(product: Int, quantity: Int64)] = []
    for _ in 0...below(2) {
      lines.append((products.remove(at: below(products.count)), Int64(below(4) + 1)))
    }
    let offers = try await stall.database.read { [stall] db in
      try Offers.lists(of: stall.variants, market: "IN", in: db)
    }
    var wanted: [Auditor.Line] = []
    var bagLines: [Bag.Line] = []
    for line in lines {
      guard let offer = offers[stall.variants[line.product]] else { throw Stall.Unexpected(what: "no offer") }
      // Some come for a deal, which may be over by now.
      let deal = below(2) == 0 ? auditor.deals.last { $0.product == line.product } : nil
      bagLines.append(Bag.Line(offer: deal?.offer ?? offer.id, quantity: line.quantity))
      wanted.append(
        Auditor.Line(
          product: line.product, quantity: line.quantity, price: deal?.price ?? prices[line.product], deal: deal?.id))
    }
    let coupon = [nil, nil, "TENTH", "GIFT"][below(4)]
    let isElsewhere = wanted.allSatisfy { $0.deal == nil && $0.product != 2 } && below(3) == 0
    let bag = Bag(show: isElsewhere ? creatorShow : nil, market: "IN", lines: bagLines, coupon: coupon)
    let id: ID<Order> = stall.commerce.makeID()
    let source = Self.sources[below(Self.sources.count)]
    do {
      auditor.placed(try await stall.place(bag, id: id, source: source), bag, wanted)
    } catch let refused as BagRefusal {
      auditor.offered = try await offered()
      let tier = try await stall.commerce.admissionStanding(of: stall.channel, by: stall.owner).tier
      auditor.refused(refused, wanted, at: stall.clock.now, tier)
    } catch let refused as CouponRefusal {
      auditor.refused(refused, coupon ?? "", wanted)
    }
  }

  /// Mostly nobody's, or the partner's by a link or a frame; and now and then one that earns nothing.
  private static let sources = [
    OrderSource.page, OrderSource(mediaTime: 5_000), OrderSource(via: "blog"),
    OrderSource(via: "blog", site: "https://blog.example", mediaTime: 5_000),
    OrderSource(via: "blog", site: "https://other.example"), OrderSource(via: "nobody"),
  ]

  private mutating func repeatOrder() async throws {
    guard let known = pick(auditor.orders.values.filter { $0.first == $0.id }.sorted { $0.id < $1.id }) else { return }
    let source = Self.sources[below(Self.sources.count)]
    let again = try await stall.place(known.bag, id: known.id, source: source)
    auditor.expect(!again.isNew && again.order.total == known.total, "the same order again")
    auditor.expect(
      again.order.source == known.source && again.order.partner == known.credited, "credited as it was")
  }

  /// Suspends the partner or takes it back, or gives it other terms.
  private mutating func changePartner() async throws {
    if below(2) == 0 {
      _ = try await stall.commerce.makePartnerTerms(
        stall.commerce.makeID(), of: partner, by: stall.owner, rateBasisPoints: Int64(below(10_001)))
    } else {
      auditor.isPartnerActive.toggle()
      _ = try await stall.commerce.setPartnerState(
        partner, by: stall.owner, auditor.isPartnerActive ? .active : .suspended, reason: "seed")
    }
  }

  private mutating func pay() async throws {
    guard let known = pick(auditor.recent) else { return }
    let methods = [
      "pm_card_visa", "pm_card_visa", "pm_card_visa_chargeDeclined", "pm_card_authenticationRequired", "pm_slow",
    ]
    // Now and then the buyer presses twice: the same key.
    if below(4) > 0 { auditor.keys += 1 }
    let key = "\(auditor.keys)"
    do {
      let outcome = try await stall.commerce.pay(
        known.id, method: methods[below(methods.count)], key: key, token: known.access)
      if case .requiresAction(let url) = outcome {
        auditor.confirmations.append(String(url.split(separator: "/").last ?? ""))
      }
    } catch let refused as PayOrderRefusal {
      auditor.expect(refused != .noProvider, "there is a provider")
    } catch BagRefusal.channelNotSelling {
      auditor.expect(auditor.isSuspended, "not selling, and not suspended")
    }
  }

  /// The operator suspends the stall, closes its market, or puts it into another tier. It does not take its chances from
  /// those of the others, who do the same with it and without.
  private mutating func govern() async throws {
    let commerce = stall.commerce
    switch chance.next() % 5 {
    case 0:
      try await commerce.admitChannel(stall.channel, by: stall.owner, as: .suspended, because: Verdict(.rules))
      auditor.isSuspended = true
      guard chance.next() % 2 == 0 else { return }
      _ = try await commerce.appeal(
        commerce.makeID(), for: stall.channel, market: nil, by: stall.owner, words: "seed")
    case 1:
      try await open(false)
    default:
      _ = try await commerce.setTier(
        of: stall.channel, by: stall.owner, level: Int64(chance.next() % 3 + 1), isHeld: chance.next() % 3 == 0,
        words: "seed")
    }
  }

  private mutating func letGoOn() async throws {
    let commerce = stall.commerce
    if let review = try await commerce.reviews(by: stall.owner).items.first {
      try await commerce.decide(review.id, by: stall.owner, granted: chance.next() % 2 == 0, Verdict(.rules))
    }
    try await commerce.admitChannel(stall.channel, by: stall.owner, as: .approved)
    auditor.isSuspended = false
    if auditor.isClosed { try await open(true) }
    _ = try await commerce.setTier(of: stall.channel, by: stall.owner, level: 4, isHeld: false, words: "seed")
  }

  private mutating func open(_ isOpen: Bool) async throws {
    var india = try await stall.commerce.market("IN")
    india.isOpen = isOpen
    try await stall.commerce.putMarket(by: stall.owner, india)
    auditor.isClosed = !isOpen
  }

  private mutating func confirm() async throws {
    guard let payment = pick(auditor.confirmations) else { return }
    auditor.confirmations.removeAll { $0 == payment }
    try await stall.sandbox.authenticate(payment, approved: below(3) > 0)
  }

  /// What can be paid out is, some of it through a file; and the bank takes it or sends it back.
  private func payOut() async throws {
    let commerce = stall.commerce
    try await changeDestination()
    if below(2) == 0 { try await commerce.preparePayouts() } else { try await commerce.preparePayouts(by: stall.owner) }
    if below(2) == 0 {
      do {
        _ = try await commerce.makePayoutFile(commerce.makeID(), by: stall.owner, currency: Stall.rupee)
      } catch is PayoutRefusal {}
    }
    for payout in try await commerce.payouts(by: stall.owner, limit: 5).items where below(2) == 0 {
      do {
        if below(3) == 0 {
          try await commerce.payoutCameBack(payout.id, by: stall.owner, reason: "seed")
        } else {
          try await commerce.payoutArrived(payout.id, by: stall.owner)
        }
      } catch is PayoutRefusal {}
    }
  }

  /// The seller is paid through the provider, or by a bank again; and the provider shuts or opens their account.
  private func changeDestination() async throws {
    let (commerce, payee) = (stall.commerce, Payee.channel(stall.channel))
    switch below(6) {
    case 0..<3:
      do {
        _ = try await commerce.connectPayee(payee, by: stall.owner, country: "IN", back: "/")
        try await commerce.refreshPayee(payee, by: stall.owner)
        // Nobody waits for it here.
        try await stall.run("UPDATE payout_destination SET usable_ms = 0")
      } catch is PayoutRefusal {}
    case 3:
      try await commerce.setPayoutDestination(
        of: payee, by: stall.owner, BankAccount(holder: "Lamps", number: "12345678", code: "HDFC0001234"))
    case 4: try await stall.run("UPDATE sandbox_payee SET is_ready = 1 - is_ready")
    default: break
    }
  }

  /// Some are lost on the way and come again.
  private func deliverWebhooks() async throws {
    struct Lost: Error {}
    try await stall.sandbox.deliverDue(atOnce: 1) { [stall, random] headers, body in
      if random.next() % 5 == 0 { throw Lost() }
      _ = try await stall.commerce.receivedWebhook("sandbox", headers: headers, body: body)
    }
  }

  private mutating func refund() async throws {
    guard let known = pick(auditor.recent) else { return }
    auditor.touched.insert(known.id)
    do {
      if below(3) == 0 {
        let line = below(known.lines.count)
        let units = Refund.Units(position: line, quantity: Int64(below(Int(known.lines[line].quantity)) + 1))
        _ = try await stall.commerce.refund(known.id, by: stall.owner, lines: [units], reason: "seed")
        return
      }
      if below(5) == 0 {
        _ = try await stall.commerce.refund(
          known.id, by: stall.owner, shippingMinor: Int64(below(4_900) + 1), reason: "seed")
        return
      }
      let amount = below(3) == 0 ? nil : Int64(below(Int(known.total.minor)) + 1)
      _ = try await stall.commerce.refund(known.id, by: stall.owner, amountMinor: amount, reason: "seed")
    } catch is RefundRefusal {
    } catch is GeneralRefusal {
    }
  }

  /// By its buyer, at once or by asking; or by its seller, all that was not sent or a part. Some answer.
  private mutating func cancelPaid() async throws {
    guard let known = pick(auditor.recent) else { return }
    auditor.touched.insert(known.id)
    let commerce = stall.commerce
    do {
      switch below(4) {
      case 0: _ = try await commerce.askToCancel(known.id, token: known.access)
      case 1:
        let lines = [Refund.Units(position: below(known.lines.count), quantity: Int64(below(3) + 1))]
        _ = try await commerce.cancelPaid(
          known.id, by: stall.owner, lines: below(2) == 0 ? nil : lines, reason: .outOfStock)
      default:
        for asked in try await commerce.cancellations(of: known.id, token: known.access) {
          if below(2) == 0 {
            _ = try await commerce.acceptCancellation(asked.id, of: known.id, by: stall.owner)
          } else {
            _ = try await commerce.refuseCancellation(asked.id, of: known.id, by: stall.owner, reason: "seed")
          }
        }
      }
    } catch is CancelOrderRefusal {
    } catch is RefundRefusal {
    } catch is GeneralRefusal {
    }
  }

  /// Asks to send something back, or takes a return that there is a step on.
  private mutating func sendBack() async throws {
    let sent = auditor.recent.filter { auditor.sent[$0.id] != nil }
    guard let known = pick(sent) else { return }
    auditor.touched.insert(known.id)
    for parcel in try await stall.commerce.shipments(of: known.id, token: known.access) {
      _ = try await stall.commerce.deliver(parcel.id, of: known.id, token: known.access)
    }
    for _ in 0..<4 { try await stepOfReturn(of: known) }
  }

  private func stepOfReturn(of known: Auditor.Known) async throws {
    let (commerce, id, owner) = (stall.commerce, known.id, stall.owner)
    do {
      let returns = try await commerce.returns(of: id, token: known.access)
      guard let goods = pick(returns.filter { $0.state.isOpen || $0.state == .refused }), below(4) > 0 else {
        let line = Return.Line(position: below(known.lines.count), quantity: Int64(below(3) + 1))
        _ = try await commerce.askReturn(
          id, token: known.access, lines: [line], reason: Return.Reason.allCases[below(5)])
        return
      }
      let receipts = goods.lines.map {
        let restocked = Int64(below(Int($0.quantity) + 1))
        return Return.Receipt(
          position: $0.position, restocked: restocked, writtenOff: Int64(below(Int($0.quantity - restocked) + 1)))
      }
      switch goods.state {
      case .requested:
        if below(3) > 0 {
          _ = try await commerce.approveReturn(goods.id, of: id, by: owner, instructions: "seed")
        } else {
          _ = try await commerce.refuseReturn(goods.id, of: id, by: owner, reason: "seed")
        }
      case .refused: _ = try await commerce.disputeReturn(goods.id, of: id, token: known.access, note: "seed")
      case .disputed:
        let decisions: [ReturnDecision] = [
          .approve(instructions: "seed"), .refuse(reason: "seed"), .refund(note: "seed"),
        ]
        _ = try await commerce.decideReturn(goods.id, by: owner, decisions[below(3)])
      default:
        if below(4) == 0 { _ = try await commerce.sendReturn(goods.id, of: id, token: known.access) }
        _ = try await commerce.receiveReturn(goods.id, of: id, by: owner, lines: receipts)
      }
    } catch is ReturnRefusal {
    }
  }

  /// All that is left, or a part of it.
  private mutating func ship() async throws {
    guard let known = pick(auditor.recent) else { return }
    let line = below(known.lines.count)
    let part = Shipment.Line(position: line, quantity: Int64(below(Int(known.lines[line].quantity) + 1)) + 1)
    do {
      let shipment = try await stall.commerce.ship(
        known.id, by: stall.owner, lines: below(2) == 0 ? nil : [part], carrier: "Post")
      for line in shipment.lines {
        auditor.sent[known.id, default: [:]][known.lines[line.position].product, default: 0] += line.quantity
      }
    } catch is FulfilOrderRefusal {
    } catch is ShipOrderRefusal {
    }
  }

  private func arrive() async throws {
    guard let known = pick(auditor.recent) else { return }
    for shipment in try await stall.commerce.shipments(of: known.id, token: known.access) {
      _ = try await stall.commerce.deliver(shipment.id, of: known.id, token: known.access)
    }
  }

  private func cancel() async throws {
    guard let known = pick(auditor.recent) else { return }
    do { _ = try await stall.commerce.cancelOrder(known.id, token: known.access) } catch is CancelOrderRefusal {}
  }

  /// Where people waited for whatever came in, there was nothing to give away: more comes in than anybody waits for.
  private mutating func giveAwayAtLast() async throws {
    for _ in 0..<6 where !auditor.prizes.contains(where: { $0.drawn != nil }) {
      for product in 0..<2 { try await receive(40, of: product) }
      try await giveAway()
      stall.clock.advance(seconds: 60)
    }
  }

  private mutating func receive() async throws {
    let (product, count) = (below(prices.count), Int64(below(10)))
    try await receive(count, of: product)
  }

  private mutating func receive(_ count: Int64, of product: Int) async throws {
    try await stall.database.write { [stall] db in
      let occasion = Occasion(at: stall.clock.now, entropy: stall.commerce.entropy, note: "delivery")
      try Stock.receive(count, of: stall.variants[product], on: occasion, in: db)
    }
    auditor.received(count, of: product)
  }

  private mutating func changePrice() async throws {
    let product = below(prices.count)
    let price = Int64(below(300_000) + 1)
    prices[product] = price
    try await stall.database.write { [stall] db in
      try Offers.openList(
        Money(minor: price, currency: Stall.rupee), compareAt: nil, of: stall.variants[product], market: "IN",
        on: Occasion(at: stall.clock.now, entropy: stall.commerce.entropy), in: db)
    }
  }

  private mutating func openDeal() async throws {
    // The show's own.
    let product = below(2)
    let units = Int64(below(8) + 1)
    let draft = DealDraft(
      product: stall.products[product], prices: ["IN": max(1, prices[product] * 3 / 4)],
      countdownSeconds: Int64(below(2) * 20), durationSeconds: Int64(60 + below(600)), unitsMax: units,
      unitsPerBuyerMax: min(units, Int64(below(6) + 1)))
    do {
      let deal = try await stall.commerce.openDeal(stall.commerce.makeID(), by: stall.owner, show: show, draft)
      let offer = try await stall.database.read { db in
        try db.requireRow("SELECT id FROM offer WHERE deal_id = \(deal.id)").get("id", as: ID<Offer>.self)
      }
      auditor.deals.append(
        Auditor.KnownDeal(
          id: deal.id, offer: offer, product: product, price: draft.prices["IN"] ?? 0, units: units,
          unitsPerBuyer: draft.unitsPerBuyerMax, starts: deal.starts, ends: deal.ends))
    } catch is DealRefusal {
    }
  }

  private mutating func endDeal() async throws {
    guard let last = auditor.deals.indices.last else { return }
    let deal = try await stall.commerce.endDeal(auditor.deals[last].id, by: stall.owner, show: show)
    auditor.deals[last].ends = deal.ends
  }

  /// Opens a giveaway of lamps, or goes on with the one there is: people come in, it is closed, drawn, and claimed.
  private mutating func giveAway() async throws {
    let commerce = stall.commerce
    // Nobody comes into the room of a channel that is suspended.
    if auditor.isSuspended { try await letGoOn() }
    guard let last = auditor.prizes.last, last.drawn == nil else {
      let product = below(2)
      let winners = Int64(below(3) + 1)
      let draft = GiveawayDraft(
        prize: "A lamp", variant: stall.variants[product], winnersMax: winners,
        entry: auditor.prizes.count % 2 == 0 ? .comment : .follow, durationSeconds: 60)
      do {
        let opened = try await commerce.openGiveaway(commerce.makeID(), by: stall.owner, show: show, draft)
        auditor.prizes.append(Auditor.KnownPrize(id: opened.id, product: product, units: winners, entry: opened.entry))
      } catch let refused as GiveawayRefusal {
        auditor.refused(refused, winners, of: product)
      }
      return
    }
    for _ in 0...below(4) {
      let person = below(6)
      guard last.entry == .comment else {
        try await enter(last.id, person)
        continue
      }
      let visitor = String(repeating: "v", count: 32) + "\(person)"
      _ = try await commerce.say(commerce.makeID(), by: .nobody, show: show, text: "me", visitor: visitor)
    }
    _ = try await commerce.endEntries(last.id, by: stall.owner, show: show)
    stall.clock.advance(seconds: 15)
    try await commerce.advanceGiveaways()
    let drawn: Giveaway
    do {
      drawn = try await commerce.drawGiveaway(last.id, by: stall.owner, show: show)
    } catch GiveawayRefusal.notClosed {
      // The clock was set back since it ended: its list is not closed yet.
      return
    }
    var claimed: Int64 = 0
    for number in 0..<6 where below(4) > 0 {
      let caller = last.entry == .comment ? Caller.nobody : fans[number]
      let visitor = try #require(Entrant(caller, visitor: String(repeating: "v", count: 32) + "\(number)"))
      let claim = PrizeClaim(name: "Asha", email: "asha@example.com", address: "Jaipur")
      do {
        _ = try await commerce.claimPrize(last.id, visitor, claim)
        claimed += 1
      } catch let refused as GiveawayRefusal {
        auditor.expect(refused == .notWinner, "\(refused)")
      }
    }
    auditor.drawn(last.id, winners: drawn.winners.count, entrants: drawn.entrants, claimed: claimed)
  }

  /// Who follows comes in, and nobody else; who is in stays in, whom they follow then.
  private mutating func enter(_ giveaway: ID<Giveaway>, _ person: Int) async throws {
    do {
      let entry = try await stall.commerce.enterByFollowing(giveaway, by: fans[person])
      auditor.expect(entry.leaf != nil, "entered, and not in")
      auditor.expect(auditor.fans.contains(person) || auditor.entered.contains(person), "in without following")
      auditor.entered.insert(person)
    } catch GiveawayRefusal.notFollowing {
      auditor.expect(!auditor.fans.contains(person), "follows, and is not let in")
    } catch GiveawayRefusal.closed {
      // The clock jumped.
    }
    if person % 3 == 0 {
      try await stall.commerce.unfollow(stall.channel, by: fans[person])
      auditor.fans.remove(person)
    }
  }

  private mutating func makeFans() async throws {
    for number in 0..<6 {
      let caller = Caller(account: stall.commerce.makeID())
      try await stall.database.write { [now = stall.clock.now, account = caller.account.unsafelyUnwrapped] db in
        try Stall.insertAccount(account, "fan\(number)@example.com", at: now, in: db)
      }
      fans.append(caller)
    }
  }

  /// Somebody follows the channel, again perhaps, or does so no longer.
  private mutating func follow() async throws {
    let person = Int(fondness.next() % 6)
    if fondness.next() % 3 == 0 {
      do {
        try await stall.commerce.unfollow(stall.channel, by: fans[person])
        auditor.fans.remove(person)
      } catch is GeneralRefusal {
        auditor.expect(auditor.isSuspended && !auditor.fans.contains(person), "not seen, and not suspended")
      }
      return
    }
    do {
      try await stall.commerce.follow(stall.channel, by: fans[person])
      auditor.fans.insert(person)
    } catch is GeneralRefusal {
      auditor.expect(auditor.isSuspended, "not seen, and not suspended")
    }
  }

  /// A step of what is watched and tapped in a show.
  private func watch(_ number: Int) async throws {
    let step = Attendance(
      peak: Int64(number % 9 + 1), watchedMilliseconds: Int64(number * 137 % 50_000),
      taps: Taps([Reaction.allCases[number / 8 % 4]: Int64(number % 30)]))
    let before = try await stall.commerce.keptNumbers(of: show).attendance
    var kept = ShowStep(step)
    kept.id = stall.commerce.makeID()
    kept.interest = [
      Interest.Place(
        minute: Int64(number % 3 - 1), product: stall.products[number % stall.products.count],
        way: ShowWay.allCases[number % 5]): Interest(taps: Int64(number), bagAdds: 1)
    ]
    // Its answer is lost, and it is sent again.
    for _ in 0...number % 2 { try await stall.commerce.keep(kept, of: show) }
    let after = try await stall.commerce.keptNumbers(of: show).attendance
    auditor.expect(
      after.peak == max(before.peak, step.peak) && after.taps.total == before.taps.total + step.taps.total
        && after.watchedMilliseconds == before.watchedMilliseconds + step.watchedMilliseconds,
      "a step was not added")
  }

  private mutating func makeBidders() async throws {
    let commerce = stall.commerce
    // One's card is declined from the second time on, another's bank always wants a word, a third's takes its time.
    for (number, conduct) in ["succeeds", "succeeds", "declines", "alwaysNeedsAuthentication", "isSlow"].enumerated() {
      let caller = Caller(account: commerce.makeID())
      let method = "pm_bidder_\(number)"
      let (card, address): (ID<SavedCard>, ID<SavedAddress>) = (commerce.makeID(), commerce.makeID())
      try await stall.database.write { [now = stall.clock.now, account = caller.account.unsafelyUnwrapped] db in
        try Stall.insertAccount(account, "bidder\(number)@example.com", at: now, in: db)
        try db.run("UPDATE account SET name = \("Bidder \(number)") WHERE id = \(account)")
        try db.run(
          """
          INSERT INTO sandbox_method (id, brand, last4, conduct, made_ms, is_kept)
          VALUES (\(method), 'Visa', '4242', \(conduct), 0, 1)
          """)
        try db.run(
          """
          INSERT INTO saved_card (id, account_id, provider, method, brand, last4, exp_month, exp_year, made_ms, used_ms)
          VALUES (\(card), \(account), 'sandbox', \(method), 'Visa', '4242', 12, 2034, \(now), \(now))
          """)
        try db.run(
          "INSERT INTO provider_customer (account_id, provider, customer) VALUES (\(account), 'sandbox', \(method))")
        try db.run(
          """
          INSERT INTO saved_address (id, account_id, name, phone, line1, line2, city, region, postal_code, country,
            made_ms, used_ms)
          VALUES (\(address), \(account), 'Bidder', '', '1 Lane', '', 'Pune', '', '411001', 'IN', \(now), \(now))
          """)
      }
      bidders.append(caller)
    }
  }

  /// Opens an auction, or bids in the one there is, or lets its time pass. It takes no chances from those of the others.
  private mutating func auction() async throws {
    let commerce = stall.commerce
    func any(_ bound: UInt64) -> Int64 { Int64(gavel.next() % bound) }
    guard let last = auditor.auctions.last, last.isOpen else {
      let product = Int(any(2))
      let draft = AuctionDraft(
        variant: stall.variants[product], market: "IN", openingMinor: any(60_000) + 1,
        incrementMinor: any(3) == 0 ? any(5_000) + 1 : nil, durationSeconds: 15 + any(60), isSuddenDeath: any(3) == 0)
      do {
        let opened = try await commerce.openAuction(commerce.makeID(), by: stall.owner, show: show, draft)
        auditor.auctions.append(
          Auditor.KnownAuction(
            id: opened.id, product: product, opening: draft.openingMinor, increment: draft.incrementMinor))
      } catch is AuctionRefusal {
      } catch is BagRefusal {
        auditor.expect(auditor.isSuspended || auditor.isClosed, "not selling, and nobody stopped it")
      }
      return
    }
    for _ in 0...any(4) {
      let bidder = Int(any(UInt64(bidders.count)))
      let maximum = max(1, last.opening + any(90_000) - 5_000)
      do {
        let placed = try await commerce.bid(last.id, by: bidders[bidder], maximumMinor: maximum)
        auditor.bid(maximum, by: bidder, placed)
      } catch let refused as AuctionRefusal {
        auditor.refused(refused, maximum, by: bidder)
      } catch is BagRefusal {
        auditor.expect(auditor.isSuspended || auditor.isClosed, "not selling, and nobody stopped it")
      } catch is GeneralRefusal {
        auditor.expect(auditor.isSuspended, "not seen, and not suspended")
      }
    }
    if any(2) == 0 { stall.clock.advance(seconds: 30) }
    try await commerce.endDueAuctions()
    try await commerce.settleAuctions()
    auditor.ended(try await stall.number("SELECT COUNT(*) FROM auction WHERE state = 'open'") == 0)
  }

  private static func bundle(of stall: Stall) async throws -> ID<Offer> {
    let made = try await stall.commerce.makeBundle(
      stall.commerce.makeID(), by: stall.owner, channel: stall.channel,
      BundleDraft(
        title: "Set",
        parts: [
          BundleDraft.Part(variant: stall.variants[0], quantity: 1),
          BundleDraft.Part(variant: stall.variants[1], quantity: 2),
        ], prices: ["IN": bundlePrice]))
    return try await stall.database.read { db in
      try #require(try Offers.list(of: made.variants[0].id, market: "IN", in: db)).id
    }
  }

  /// Now and then somebody wants it. It takes no chances from those of the others.
  private mutating func buyBundle() async throws {
    guard ribbon.next() % 2 == 0 else { return }
    let quantity = Int64(ribbon.next() % 2 + 1)
    let bag = Bag(show: nil, market: "IN", lines: [Bag.Line(offer: bundle, quantity: quantity)])
    let isBelow = Self.bundlePrice < prices[0] + 2 * prices[1]
    do {
      let placed = try await stall.place(bag)
      auditor.expect(isBelow, "sold though its parts cost no more")
      auditor.expect(placed.order.subtotal.minor == Self.bundlePrice * quantity, "the price of \(quantity) bundles")
      let lines = placed.order.lines.map { line in
        Auditor.Line(
          product: stall.variants.firstIndex(of: line.variant) ?? 0, quantity: line.quantity,
          price: line.unitPrice.minor, deal: nil)
      }
      for (product, count) in [(0, quantity), (1, 2 * quantity)] {
        let units = lines.filter { $0.product == product }.reduce(0) { $0 + $1.quantity }
        auditor.expect(units == count, "\(units) of product \(product) in \(quantity) bundles")
      }
      auditor.placed(placed, bag, lines)
    } catch BagRefusal.offerClosed {
      auditor.expect(!isBelow, "not sold, and its parts cost more")
    } catch let refused as BagRefusal {
      auditor.offered = try await offered()
      let tier = try await stall.commerce.admissionStanding(of: stall.channel, by: stall.owner).tier
      let wanted = [
        Auditor.Line(product: 0, quantity: quantity, price: 1, deal: nil),
        Auditor.Line(product: 1, quantity: 2 * quantity, price: 1, deal: nil),
      ]
      auditor.refused(refused, wanted, at: stall.clock.now, tier)
    }
  }

  /// A lamp of another channel, whose price has odd parts.
  private static func later(of stall: Stall) async throws -> (channel: ID<Channel>, variant: ID<Variant>) {
    let commerce = stall.commerce
    let (channel, product, variant): (ID<Channel>, ID<Product>, ID<Variant>) = (
      commerce.makeID(), commerce.makeID(), commerce.makeID()
    )
    try await stall.database.write { [owner = stall.owner.account.unsafelyUnwrapped, now = stall.clock.now] db in
      try Stall.insertChannel(channel, handle: "later", owner: owner, at: now, in: db)
      try db.run(
        """
        INSERT INTO product (id, channel_id, title, description, options, import_handle, made_hash, created_ms)
        VALUES (\(product), \(channel), 'Later', '', '[]', '', \([UInt8]()), \(now))
        """)
      try db.run(
        """
        INSERT INTO variant (id, product_id, position, sku, title, options, weight_grams, buyer_units_max, created_ms)
        VALUES (\(variant), \(product), 0, 'LATER', '', '[]', 90, 40, \(now))
        """)
      let occasion = Occasion(at: now, entropy: commerce.entropy)
      try Stock.receive(0, of: variant, on: occasion, in: db)
      try Offers.openList(
        Money(minor: 9_973, currency: Stall.rupee), compareAt: nil, of: variant, market: "IN", on: occasion, in: db)
    }
    return (channel, variant)
  }

  private static let preorderRefusals: Set = [
    "sold_out", "preorder_closed", "preorder_too_few_units", "preorder_nobody_waits", "preorder_goes_with_balance",
    "preorder_over", "preorder_stopped", "preorder_cancel_instead", "market_closed", "buyer_limit", "order_over",
    "order_not_paid", "order_sent", "order_expired", "order_cancelled", "order_paid", "payment_under_way",
    "cancellation_asked", "order_deposit", "order_not_to_send", "order_refunded", "refund_too_large", "nothing_to_send",
    "refund_too_many_units", "channel_not_selling", "too_many_payments", "invalid", "not_found",
  ]

  /// Somebody preorders, pays a part, or cancels; the seller gives out what came in, sends it, moves the date, stops it or calls it
  /// off. It takes no chances from those of the others.
  private mutating func preorder() async throws {
    for _ in 0..<4 {
      do { try await takePreorderStep() } catch let refused as any Refusal {
        auditor.expect(Self.preorderRefusals.contains(refused.code), "refused as \(refused)")
      }
    }
  }

  private mutating func takePreorderStep() async throws {
    let (commerce, owner, random) = (stall.commerce, stall.owner, promise)
    func any(_ bound: UInt64) -> Int64 { Int64(random.next() % bound) }
    let now = stall.clock.now
    let all = try await commerce.preorders(of: later.channel, by: owner).items
    guard let preorder = all.first(where: \.state.isOn) else {
      preordered = preordered.suffix(8)
      _ = try await commerce.openPreorder(
        commerce.makeID(), of: later.variant, in: later.channel,
        PreorderDraft(
          depositPercent: [1, 33, 50, 100][Int(any(4))], unitsMax: 9, shipsBy: now.adding(seconds: 5_000_000),
          until: now.adding(seconds: 4_000_000), payDays: 3), by: owner)
      return
    }
    let placed = preordered.isEmpty ? nil : preordered[Int(any(UInt64(preordered.count)))]
    let balance =
      if let placed { try await commerce.place(of: placed.order.id, token: placed.access)?.balanceOrder } else {
        ID<Order>?.none
      }
    switch any(24) {
    case 0..<7:
      let offer = try await stall.database.read { [later] db in
        try #require(try Offers.list(of: later.variant, market: "IN", in: db)).id
      }
      let bag = Bag(show: nil, market: "IN", lines: [Bag.Line(offer: offer, quantity: any(3) + 1)])
      let quote = try await commerce.quote(bag)
      let new = try await stall.place(bag)
      auditor.expect(new.order.total == quote.total, "what was said is what is asked for")
      preordered.append(new)
      _ = try await stall.pay(new)
    case 7..<10:
      guard let placed else { return }
      _ = try await commerce.pay(
        placed.order.id, method: "pm_card_visa", key: "k\(any(3))", token: placed.access)
    case 10..<14:
      guard let placed, let balance else { return }
      _ = try await commerce.pay(balance, method: "pm_card_visa", key: "k\(any(3))", token: placed.access)
    case 14..<17:
      let count = any(4) + 1
      try await commerce.receiveStock(by: owner, variant: later.variant, count: count, note: "delivery")
      _ = try await commerce.readyPreorder(preorder.id, units: any(3) + 1, by: owner)
    case 17:
      guard let placed else { return }
      _ = try await commerce.askToCancel(placed.order.id, token: placed.access)
    case 18:
      guard let placed, let balance else { return }
      _ =
        try await any(2) == 0
        ? commerce.cancelOrder(balance, token: placed.access).id
        : commerce.askToCancel(balance, token: placed.access).order
    case 19:
      guard let placed else { return }
      let order = balance ?? placed.order.id
      let parcel = try await commerce.ship(order, by: owner)
      _ = try await commerce.deliver(parcel.id, of: order, token: placed.access)
    case 20:
      guard let balance else { return }
      _ =
        try await any(2) == 0
        ? commerce.refund(balance, by: owner, lines: [Refund.Units(position: 0, quantity: 1)], reason: "x").id
        : commerce.refund(balance, by: owner, amountMinor: any(500) + 1, reason: "x").id
    case 21:
      guard let placed else { return }
      _ = try await commerce.refund(placed.order.id, by: owner, amountMinor: any(50) + 1, reason: "x")
    case 22:
      _ = try await commerce.changePreorder(
        preorder.id, PreorderChange(unitsMax: any(5) + 6, shipsBy: now.adding(seconds: 5_000_000 + any(99))), by: owner)
    default:
      switch any(4) {
      case 0: _ = try await commerce.callOffPreorder(preorder.id, by: owner)
      case 1: _ = try await commerce.stopPreorder(preorder.id, by: owner)
      default: stall.clock.advance(days: any(2))
      }
    }
  }

  /// By product: units that are held for who waited, or claimed them.
  func offered() async throws -> [Int64] {
    var units: [Int64] = []
    for variant in stall.variants {
      units.append(try await Auditor.claimed(variant, stall) + Auditor.offered(variant, stall))
    }
    return units
  }

  /// Guests ask to be told of what is sold out, confirm or do not, take what is held for them, or leave. It takes no
  /// chances from those of the others.
  private mutating func wait() async throws {
    let commerce = stall.commerce
    func any(_ bound: UInt64) -> Int64 { Int64(patience.next() % bound) }
    let product = Int(any(2))
    if any(2) == 0 {
      do {
        _ = try await commerce.joinWaitlist(
          commerce.makeID(), of: stall.variants[product], by: .nobody, market: "IN",
          email: "guest\(any(6))@example.com", language: "en")
      } catch let refused as WaitlistRefusal {
        guard refused == .available else { return auditor.expect(false, "refused as \(refused)") }
        auditor.expect(try await stall.stock(product).available > 0, "not sold out, and nothing is left")
      } catch is BagRefusal {
        auditor.expect(auditor.isSuspended || auditor.isClosed, "not selling, and nobody stopped it")
      } catch is GeneralRefusal {
        auditor.expect(auditor.isSuspended, "not seen, and not suspended")
      }
    }
    let open = try await stall.database.read { db in
      try Wish.all("wish.state IN ('unconfirmed', 'waiting', 'offered') ORDER BY wish.id", in: db)
    }
    guard !open.isEmpty else { return }
    let wish = open[Int(any(UInt64(open.count)))]
    let token = Secret(prefix: "haat_mail_", entropy: patience.entropy)
    try await stall.database.write { [now = stall.clock.now] db in
      try HeldTokens.ofWish(wish.id).add(token, at: now, max: 32, in: db)
    }
    switch (wish.state, any(6)) {
    case (_, 0): try await commerce.leaveWaitlist(wish.id, token: token)
    case (.unconfirmed, _): try await commerce.confirmWish(wish.id, token: token)
    case (.offered, _):
      let index = stall.variants.firstIndex(of: wish.variant) ?? 0
      guard
        let offer = try await stall.database.read({ db in try Offers.list(of: wish.variant, market: "IN", in: db) })
      else { throw Stall.Unexpected(what: "no offer") }
      let bag = Bag(show: nil, market: "IN", lines: [Bag.Line(offer: offer.id, quantity: 1)])
      do {
        let placed = try await commerce.orderOffered(
          wish.id, as: nil, offer: offer.id, buyer: Stall.buyer(), by: .nobody, token: token, language: "en")
        auditor.placed(
          placed, bag, [Auditor.Line(product: index, quantity: 1, price: prices[index], deal: nil)])
      } catch let refused as WaitlistRefusal {
        auditor.expect(refused == .offerOver, "refused as \(refused)")
      } catch let refused as BagRefusal {
        auditor.expect(refused.code != "sold_out", "sold out, and held for them")
      }
    default: break
    }
  }

  private func sweep() async throws {
    try await stall.commerce.advanceClaims()
    try await stall.commerce.advanceWaitlists()
    try await stall.commerce.advancePreorders()
    try await stall.commerce.advanceGiveaways()
    try await stall.commerce.expirePrizes()
    try await stall.commerce.endDueDeals()
    try await stall.commerce.endDueAuctions()
    try await stall.commerce.expireOrders()
    try await stall.commerce.reconcilePayments()
    try await stall.commerce.settleAuctions()
    try await stall.commerce.settleOrders()
    try await stall.commerce.sendPayouts()
    try await stall.commerce.advanceRequests()
  }

  /// Mostly a little forward; now and then far, or back.
  private func moveClock() {
    switch below(10) {
    case 0: stall.clock.advance(seconds: -Int64(below(30)))
    case 1: stall.clock.advance(seconds: 601)
    default: stall.clock.advance(milliseconds: Int64(below(60_000)))
    }
  }

  /// The provider comes to its senses, every webhook arrives, and all time limits pass.
  private func settle() async throws {
    let sandbox = SandboxProvider(
      database: stall.database, clock: stall.clock.wallClock, entropy: stall.commerce.entropy, secret: "whsec_test")
    let commerce = Commerce(
      database: stall.database, clock: stall.clock.wallClock, entropy: stall.commerce.entropy,
      providers: PaymentProviders([sandbox], paysOut: true))
    // A winner and two runners-up wait for one another.
    for _ in 0..<6 {
      stall.clock.advance(days: 2)
      while try await sandbox.deliverDue(
        atOnce: 1,
        { headers, body in
          _ = try await commerce.receivedWebhook("sandbox", headers: headers, body: body)
        }) > 0
      {}
      while try await commerce.reconcilePayments() > 0 {}
      while try await commerce.expireOrders() > 0 {}
      try await endReturns()
      for preorder in try await commerce.preorders(of: later.channel, by: stall.owner).items where preorder.state.isOn {
        _ = try await commerce.callOffPreorder(preorder.id, by: stall.owner)
      }
      while try await commerce.advancePreorders() > 0 {}
      try await commerce.advanceRequests()
      while try await commerce.reconcilePayments() > 0 {}
      while try await commerce.settleOrders() > 0 {}
      while try await commerce.sendPayouts() > 0 {}
      while try await commerce.expirePrizes() > 0 {}
      try await commerce.endDueAuctions()
      while try await commerce.settleAuctions() > 0 {}
      while try await commerce.advanceWaitlists() > 0 {}
    }
  }

  /// Nobody wants to send anything back any more; what is on its way comes.
  private func endReturns() async throws {
    for known in auditor.orders.values.filter({ auditor.touched.contains($0.id) }).sorted(by: { $0.id < $1.id }) {
      for goods in try await stall.commerce.returns(of: known.id, token: known.access) where goods.state.isOpen {
        guard goods.state == .sent else {
          _ = try await stall.commerce.withdrawReturn(goods.id, of: known.id, token: known.access)
          continue
        }
        let receipts = goods.lines.map {
          Return.Receipt(position: $0.position, restocked: $0.quantity, writtenOff: 0)
        }
        _ = try await stall.commerce.receiveReturn(goods.id, of: known.id, by: stall.owner, lines: receipts)
      }
    }
  }

  private func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

  private func pick<Item>(_ items: [Item]) -> Item? { items.isEmpty ? nil : items[below(items.count)] }
}

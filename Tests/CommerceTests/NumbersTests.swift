import Store
import TestKit
import Testing

@testable import Commerce

/// A show's numbers: what is kept of a crowd, and the report, which agrees with the orders to the minor unit.
@Suite struct NumbersTests {
  // MARK: What is kept

  @Test(arguments: Engine.allCases)
  func `a step is kept once, however often its answer is lost, and sums go on in the next`(engine: Engine) async throws
  {
    let stall = try await Stall(engine, prices: [129_900, 45_000])
    let show = try await stall.liveShow()
    let place = Interest.Place(minute: 0, product: stall.products[0], way: .page)
    func step(_ peak: Int64, _ minutes: [Int64: Int64]) -> ShowStep {
      var step = ShowStep(Attendance(peak: peak, watchedMilliseconds: 1_000, taps: Taps([.heart: 2])))
      step.id = stall.commerce.makeID()
      step.minutes = minutes
      step.interest = [place: Interest(taps: 3, bagAdds: 1)]
      return step
    }
    let first = step(5, [0: 5])
    for _ in 0..<3 { try await stall.commerce.keep(first, of: show) }
    try await stall.commerce.keep(step(4, [0: 3, 1: 4]), of: show)
    let report = try await stall.commerce.report(of: show, by: stall.owner)
    #expect(report.attendance == Attendance(peak: 5, watchedMilliseconds: 2_000, taps: Taps([.heart: 4])))
    #expect(report.interest == Interest(taps: 6, bagAdds: 2))
    #expect(report.steps.map(\.viewers) == [5, 4] && report.steps.map(\.minute) == [0, 1])
    #expect(report.products.map(\.interest.taps) == [6] && report.sources.map(\.way) == [.page])
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `each viewer counts once, across restarts, and is told apart no longer than the show lasts`(engine: Engine)
    async throws
  {
    let stall = try await Stall(engine)
    let commerce = stall.commerce
    let show = try await stall.liveShow()
    var reach = try #require(try await commerce.keptNumbers(of: show).reach)
    for viewer in 0..<300 { _ = reach.add("browser \(viewer % 150)") }
    var step = ShowStep()
    step.reach = reach
    try await commerce.keep(step, of: show)
    // Another process goes on.
    var later = try #require(try await commerce.keptNumbers(of: show).reach)
    #expect(later.count == 150)
    let areNew = [later.add("browser 149"), later.add("browser 150")]
    #expect(areNew == [false, true])
    step.reach = later
    try await commerce.keep(step, of: show)
    #expect(try await commerce.report(of: show, by: stall.owner).viewers == 151)
    _ = try await commerce.endShow(by: stall.owner, show: show)
    #expect(try await stall.number("SELECT COUNT(*) FROM show_reach WHERE sketch IS NOT NULL") == 0)
    // The room's last step comes after the end.
    try await commerce.keep(step, of: show)
    #expect(try await stall.number("SELECT COUNT(*) FROM show_reach WHERE sketch IS NOT NULL") == 0)
    #expect(try await commerce.keptNumbers(of: show).reach == nil)
    #expect(try await commerce.report(of: show, by: stall.owner).viewers == 151)
    #expect(try await commerce.audit().differences == [])
  }

  @Test func `a sketch is exact for up to 2,048 viewers and right to 2 % beyond, in 16 KB`() throws {
    var sketch = ViewerSketch(SeededEntropy(seed: 7).entropy)
    var checked = 0
    for viewer in 1...60_000 {
      _ = sketch.add("account \(viewer)")
      if viewer <= 2_048 {
        guard viewer.isMultiple(of: 97) || viewer == 2_048 else { continue }
        #expect(sketch.count == viewer)
      } else if viewer.isMultiple(of: 3_999) || viewer == 2_049 {
        #expect(abs(Double(sketch.count) / Double(viewer) - 1) < 0.02, "\(sketch.count) of \(viewer)")
      } else {
        continue
      }
      let again = try #require(ViewerSketch(bytes: sketch.bytes))
      #expect(again == sketch && again.count == sketch.count && sketch.bytes.count <= 16_401)
      checked += 1
    }
    #expect(checked > 30)
    let areNew = (1...1_000).map { sketch.add("account \($0)") }
    #expect(!areNew.contains(true), "known already")
    for bytes in [[], [0], [1], [9] + [UInt8](repeating: 0, count: 16), Array(sketch.bytes.dropLast())] as [[UInt8]] {
      #expect(ViewerSketch(bytes: bytes) == nil)
    }
    #expect(ViewerSketch(bytes: sketch.bytes.dropLast() + [64]) == nil)
  }

  // MARK: What was sold

  @Test(arguments: Engine.allCases)
  func `what a report says was sold is what the orders come to, by minute, product and source`(engine: Engine)
    async throws
  {
    let stall = try await Stall(engine, prices: [100_000, 25_000, 333], units: 50)
    let commerce = stall.commerce
    let bundle = try await BundleTests.Shop.make(stall, price: 120_000)
    let show = try await stall.liveShow()
    let set = try #require(
      try await stall.database.read { db in try Offers.list(of: bundle.variants[0].id, market: "IN", in: db) }
    ).id
    _ = try await commerce.makeCoupon(
      commerce.makeID(), by: stall.owner, channel: stall.channel,
      CouponDraft(code: "GLOW", market: "IN", percentBasisPoints: 1_500, claimsMax: 50))
    func bag(_ lines: [(ID<Offer>, Int64)], coupon: String? = nil) -> Bag {
      Bag(
        show: show, market: "IN", lines: lines.map { Bag.Line(offer: $0.0, quantity: $0.1) }, coupon: coupon)
    }
    var sold: [PlacedOrder] = []
    sold.append(try await stall.sell(bag([(stall.offers[0], 2), (stall.offers[2], 1)], coupon: "GLOW")))
    stall.clock.advance(seconds: 70)
    sold.append(try await stall.sell(bag([(set, 2)]), source: OrderSource(via: "blog")))
    sold.append(try await stall.sell(bag([(stall.offers[1], 1)]), source: OrderSource(site: "https://blog.example")))
    // One that waits, one that is given up, and one of no show.
    _ = try await stall.place(bag([(stall.offers[1], 1)]))
    _ = try await commerce.cancelOrder(stall.place(bag([(stall.offers[1], 1)])).order.id, by: stall.owner)
    _ = try await stall.sell()
    stall.clock.advance(seconds: 3_600)
    _ = try await commerce.endShow(by: stall.owner, show: show)
    stall.clock.advance(seconds: 60)
    sold.append(try await stall.sell(bag([(stall.offers[0], 1)]), source: OrderSource(mediaTime: 5_000)))
    // One that is cancelled whole, and some that goes back for other reasons.
    _ = try await commerce.cancelPaid(
      sold[2].order.id, by: stall.owner, reason: .outOfStock)
    _ = try await commerce.refund(
      sold[1].order.id, by: stall.owner, lines: [Refund.Units(position: 0, quantity: 1)], reason: "broken")
    _ = try await commerce.refund(sold[0].order.id, by: stall.owner, amountMinor: 1_234, reason: "late")

    let report = try await commerce.report(of: show, by: stall.owner)
    var orders: [Order] = []
    for placed in sold { orders.append(try await stall.order(placed)) }
    let gross = orders.reduce(0) { $0 + $1.total.minor }
    let back = orders.reduce(0) { $0 + $1.refunded.minor }
    let takings = try #require(report.takings.first)
    #expect(report.takings.count == 1 && takings.grossMinor == gross && report.orders == 4)
    #expect(takings.cancelledMinor == orders[2].total.minor)
    #expect(takings.cancelledMinor + takings.refundedMinor == back && takings.net.minor == gross - back)
    #expect(report.waiting == 1 && report.lapsed == 1)
    #expect(report.shipping.map(\.grossMinor) == [orders.reduce(0) { $0 + $1.shippingPaid.minor }])
    // Each way of adding up comes to the same.
    let products = report.products.flatMap(\.takings)
    #expect(products.reduce(0) { $0 + $1.grossMinor } + report.shipping[0].grossMinor == gross)
    #expect(report.sources.flatMap(\.takings).reduce(0) { $0 + $1.grossMinor } == gross)
    #expect(report.sources.flatMap(\.takings).reduce(0) { $0 + $1.cancelledMinor + $1.refundedMinor } == back)
    #expect(report.sources.map(\.way) == [.page, .embed, .partner, .replay])
    #expect(report.steps.flatMap(\.gross).reduce(0) { $0 + $1.minor } == gross)
    #expect(report.steps.map(\.minute) == [0, 1, nil] && report.steps.map(\.orders) == [1, 2, 1])
    let parts = report.steps.flatMap(\.products).flatMap(\.gross).reduce(0) { $0 + $1.minor }
    #expect(parts + report.steps.flatMap(\.shipping).reduce(0) { $0 + $1.minor } == gross)
    // What was bought is the bundle, and as many of it as were.
    let sets = try #require(report.products.first { $0.product == bundle.id })
    #expect(sets.orders == 1 && sets.units == 2 && sets.takings[0].grossMinor == 240_000)
    #expect(sets.takings[0].refundedMinor > 0)
    let lamps = try #require(report.products.first { $0.product == stall.products[0] })
    #expect(lamps.orders == 2 && lamps.units == 3)
    #expect(report.buyers == 1 && report.buyersOnAir == 1, "all of them gave the same details")
    #expect(try await commerce.audit().differences == [])
    let sales = try await commerce.sales(of: show, by: stall.owner)
    #expect(sales.orders == 4 && sales.totals.map(\.minor) == [gross])
  }

  @Test(arguments: Engine.allCases)
  func `who bought counts once, and conversion is of those who watched`(engine: Engine) async throws {
    let stall = try await Stall(engine, units: 50)
    let commerce = stall.commerce
    let show = try await stall.liveShow()
    let account: ID<Account> = commerce.makeID()
    try await stall.database.write { db in
      try Stall.insertAccount(account, "asha@example.com", at: stall.clock.now, in: db)
    }
    #expect(try await commerce.report(of: show, by: stall.owner).conversionBasisPoints == nil)
    func buy(_ buyer: Buyer) async throws {
      let placed = try await commerce.placeOrder(commerce.makeID(), stall.bag(show: show), buyer: buyer, language: "en")
      #expect(try await stall.pay(placed) == .paid)
    }
    for buyer in [
      Stall.buyer("Ravi"), Stall.buyer("Ravi"), Stall.buyer("Mina"), Stall.buyer("Asha", account: account),
      Stall.buyer("Asha R", account: account),
    ] { try await buy(buyer) }
    var step = ShowStep(Attendance(peak: 8, watchedMilliseconds: 1))
    var reach = ViewerSketch(SeededEntropy(seed: 1).entropy)
    for viewer in 0..<24 { _ = reach.add("\(viewer)") }
    step.reach = reach
    try await commerce.keep(step, of: show)
    let report = try await commerce.report(of: show, by: stall.owner)
    #expect(report.orders == 5 && report.buyers == 3 && report.buyersOnAir == 3 && report.viewers == 24)
    #expect(report.conversionBasisPoints == 1_250)
    _ = try await commerce.endShow(by: stall.owner, show: show)
    stall.clock.advance(seconds: 5)
    try await buy(Stall.buyer("Later"))
    let after = try await commerce.report(of: show, by: stall.owner)
    #expect(after.buyers == 4 && after.buyersOnAir == 3 && after.conversionBasisPoints == 1_250)
  }

  @Test(arguments: Engine.allCases)
  func `moderators and strangers read no report, and hosts and those who send orders do`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let commerce = stall.commerce
    let show = try await stall.liveShow()
    func code(_ role: String?) async throws -> [String?] {
      let account: ID<Account> = commerce.makeID()
      try await stall.database.write { db in
        try Stall.insertAccount(account, "\(role ?? "nobody")@example.com", at: stall.clock.now, in: db)
        guard let role else { return }
        try db.run(
          """
          INSERT INTO member (channel_id, account_id, role, created_ms)
          VALUES (\(stall.channel), \(account), \(role), \(stall.clock.now))
          """)
      }
      let caller = Caller(account: account)
      return [
        try await refusal { try await commerce.report(of: show, by: caller) },
        try await refusal { try await commerce.sales(of: show, by: caller) },
        try await refusal { try await commerce.salesSources(of: show, by: caller) },
      ]
    }
    #expect(try await code("moderator") == ["not_allowed", "not_allowed", "not_allowed"])
    #expect(try await code(nil) == ["not_found", "not_found", "not_found"])
    #expect(try await code("host") == [nil, nil, nil])
    #expect(try await code("fulfilment") == [nil, nil, nil])
    #expect(try await refusal { try await commerce.report(of: show, by: .nobody) } == "sign_in_needed")
    #expect(try await refusal { try await commerce.report(of: commerce.makeID(), by: stall.owner) } == "not_found")
  }

  // MARK: The show's time

  @Test(arguments: Engine.allCases)
  func `what was on screen is marked from and until when, and messages are counted in their minutes`(engine: Engine)
    async throws
  {
    let stall = try await Stall(engine, prices: [129_900, 45_000])
    let commerce = stall.commerce
    let show = try await stall.liveShow()
    func number() async throws { while try await !commerce.numberTimeline(show).isEmpty {} }
    stall.clock.advance(seconds: 10)
    try await commerce.pin(by: stall.owner, show: show, product: stall.products[0])
    stall.clock.advance(seconds: 60)
    try await commerce.pin(by: stall.owner, show: show, product: stall.products[1])
    let poll = try await commerce.openPoll(
      commerce.makeID(), by: stall.owner, show: show,
      PollDraft(question: "Red or blue?", answers: ["Red", "Blue"], durationSeconds: 600), mediaTime: nil)
    let said = try await commerce.say(
      commerce.makeID(), by: .nobody, show: show, name: "Ravi", text: "Red!", mediaTime: nil)
    _ = try await commerce.say(commerce.makeID(), by: stall.owner, show: show, text: "Hello", mediaTime: nil)
    try await number()
    var marks = try await commerce.report(of: show, by: stall.owner).marks
    #expect(marks.map(\.kind) == [.pin, .pin, .poll] && marks.map { $0.from / 1000 } == [10, 70, 70])
    #expect(
      marks.map { $0.until.map { $0 / 1000 } } == [70, nil, nil] && marks[2].title == "Red or blue?"
        && marks[0].title == "Lamp")
    stall.clock.advance(seconds: 20)
    try await commerce.removePoll(poll.id, by: stall.owner, show: show)
    try await commerce.removeMessage(by: stall.owner, show: show, message: said.id)
    stall.clock.advance(seconds: 30)
    _ = try await commerce.endShow(by: stall.owner, show: show)
    try await number()
    let report = try await commerce.report(of: show, by: stall.owner)
    marks = report.marks
    #expect(marks.map { $0.until.map { $0 / 1000 } } == [70, 120, 90] && marks[2].title.isEmpty, "\(marks)")
    #expect(report.messages == 1 && report.steps.map(\.minute) == [1] && report.steps[0].messages == 1)
    #expect(report.airMilliseconds / 1000 == 120)
  }

  @Test(arguments: Engine.allCases)
  func `a show of days has steps of several minutes, and no more than a day has minutes`(engine: Engine) async throws {
    let stall = try await Stall(engine, units: 50)
    let show = try await stall.liveShow()
    var step = ShowStep(Attendance(peak: 9, watchedMilliseconds: 1))
    for minute in 0..<4_320 { step.minutes[Int64(minute)] = Int64(minute % 9 + 1) }
    try await stall.commerce.keep(step, of: show)
    stall.clock.advance(days: 3)
    _ = try await stall.sell(stall.bag(show: show))
    let report = try await stall.commerce.report(of: show, by: stall.owner)
    #expect(report.stepMinutes == 4 && report.steps.count <= 1_440)
    #expect(report.steps.last?.minute == 4_320 && report.steps.last?.orders == 1)
    #expect(report.steps.allSatisfy { ($0.minute ?? 0) % 4 == 0 })
    #expect(report.steps.map(\.viewers).max() == 9)
  }

  // MARK: Files and books

  @Test(arguments: Engine.allCases)
  func `both files add up to what was sold, and compute nothing in a spreadsheet`(engine: Engine) async throws {
    let stall = try await Stall(engine, prices: [100_050, 25_000])
    let show = try await stall.liveShow()
    try await stall.run("UPDATE product SET title = '=HYPERLINK(\"x\")' WHERE id = \(stall.products[0])")
    let sold = try await stall.sell(
      Bag(
        show: show, market: "IN",
        lines: [.init(offer: stall.offers[0], quantity: 1), .init(offer: stall.offers[1], quantity: 2)]))
    var step = ShowStep()
    step.interest = [
      Interest.Place(minute: 0, product: stall.products[0], way: .clip): Interest(taps: 2, bagAdds: 1),
      Interest.Place(minute: -1, product: stall.products[1], way: .page): Interest(taps: 4, bagAdds: 0),
    ]
    try await stall.commerce.keep(step, of: show)
    let report = try await stall.commerce.report(of: show, by: stall.owner)
    let minutes = String(decoding: report.file(.minutes), as: UTF8.self).split(separator: "\n").map(String.init)
    #expect(minutes[0].hasPrefix("kind,minute,at,viewers,messages,product_id,product,taps"))
    #expect(minutes.contains { $0.contains("'=HYPERLINK") } && !minutes.contains { $0.contains(",\"=") })
    let money = minutes.dropFirst().compactMap {
      Double($0.split(separator: ",", omittingEmptySubsequences: false).last ?? "")
    }.reduce(0, +)
    #expect(Int64((money * 100).rounded()) == sold.order.total.minor)
    #expect(minutes.count { $0.hasPrefix("minute,") } == 2 && minutes.count { $0.hasPrefix("product,") } == 3)
    #expect(minutes.contains { $0.hasPrefix("product,,,,,\(stall.products[1]),Lamp,4,0,0,0,,") })
    let totals = String(decoding: report.file(.totals), as: UTF8.self).split(separator: "\n").map(String.init)
    #expect(
      totals.contains("total,,,,6,1,1,,INR,\(sold.order.total.plainNumber),0.00,0.00,\(sold.order.total.plainNumber)"))
    #expect(totals.contains { $0.hasPrefix("source,clip,,,2,1,0,,") } && totals.contains("viewers,,,0,,,,,,,,,"))
  }

  @Test(arguments: Engine.allCases)
  func `an audit finds what a room cannot have seen`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let show = try await stall.liveShow()
    _ = try await stall.sell(stall.bag(show: show))
    var step = ShowStep(Attendance(peak: 2, watchedMilliseconds: 9))
    step.minutes = [0: 2]
    step.reach = ViewerSketch(SeededEntropy(seed: 1).entropy)
    try await stall.commerce.keep(step, of: show)
    #expect(try await stall.commerce.audit().differences == [])
    try await stall.run("UPDATE show_minute SET viewers = 3")
    try await stall.run("UPDATE show SET state = 'ended', ended_ms = started_ms")
    // As if somebody's lines did not come to their order.
    try await stall.run("UPDATE order_line SET discount_minor = 1")
    let found = try await stall.commerce.audit().differences.joined(separator: "\n")
    #expect(found.contains("more viewers in minute 0") && found.contains("still told apart"), "\(found)")
    #expect(found.contains("its report says"), "\(found)")
  }
}

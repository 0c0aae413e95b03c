import Store
import TestKit
import Testing

@testable import Commerce

/// What is kept of those who watch, and what they are told of those who buy.
@Suite struct AudienceTests {
  @Test(arguments: Engine.allCases)
  func `steps of one show add up, its peak is the highest, and only its channel sees them`(engine: Engine) async throws
  {
    let stall = try await Stall(engine)
    let (show, other) = (try await stall.liveShow(), try await stall.liveShow())
    let commerce = stall.commerce
    #expect(try await commerce.attendance(of: show, by: stall.owner) == Attendance())
    try await withThrowingTaskGroup(of: Void.self) { group in
      for peak: Int64 in 1...10 {
        group.addTask {
          let taps = Taps([.heart: peak, .fire: peak.isMultiple(of: 2) ? 1 : 0])
          try await commerce.keep(
            ShowStep(Attendance(peak: peak, watchedMilliseconds: peak * 1000, taps: taps)), of: show)
        }
      }
      try await group.waitForAll()
    }
    try await commerce.keep(ShowStep(Attendance(peak: 3, watchedMilliseconds: -1)), of: show)
    let kept = try await commerce.attendance(of: show, by: stall.owner)
    #expect(kept == Attendance(peak: 10, watchedMilliseconds: 55_000, taps: Taps([.heart: 55, .fire: 5])))
    #expect(try await commerce.keptNumbers(of: show).attendance == kept)
    #expect(try await commerce.keptNumbers(of: other).attendance == Attendance())
    #expect(try await refusal { try await commerce.attendance(of: show, by: .nobody) } == "sign_in_needed")
    let stranger = try await person("stranger", at: stall)
    #expect(try await refusal { try await commerce.attendance(of: show, by: stranger) } == "not_found")
    #expect(try await refusal { try await commerce.keep(ShowStep(Attendance()), of: commerce.makeID()) } == "not_found")
    #expect(try await commerce.isMember(stall.owner, ofChannelOf: show))
    #expect(try await !commerce.isMember(stranger, ofChannelOf: show))
    #expect(try await commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `an audit finds what nobody can have watched`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let show = try await stall.liveShow()
    try await stall.commerce.keep(
      ShowStep(Attendance(peak: 2, watchedMilliseconds: 9, taps: Taps([.star: 1]))), of: show)
    #expect(try await stall.commerce.audit().differences == [])
    try await stall.run("UPDATE show_attendance SET peak = 0")
    try await stall.run("UPDATE show SET started_ms = NULL")
    let found = try await stall.commerce.audit().differences.joined(separator: "\n")
    #expect(found.contains("by nobody at once") && found.contains("never on air"), "\(found)")
  }

  @Test(arguments: Engine.allCases)
  func `of a purchase others are told the product, and a name only when the buyer's account allows it`(engine: Engine)
    async throws
  {
    let stall = try await Stall(engine)
    let show = try await stall.liveShow()
    let asha = try await person("asha", named: " Asha  Rao", at: stall)
    #expect(try await stall.commerce.shownBuyer(by: asha) == .someone)
    func told(_ shown: ShownBuyer?) async throws -> [ToldPurchase] {
      if let shown { try await stall.commerce.setShownBuyer(by: asha, shown) }
      let order = try await buy(at: stall, in: show, by: shown == nil ? nil : asha.account)
      return try await stall.commerce.toldPurchases(of: [order])
    }
    let named = try await told(.firstName)
    #expect(named.count == 1 && named[0].firstName == "Asha" && named[0].show == show)
    #expect(named[0].product == stall.products[0] && named[0].buyer == asha.account?.description)
    #expect(try await told(.someone).map(\.firstName) == [nil])
    #expect(try await told(.nobody) == [])
    #expect(try await told(nil).map(\.firstName) == [nil], "a guest is someone, whatever they are called")
    #expect(try await refusal { try await stall.commerce.setShownBuyer(by: .nobody, .someone) } == "sign_in_needed")
  }

  @Test(arguments: Engine.allCases)
  func `only what has just been paid in a show on air is told`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let show = try await stall.liveShow()
    let commerce = stall.commerce
    let placed = try await stall.place(stall.bag(show: show))
    #expect(try await commerce.toldPurchases(of: [placed.order.id]) == [], "not paid")
    _ = try await stall.pay(placed)
    #expect(try await commerce.toldPurchases(of: [placed.order.id, placed.order.id]).count == 1)
    let elsewhere = try await stall.sell()
    #expect(try await commerce.toldPurchases(of: [elsewhere.order.id, commerce.makeID()]) == [], "in no show")
    stall.clock.advance(seconds: 61)
    #expect(try await commerce.toldPurchases(of: [placed.order.id]) == [], "no news any more")
    let late = try await stall.sell(stall.bag(show: show))
    _ = try await commerce.endShow(by: stall.owner, show: show)
    #expect(try await commerce.toldPurchases(of: [late.order.id]) == [], "the show is over")
    #expect(try await commerce.toldPurchases(of: []) == [])
  }

  @Test func `taps are never fewer than none, and clipped from the last kind`() {
    let taps = Taps([.heart: 5, .fire: 3, .smile: -2])
    #expect(taps.total == 8 && taps[.smile] == 0)
    #expect(taps.clipped(to: 6) == Taps([.heart: 5, .fire: 1]))
    #expect(taps.clipped(to: -1).isEmpty && taps.clipped(to: .max) == taps)
    var most = Taps([.heart: .max])
    most.add(Taps([.heart: 1, .star: 1]))
    #expect(most[.heart] == .max && most.total == .max)
  }

  private func person(_ handle: String, named name: String = "Someone", at stall: Stall) async throws -> Caller {
    let account: ID<Account> = stall.commerce.makeID()
    try await stall.database.write { db in
      try Stall.insertAccount(account, "\(handle)@example.com", at: stall.clock.now, in: db)
      try db.run("UPDATE account SET name = \(name) WHERE id = \(account)")
    }
    return Caller(account: account)
  }

  private func buy(at stall: Stall, in show: ID<Show>, by account: ID<Account>?) async throws -> ID<Order> {
    let placed = try await stall.commerce.placeOrder(
      stall.commerce.makeID(), stall.bag(show: show), buyer: Stall.buyer("Ravi", account: account), language: "en")
    guard try await stall.pay(placed) == .paid else { throw FixtureFault("not paid") }
    return placed.order.id
  }
}

import Foundation
import TestKit
import Testing

@testable import Commerce
@testable import Store

@Suite struct CustomerTests {
  /// A paid order of somebody.
  private func sell(_ stall: Stall, _ buyer: Buyer, _ quantity: Int64 = 1) async throws -> PlacedOrder {
    stall.clock.advance(seconds: 60)
    let placed = try await stall.commerce.placeOrder(
      stall.commerce.makeID(), stall.bag(quantity), buyer: buyer, language: "en", source: .page)
    _ = try await stall.commerce.pay(placed.order.id, method: "pm_card_visa", key: "1", token: placed.access)
    return placed
  }

  private func guest(_ name: String, _ email: String, city: String = "Jaipur") -> Buyer {
    Buyer(
      name: name, email: email, phone: "+91 98",
      address: .init(name: name, line1: "1 Lane", city: city, postalCode: "302001", country: "IN"))
  }

  private func account(_ stall: Stall, _ email: String) async throws -> ID<Account> {
    let id: ID<Account> = stall.commerce.makeID()
    let now = stall.clock.now
    try await stall.database.write { db in try Stall.insertAccount(id, email, at: now, in: db) }
    return id
  }

  private func customers(_ stall: Stall, _ search: String = "") async throws -> [Customer] {
    try await stall.commerce.customers(of: stall.channel, by: stall.owner, search: search).items
  }

  @Test(arguments: Engine.allCases)
  func `guests are known again by their address and others by their account, each once`(engine: Engine) async throws {
    let stall = try await Stall(engine, prices: [10_000])
    let asha = try await account(stall, "asha@example.com")
    let first = try await sell(stall, guest("Asha Rao", "Asha@Example.com"))
    #expect(try await customers(stall).count == 1, "gathered while looked at")
    _ = try await sell(stall, guest("Asha R.", "asha@example.com", city: "Pune"), 2)
    _ = try await sell(
      stall, Buyer(account: asha, name: "Asha", email: "asha@example.com", phone: "", address: Stall.buyer().address))
    _ = try await stall.place()
    let found = try await customers(stall)
    #expect(found.map(\.orders) == [1, 2] && found.map(\.name) == ["Asha", "Asha R."])
    #expect(
      found.map { $0.account == nil } == [false, true] && found.map(\.email) == ["a…@example.com", "a…@example.com"])
    #expect(found[1].first == first.order.placed && found[1].last > found[1].first)
    // Two and shipping twice; then half of the first goes back.
    #expect(found[1].spent?.map(\.minor) == [14_900 + 24_900])
    _ = try await stall.commerce.refund(
      first.order.id, id: stall.commerce.makeID(), by: stall.owner, amountMinor: 5_000, reason: "a scratch")
    #expect(try await customers(stall)[1].spent?.map(\.minor) == [34_800])
    #expect(try await customers(stall) == customers(stall), "gathering again changes nothing")
  }

  @Test(arguments: Engine.allCases)
  func `a search finds names, addresses and cities, and a list is read in parts`(engine: Engine) async throws {
    let stall = try await Stall(engine, prices: [10_000])
    _ = try await sell(stall, guest("Ravi Sharma", "ravi@shop.example", city: "Pune"))
    _ = try await sell(stall, guest("मीरा देवी", "meera_d@example.com"))
    _ = try await sell(stall, guest("Zoë 100%", "z@example.com"))
    #expect(try await customers(stall, "RAVI").map(\.name) == ["Ravi Sharma"])
    #expect(try await customers(stall, " shop.ex ").map(\.name) == ["Ravi Sharma"])
    #expect(try await customers(stall, "pune").map(\.name) == ["Ravi Sharma"])
    #expect(try await customers(stall, "देवी").map(\.name) == ["मीरा देवी"])
    #expect(try await customers(stall, "ZOË").map(\.name) == ["Zoë 100%"])
    #expect(try await customers(stall, "%").map(\.name) == ["Zoë 100%"])
    #expect(try await customers(stall, "a_d").map(\.name) == ["मीरा देवी"])
    #expect(try await customers(stall, "r_vi") == [], "no sign of a pattern is one")
    #expect(try await customers(stall, "nobody") == [])
    let first = try await stall.commerce.customers(of: stall.channel, by: stall.owner, limit: 2)
    let rest = try await stall.commerce.customers(of: stall.channel, by: stall.owner, after: first.next, limit: 2)
    #expect((first.items + rest.items).map(\.name) == ["Zoë 100%", "मीरा देवी", "Ravi Sharma"] && rest.next == nil)
    let long = String(repeating: "x", count: 10_000)
    #expect(try await refusal { try await customers(stall, long) } == "invalid")
  }

  @Test(arguments: Engine.allCases)
  func `what they spent and their file are for owners, and none of it for others`(engine: Engine) async throws {
    let stall = try await Stall(engine, prices: [10_000])
    _ = try await sell(stall, guest("=Asha", "+asha@example.com"))
    let one = try #require(try await customers(stall).first)
    let file = String(
      decoding: try await stall.commerce.customersFile(of: stall.channel, by: stall.owner), as: UTF8.self)
    let lines = file.components(separatedBy: "\r\n")
    #expect(lines.count == 3 && lines[0].hasPrefix("customer,name,email,account,orders,spent,currency"))
    #expect(lines[1].contains("'=Asha,'+asha@example.com,guest,1,149.00,INR,"), "\(file)")
    let whole = try await stall.commerce.customer(one.id, by: stall.owner)
    #expect(whole.customer.email == "+asha@example.com" && whole.phone == "+91 98" && whole.orders.items.count == 1)

    let stranger: ID<Account> = stall.commerce.makeID()
    for who in [Caller.nobody, Caller(account: stranger)] {
      #expect(try await refusal { try await stall.commerce.customers(of: stall.channel, by: who) } != nil)
      #expect(try await refusal { try await stall.commerce.customersFile(of: stall.channel, by: who) } != nil)
      #expect(try await refusal { try await stall.commerce.customer(one.id, by: who) } != nil)
      #expect(try await refusal { try await stall.commerce.putNote("x", of: one.id, by: who) } != nil)
    }
    try await stall.run("UPDATE member SET role = 'fulfilment'")
    #expect(try await customers(stall).map(\.spent) == [nil])
    let seen = try await stall.commerce.customer(one.id, by: stall.owner)
    #expect(seen.customer.spent == nil && seen.customer.email == "+…@example.com")
    #expect(
      try await refusal { try await stall.commerce.customersFile(of: stall.channel, by: stall.owner) } == "not_allowed")
    try await stall.run("UPDATE member SET role = 'host'")
    #expect(try await refusal { try await customers(stall) } == "not_allowed")
    #expect(try await refusal { try await stall.commerce.customer(one.id, by: stall.owner) } == "not_allowed")
  }

  @Test(arguments: Engine.allCases)
  func `of who deleted their account nothing is left but their orders`(engine: Engine) async throws {
    let stall = try await Stall(engine, prices: [10_000])
    let asha = try await account(stall, "asha@example.com")
    let buyer = Buyer(
      account: asha, name: "Asha", email: "asha@example.com", phone: "+91 98", address: Stall.buyer().address)
    _ = try await sell(stall, buyer)
    let one = try #require(try await customers(stall).first)
    #expect(try await stall.commerce.putNote(" likes brass ", of: one.id, by: stall.owner) == "likes brass")
    #expect(try await stall.commerce.customer(one.id, by: stall.owner).customer.note == "likes brass")
    try await stall.database.write { db in try Customer.forget(account: asha, in: db) }
    try await stall.run("UPDATE account SET deleted_ms = 1, name = '', email = 'deleted' WHERE id = \(asha)")
    let left = try #require(try await customers(stall).first)
    #expect(left.isDeleted && left.name.isEmpty && left.email.isEmpty && left.note.isEmpty && left.orders == 1)
    #expect(try await customers(stall, "asha") == [])
    let whole = try await stall.commerce.customer(one.id, by: stall.owner)
    #expect(whole.phone.isEmpty && whole.orders.items.count == 1)
    #expect(
      try await refusal { try await stall.commerce.putNote("x", of: one.id, by: stall.owner) } == "customer_deleted")
    // What is gathered after that says no more.
    try await stall.run("DELETE FROM customer_order")
    try await stall.run("DELETE FROM customer")
    #expect(try await customers(stall).map(\.isDeleted) == [true])
    #expect(try await customers(stall, "asha") == [])
    #expect(try await stall.number("SELECT COUNT(*) FROM customer WHERE words <> ''") == 0)
  }

  @Test(arguments: Engine.allCases)
  func `many who look at once gather each order once`(engine: Engine) async throws {
    let stall = try await Stall(engine, prices: [10_000])
    for number in 0..<5 { _ = try await sell(stall, guest("Guest", "guest\(number % 2)@example.com")) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 { group.addTask { _ = try await customers(stall) } }
      try await group.waitForAll()
    }
    #expect(try await customers(stall).map(\.orders).sorted() == [2, 3])
    #expect(try await stall.number("SELECT COUNT(*) FROM customer_order") == 5)
  }
}

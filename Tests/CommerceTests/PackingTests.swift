import Foundation
import TestKit
import Testing

@testable import Commerce
@testable import Store

@Suite struct PackingTests {
  private func two(_ engine: Engine) async throws -> (Stall, PlacedOrder) {
    let stall = try await Stall(engine, prices: [10_000, 20_000])
    let bag = Bag(
      show: nil, market: "IN",
      lines: [.init(offer: stall.offers[0], quantity: 3), .init(offer: stall.offers[1], quantity: 1)])
    return (stall, try await stall.sell(bag))
  }

  private func waiting(_ stall: Stall) async throws -> [OrderToSend] {
    try await stall.commerce.ordersToSend(of: stall.channel, by: stall.owner).items
  }

  private func lines(_ file: [UInt8]) -> [String] {
    String(decoding: file, as: UTF8.self).components(separatedBy: "\r\n")
  }

  @Test(arguments: Engine.allCases)
  func `what waits is what is neither sent nor taken back, the first paid first`(engine: Engine) async throws {
    let (stall, first) = try await two(engine)
    stall.clock.advance(seconds: 60)
    let second = try await stall.sell()
    _ = try await stall.place()
    #expect(try await waiting(stall).map(\.order.id) == [first.order.id, second.order.id])
    #expect(try await stall.commerce.countToSend(of: stall.channel, by: stall.owner) == 2)
    let whole = try #require(try await waiting(stall).first)
    #expect(whole.lines == [.init(position: 0, left: 3), .init(position: 1, left: 1)] && !whole.isRest)
    #expect(whole.value.minor == 50_000 && whole.units == 4)

    _ = try await stall.commerce.ship(first.order.id, by: stall.owner, lines: [.init(position: 0, quantity: 1)])
    _ = try await stall.commerce.refund(
      first.order.id, id: stall.commerce.makeID(), by: stall.owner,
      lines: [Refund.Units(position: 1, quantity: 1, unsent: 1)], reason: "broken")
    let rest = try #require(try await waiting(stall).first)
    #expect(rest.lines == [.init(position: 0, left: 2)] && rest.isRest && rest.value.minor == 20_000)

    _ = try await stall.commerce.refund(second.order.id, by: stall.owner, reason: "none left")
    _ = try await stall.commerce.ship(first.order.id, by: stall.owner)
    #expect(try await waiting(stall) == [])
    #expect(try await stall.commerce.countToSend(of: stall.channel, by: stall.owner) == 0)
  }

  @Test(arguments: Engine.allCases)
  func `a list is read in parts, and only for those who are chosen`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    var sold: [ID<Order>] = []
    for _ in 0..<3 {
      sold.append(try await stall.sell().order.id)
      stall.clock.advance(seconds: 1)
    }
    let first = try await stall.commerce.ordersToSend(of: stall.channel, by: stall.owner, limit: 2)
    let next = try await stall.commerce.ordersToSend(of: stall.channel, by: stall.owner, after: first.next, limit: 2)
    #expect((first.items + next.items).map(\.order.id) == sold && next.next == nil)
    let one = try await stall.commerce.ordersToSend(of: stall.channel, by: stall.owner, only: [sold[1]])
    #expect(one.items.map(\.order.id) == [sold[1]])
    let other = try await stall.split(off: [])
    #expect(try await stall.commerce.ordersToSend(of: other, by: stall.owner, only: sold).items == [])
    #expect(lines(try await stall.commerce.labelsFile(of: other, by: stall.owner, only: sold)).count == 2)
    let stranger: ID<Account> = stall.commerce.makeID()
    for who in [Caller.nobody, Caller(account: stranger)] {
      #expect(try await refusal { try await stall.commerce.ordersToSend(of: stall.channel, by: who) } != nil)
      #expect(try await refusal { try await stall.commerce.labelsFile(of: stall.channel, by: who) } != nil)
      #expect(try await refusal { try await stall.commerce.sendOrders([], of: stall.channel, by: who) } != nil)
      #expect(try await refusal { try await stall.commerce.putNote("x", of: sold[0], by: who) } != nil)
    }
    try await stall.run("UPDATE member SET role = 'host'")
    #expect(
      try await refusal { try await stall.commerce.ordersToSend(of: stall.channel, by: stall.owner) }
        == "not_allowed")
  }

  @Test(arguments: Engine.allCases)
  func `a label has what carriers ask for, and nothing that a spreadsheet would compute`(engine: Engine) async throws {
    let (stall, sold) = try await two(engine)
    try await stall.run("UPDATE order_line SET weight_grams = 250, title = 'Lamp, \"brass\"' WHERE position = 0")
    let hostile = Buyer(
      name: "=HYPERLINK(1)", email: "+asha@example.com", phone: "+91 (98) 765-43210",
      address: .init(name: "=cmd|1", line1: "@1 Lane", city: "-Jaipur", postalCode: "302001", country: "IN"))
    try await stall.run("UPDATE orders SET buyer = \(hostile.encoded)")
    #expect(
      try await stall.commerce.putNote("+ wrap it\nas a gift", of: sold.order.id, by: stall.owner).contains("\n"))
    let file = try await stall.commerce.labelsFile(of: stall.channel, by: stall.owner)
    let text = String(decoding: file, as: UTF8.self)
    #expect(text.hasPrefix("order,name,company,address1,") && text.hasSuffix("\r\n"))
    let records = try CSV.records(of: file, rowsMax: 10).map(\.fields)
    let row = Dictionary(uniqueKeysWithValues: zip(records[0], try #require(records.last)))
    #expect(records.count == 2 && row["order"] == sold.order.number && row["order_id"] == "\(sold.order.id)")
    #expect(row["name"] == "'=cmd|1" && row["address1"] == "'@1 Lane" && row["city"] == "'-Jaipur")
    #expect(row["email"] == "'+asha@example.com" && row["phone"] == "+919876543210" && row["company"] == "")
    #expect(row["weight_grams"] == "750" && row["items"] == "4" && row["value"] == "500.00" && row["currency"] == "INR")
    #expect(row["contents"] == "3 × Lamp, \"brass\"; 1 × Lamp" && row["note"] == "'+ wrap it\nas a gift")
    #expect(row["tracking"] == "" && row["postal_code"] == "302001" && row["country"] == "IN")
  }

  @Test(arguments: Engine.allCases)
  func `many are sent at once, and each row that is refused says why`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let (first, second, third) = (try await stall.sell(), try await stall.sell(), try await stall.sell())
    let unpaid = try await stall.place()
    let rows = [
      ParcelRow(order: first.order.number.lowercased(), carrier: "India Post", tracking: "EE1"),
      ParcelRow(order: "\(second.order.id)", link: "https://post.example/2"),
      ParcelRow(order: first.order.number),
      ParcelRow(order: "H-0000-0000"), ParcelRow(order: unpaid.order.number), ParcelRow(order: ""),
      ParcelRow(order: third.order.number, link: "javascript:alert(1)"),
    ]
    let sent = try await stall.commerce.sendOrders(rows, of: stall.channel, by: stall.owner)
    #expect(sent.map(\.place) == Array(0..<7) && sent.map(\.row) == rows)
    #expect(
      sent.map { $0.refusal?.code } == [
        nil, nil, "parcel_twice", "parcel_not_waiting", "parcel_not_waiting", "parcel_not_waiting", "invalid",
      ])
    #expect(sent[0].shipment?.tracking == "EE1" && sent[0].shipment?.carrier == "India Post")
    #expect(try await stall.order(first).state == .fulfilled)
    #expect(try await stall.order(third).state == .paid)
    let again = try await stall.commerce.sendOrders(Array(rows[..<2]), of: stall.channel, by: stall.owner)
    #expect(again.compactMap { $0.refusal?.code } == ["parcel_not_waiting", "parcel_not_waiting"])
    #expect(try await stall.number("SELECT COUNT(*) FROM shipment") == 2)
    let other = try await stall.split(off: [])
    let foreign = try await stall.commerce.sendOrders([.init(order: "\(third.order.id)")], of: other, by: stall.owner)
    #expect(foreign.map { $0.refusal?.code } == ["parcel_not_waiting"])
    let many = Array(repeating: ParcelRow(order: "x"), count: ParcelRow.rowsMax + 1)
    #expect(
      try await refusal { try await stall.commerce.sendOrders(many, of: stall.channel, by: stall.owner) } == "invalid")
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test func `rows are read with names or without, with commas or tabs, and our own file filled in`() throws {
    let bare = try ParcelRow.read("H-1,India Post,EE1\r\nH-2\n\nH-3,,\"E,3\",https://post.example/3")
    #expect(bare.map(\.order) == ["H-1", "H-2", "H-3"] && bare[0].carrier == "India Post")
    #expect(bare[2] == ParcelRow(order: "H-3", tracking: "E,3", link: "https://post.example/3"))
    let named = try ParcelRow.read("Tracking Number,Name,Order\nEE1,Asha,H-1\n")
    #expect(named == [ParcelRow(order: "H-1", tracking: "EE1")])
    let tabs = try ParcelRow.read("order_id\tcarrier\tAWB\nabc\tPost\t'+12\n")
    #expect(tabs == [ParcelRow(order: "abc", carrier: "Post", tracking: "+12")])
    #expect(try ParcelRow.read("") == [])
    #expect(throws: CSVRefusal.quoteOpen(line: 1)) { try ParcelRow.read("\"H-1") }
    let many = (0...ParcelRow.rowsMax).map { "H-\($0)" }
    #expect(throws: CSVRefusal.tooManyRows(limit: 500)) { try ParcelRow.read(many.joined(separator: "\n")) }
    #expect(throws: CSVRefusal.tooManyRows(limit: 500)) {
      try ParcelRow.read((many + ["H"]).map { "\($0)\t" }.joined(separator: "\n"))
    }
    #expect(try ParcelRow.read((["order"] + many.dropLast()).joined(separator: "\n")).count == 500)
  }

  @Test(arguments: Engine.allCases)
  func `a note is for those who pack, and an open wish to cancel stands beside it`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let sold = try await stall.sell()
    let id = sold.order.id
    stall.clock.advance(seconds: 7_200)
    _ = try await stall.commerce.putNote("  wrap it ", of: id, by: stall.owner)
    _ = try await stall.commerce.putNote("wrap it twice", of: id, by: stall.owner)
    let kept = try #require(try await waiting(stall).first)
    #expect(kept.note == "wrap it twice")
    #expect(try await stall.commerce.note(of: id, by: stall.owner) == "wrap it twice")
    #expect(try await refusal { try await stall.commerce.note(of: id, by: .nobody) } != nil, "no buyer reads it")
    #expect(try await stall.commerce.putNote("", of: id, by: stall.owner) == "")
    #expect(try await waiting(stall).first?.note == "")
    let long = String(repeating: "x", count: 501)
    #expect(try await refusal { try await stall.commerce.putNote(long, of: id, by: stall.owner) } == "invalid")
  }
}

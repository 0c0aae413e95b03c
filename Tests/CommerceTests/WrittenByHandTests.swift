import Foundation
import TestKit
import Testing

@testable import Commerce

/// What the hottest path writes itself, held against the library that writes it elsewhere.
@Suite struct WrittenByHandTests {
  private static let texts =
    [
      "", "Asha", "Asha \"the\" \\ lamp", "a/b", "आशा राव", "👩‍👩‍👧", "e\u{301}", "\u{7F}\u{80}\u{2028}\u{FEFF}",
      "Asha Rao, whose name is longer than fifteen bytes",
    ] + (0..<0x20).map { "a\(Character(Unicode.Scalar(UInt8($0))))b" }

  private struct Record: Encodable {
    let address: Buyer.Address
    let email, name, phone: String
  }

  @Test(arguments: texts)
  func `a buyer is encoded as JSONEncoder would, keys sorted`(text: String) throws {
    let buyer = Buyer(
      name: text, email: "a@example.com" + text, phone: text,
      address: Buyer.Address(
        name: text, line1: text, line2: text, city: text, region: text, postalCode: text, country: "IN"))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let record = Record(address: buyer.address, email: buyer.email, name: buyer.name, phone: buyer.phone)
    #expect(try buyer.encoded == String(decoding: encoder.encode(record), as: UTF8.self))
    #expect(try Buyer(account: nil, encoded: buyer.encoded) == buyer)
  }

  @Test func `an id is written and read as UUIDs are`() {
    var random = Seeded(7)
    for _ in 0..<2000 {
      let bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
      let uuid = bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
      let id = ID<Order>(bytes: bytes)
      #expect(id?.description == uuid.uuidString.lowercased())
      #expect(ID<Order>(uuid.uuidString) == id)
    }
    let zero = "00000000-0000-0000-0000-000000000000"
    #expect(ID<Order>(zero)?.description == zero)
    for place in zero.indices {
      var broken = zero
      broken.replaceSubrange(place...place, with: "g")
      #expect(ID<Order>(broken) == nil)
    }
    #expect(ID<Order>(zero.dropLast() + "é") == nil)
  }

  @Test func `a moment is written as Foundation would, and to the millisecond`() {
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    let noon = [
      "1970-01-01", "1972-02-29", "1999-12-31", "2000-02-29", "2000-03-01", "2023-02-28", "2024-12-31", "2100-02-28",
      "2100-03-01", "2400-02-29", "9999-12-31",
    ].compactMap { Moment($0 + "T12:00:00.000Z")?.milliseconds }
    #expect(noon.count == 11)
    var random = Seeded(11)
    let some = (0..<2000).map { _ in Int64.random(in: 0..<253_402_300_800_000, using: &random) }
    let edges: [Int64] = [0, 1, 999, 86_399_999, 86_400_000, 253_402_300_799_999]
    for milliseconds in noon.flatMap({ [$0 - 43_200_000, $0, $0 + 43_199_999] }) + some + edges {
      // Its dates are fractions, which it cuts off: .999 would become .998.
      let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000 + 0.0002)
      #expect(Moment(milliseconds: milliseconds).description == date.formatted(style), "\(milliseconds)")
    }
    #expect(Moment(milliseconds: -1000).description == "1969-12-31T23:59:59.000Z")
  }

  @Test func `the system's entropy fills as many bytes as it is asked for`() {
    for count in [0, 1, 8, 32, 256, 257, 1000] {
      let bytes = Entropy.system.bytes(count)
      #expect(bytes.count == count)
      if count >= 32 { #expect(Set(bytes).count > 8) }
    }
  }

  @Test func `what the system's entropy gave once it gives to nobody else, however many ask at once`() async {
    let given = await withTaskGroup(of: [[UInt8]].self) { group in
      for _ in 0..<8 { group.addTask { (0..<1_000).map { _ in Entropy.system.bytes(16) } } }
      return await group.reduce(into: [[UInt8]]()) { $0 += $1 }
    }
    // Nor any eight of them in a row.
    let windows = given.flatMap { bytes in (0...8).map { Array(bytes[$0..<$0 + 8]) } }
    #expect(windows.count == 72_000 && Set(windows).count == windows.count)
  }
}

/// SplitMix64: the same numbers for the same seed.
private struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

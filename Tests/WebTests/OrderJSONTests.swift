import Commerce
import Foundation
import NIOCore
import Testing

@testable import Web

/// The order's own reader and writer, held against the library that does it for everything else.
@Suite struct OrderJSONTests {
  private static let offer = "0191d5c0-7e3a-7c11-8000-00000000000a"
  private static let address =
    #"{"line1":"1 Lamp Street","line2":"","city":"जयपुर","region":"RJ","postalCode":"302001","country":"IN","name":"R"}"#
  private static let plain = """
    {"id":"\(offer)","show":"\(offer.uppercased())","market":"IN","coupon":"GLOW","via":"blog",
     "site":"https://blog.example","mediaTime":61000,
     "lines" : [ {"offer":"\(offer)","quantity":2}, {"quantity":10,"offer":"\(offer)"} ],
    \t"buyer":{"name":"Asha","email":"asha@example.com","phone":"+91","address":\(address)}}\r\n
    """

  private func decoded(_ text: [UInt8]) throws -> Data? {
    guard let order = try? JSONDecoder().decode(OrderAPI.NewOrder.self, from: Data(text)) else { return nil }
    return try sorted(order)
  }

  private func read(_ text: [UInt8]) throws -> Data? {
    try OrderAPI.NewOrder(plain: ByteBuffer(bytes: text)).map { try sorted($0) }
  }

  private func sorted(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value)
  }

  @Test func `a plain order is read as JSONDecoder reads it`() throws {
    let read = try #require(try read(Array(Self.plain.utf8)))
    #expect(try read == decoded(Array(Self.plain.utf8)))
    let least = #"{"market":"","lines":[],"buyer":{"name":"","email":"","address":\#(Self.address)}}"#
    #expect(try self.read(Array(least.utf8)) == decoded(Array(least.utf8)))
    #expect(try self.read(Array(least.utf8)) != nil)
  }

  @Test(arguments: [
    ("\"IN\"", "\"I\\u004e\""), ("\"IN\"", "null"), ("\"IN\"", "7"), ("\"market\":\"IN\",", ""),
    ("\"market\"", "\"market\":\"US\",\"market\""), ("\"market\"", "\"more\":1,\"market\""), ("2}", "2.0}"),
    ("2}", "-2}"), ("2}", "02}"), ("2}", "2e0}"), ("2}", "12345678901234567890}"), ("2}", "\"2\"}"), ("10,", ","),
    ("2}", "2,}"), ("\r\n", "x"), ("Asha", "As\u{1}ha"), ("0191d5c0", "0191d5c"), ("[ ", "[ ,"), ("]", "],"),
  ])
  func `an order that is not plain is left to JSONDecoder`(part: String, other: String) throws {
    let text = Self.plain.replacing(part, with: other, maxReplacements: 1)
    #expect(text != Self.plain)
    #expect(try read(Array(text.utf8)) == nil)
  }

  @Test func `whatever is done to an order's bytes, it is read as JSONDecoder reads it or not at all`() throws {
    var random = SystemRandomNumberGenerator()
    let signs = Array("\"\\{}[]:,0129 -.eE\tn\u{0}é".utf8)
    var plain = 0
    for _ in 0..<4000 {
      var text = Array(Self.plain.utf8)
      for _ in 0..<Int.random(in: 1...2) {
        let place = text.indices.randomElement(using: &random) ?? 0
        switch Int.random(in: 0..<4) {
        case 0: text.remove(at: place)
        case 1: text.insert(signs.randomElement(using: &random) ?? 0, at: place)
        case 2: text[place] = UInt8.random(in: .min ... .max, using: &random)
        default: text.removeSubrange(place...)
        }
        if text.isEmpty { break }
      }
      guard let read = try read(text) else { continue }
      plain += 1
      #expect(try read == decoded(text), "\(String(decoding: text, as: UTF8.self))")
    }
    #expect(plain > 100)
  }

  @Test(arguments: [true, false])
  func `an answer is written as JSONEncoder writes it, but for the order of its members`(isFull: Bool) throws {
    let answer = try JSONDecoder().decode(OrderAPI.Placed.self, from: Data(Self.answer(isFull).utf8))
    let written = Data(answer.json)
    #expect(try sorted(JSONDecoder().decode(OrderAPI.Placed.self, from: written)) == sorted(answer))
    #expect(try written.count == sorted(answer).count, "nothing is there twice, or is left out")
  }

  /// Everything that can be there, or only what must be.
  private static func answer(_ isFull: Bool) -> String {
    let money = #"{"minor":\#(isFull ? Int64.min : 0),"currency":"INR"}"#
    let line = """
      {"offer":"\(offer)","variant":"\(offer)","product":"\(offer)","title":"Lamp \\"big\\" / दीया","sku":"",
       "weightGrams":750,"taxClass":"reduced","taxRateBasisPoints":500,"quantity":3,"unitPrice":\(money),"total":\(money)}
      """
    let tax = #"{"rateBasisPoints":500,"amount":\#(money)}"#
    let rest = """
      "show":"\(offer)","tracking":"https://example.com/1","paidAt":"2026-11-22T17:42:18.123Z",
      "coupon":{"code":"GLOW","discount":\(money),"fundedBy":"platform"},
      "source":{"kind":"embed","via":"blog","site":"https://blog.example","mediaTime":5,"credit":"partner",
       "partner":"\(offer)"},
      """
    let payment = #","payment":{"provider":"sandbox","means":"card","methodsURL":"/sandbox/v1/payment_methods"}"#
    return """
      {"order":{"id":"\(offer)","number":"H-1","state":"placed","channel":"\(offer)","market":"IN",
       "lines":[\(isFull ? line + "," + line : "")],"subtotal":\(money),"shipping":\(money),"tax":\(money),
       "taxes":[\(isFull ? tax : "")],"isTaxAdded":\(isFull),"total":\(money),"refunded":\(money),\(isFull ? rest : "")
       "buyer":{"name":"आशा","email":"a@b.c","phone":"","address":{"name":"","line1":"","line2":"","city":"",
       "region":"","postalCode":"","country":"IN"}},
       "placedAt":"2026-11-22T17:42:18.000Z","expiresAt":"1970-01-01T00:00:00.001Z"},
       "accessToken":"haat_order_1"\(isFull ? payment : "")}
      """
  }
}

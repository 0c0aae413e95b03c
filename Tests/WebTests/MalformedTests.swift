import Commerce
import Foundation
import HummingbirdCore
import TestKit
import Testing

@testable import Web

/// Addresses that nobody types: each is answered with a clear no, and none with a fault.
@Suite(.timeLimit(.minutes(2))) struct MalformedTests {
  @Test func `control characters in an address are a 4xx everywhere`() async throws {
    try await RunningWeb.run { web in
      let show = web.square.show.id, owner = try await web.owner
      let placed = try await web.placed()
      for path in [
        "/api/v1/shows/\(show)/products?market=%00", "/api/v1/channels/lamps/cards?market=%00",
        "/api/v1/shows?state=%00", "/api/v1/shows?channel=%00", "/api/v1/channels?state=%00",
        "/api/v1/orders?channel=a%00b", "/api/v1/channels?after=%00", "/api/v1/channels?limit=%00",
        "/api/v1/channels/%00", "/api/v1/channels/%00/products", "/api/v1/products/%00", "/api/v1/orders/%00",
        "/@%00", "/studio/%00", "/watch/%00", "/orders/%00", "/sandbox/authentications/%00", "/uploads/%00",
        "/orders/\(placed.id)?token=%00", "/studio/lamps?tab=%00", "/studio/lamps?after=x", "/orders?after=x",
      ] {
        let reply = try await owner.get(path, headers: ["Accept": "text/html"])
        #expect((400..<500).contains(reply.status), "\(path): \(reply.status)")
      }
      for (path, body) in [
        ("/api/v1/channels", ["handle": "pots", "name": "Pots", "market": "\u{0}"] as TestKit.JSON),
        ("/api/v1/channels/lamps/shows", ["title": "x", "scheduledAt": "2026-11-20T12:00:00Z", "markets": ["\u{0}"]]),
        ("/api/v1/channels/lamps/members", ["email": "a\u{0}@b.de", "role": "host"]),
        ("/api/v1/quotes", ["market": "\u{0}", "lines": []]),
      ] {
        let reply = try await owner.post(path, body)
        #expect((400..<500).contains(reply.status), "\(path): \(reply.status) \(reply.text)")
      }
      let market = try await web.operator.put(
        "/api/v1/markets/%00",
        [
          "currency": "INR", "name": "x", "languages": ["en"], "isOpen": true, "commissionBasisPoints": 0,
          "taxIncludedBasisPoints": 0, "shippingMinor": 0,
        ])
      #expect((400..<500).contains(market.status))
      let imported = try await owner.send(
        "POST", "/api/v1/channels/lamps/products/import?market=%00", headers: ["Content-Type": "text/csv"],
        body: Array("Handle,Title\na,b\n".utf8))
      #expect((400..<500).contains(imported.status), "\(imported.text)")
    }
  }

  @Test func `a query is decoded once`() throws {
    let address = URI("/x?alt=50%2525&plus=a%2Bb&nul=%00&bad=%FF")
    #expect(try PlainQuery.value("alt", of: address) == "50%25")
    #expect(try PlainQuery.value("plus", of: address) == "a+b")
    #expect(throws: Problem.self) { try PlainQuery.value("nul", of: address) }
    #expect(try PlainQuery.value("none", of: address) == nil)
    #expect(
      PlainQuery.part("a%20b") == "a b" && PlainQuery.part("a%2520b") == "a%20b" && PlainQuery.part("%00") == "%00")
  }

  @Test func `only what could be a token of ours becomes a cookie`() async throws {
    try await RunningWeb.run { web in
      let placed = try await web.placed()
      for token in ["x%3B%20Domain%3Devil.example", "x%0D%0ASet-Cookie:%20a=b", "%C3%A9", "A B", placed.token + "%3B"] {
        let reply = try await web.guest.get("/orders/\(placed.id)?token=\(token)", headers: ["Accept": "text/html"])
        #expect((400..<500).contains(reply.status), "\(token)")
        #expect((try? reply.cookie("haat_order")) == nil, "\(token)")
      }
      let moved = try await web.guest.get(
        "/orders/\(placed.id)?token=\(placed.token)", headers: ["Accept": "text/html"])
      #expect(moved.status == 303)
      #expect(try moved.cookie("haat_order") == placed.token)
    }
  }

  @Test func `a made-up cursor is a 400 or a place, and shows nobody what is not theirs`() async throws {
    try await RunningWeb.run { web in
      _ = try await web.placed()
      let owner = try await web.owner, stranger = try await web.stranger
      func cursor(_ key: UInt8, _ id: UInt8) -> String {
        Data([UInt8](repeating: key, count: 8) + [UInt8](repeating: id, count: 16)).base64EncodedString()
          .replacing("+", with: "-").replacing("/", with: "_")
      }
      for path in [
        "/api/v1/channels", "/api/v1/shows", "/api/v1/orders?channel=lamps", "/api/v1/channels/lamps/products",
      ] {
        let join = path.contains("?") ? "&" : "?"
        for wrong in ["x", "%27", String(repeating: "A", count: 31), String(repeating: "!", count: 32)] {
          let reply = try await owner.get("\(path)\(join)after=\(wrong)")
          #expect(reply.status == 400 && reply.code == "malformed", "\(path) \(wrong)")
        }
        for (key, id) in [(UInt8(0), UInt8(0)), (0xFF, 0xFF), (0x7F, 0xFF), (0x80, 0)] {
          #expect(try await owner.get("\(path)\(join)after=\(cursor(key, id))").status == 200, "\(path) \(key)")
        }
      }
      let far = cursor(0x7F, 0xFF)
      #expect(try await owner.get("/api/v1/orders?channel=lamps&after=\(far)").json["items"].array.count == 1)
      #expect(try await stranger.get("/api/v1/orders?channel=lamps&after=\(far)").status == 404)
      #expect(try await stranger.get("/api/v1/orders?after=\(far)").json["items"].array.isEmpty)
      #expect(try await stranger.get("/api/v1/channels/lamps/products?after=\(far)").status == 404)
    }
  }

  @Test func `where an operator allows small pages only, every page still opens`() async throws {
    var policy = MarketSquare.policy
    policy.pageLimitMax = 3
    try await RunningWeb.run(policy: policy) { web in
      let owner = try await web.owner, chief = try await web.operator
      for path in [
        "/", "/@lamps", "/orders", "/studio", "/studio/lamps", "/studio/lamps?tab=products", "/studio/lamps?tab=orders",
        "/studio/lamps?tab=members", "/studio/lamps/shows/new", "/studio/shows/\(web.square.show.id)",
        "/watch/\(web.square.show.id)",
      ] { #expect(try await owner.get(path, headers: ["Accept": "text/html"]).status == 200, "\(path)") }
      #expect(try await chief.get("/operator", headers: ["Accept": "text/html"]).status == 200)
      for path in [
        "/api/v1/channels", "/api/v1/shows", "/api/v1/orders", "/api/v1/orders?channel=lamps",
        "/api/v1/channels/lamps/products", "/api/v1/channels/lamps/cards",
        "/api/v1/shows/\(web.square.show.id)/timeline",
      ] {
        #expect(try await owner.get(path).status == 200, "\(path)")
      }
      #expect(try await owner.get("/api/v1/channels?limit=4").code == "invalid")
    }
  }
}

import Commerce
import Foundation
import NIOCore
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// A guest's order on a connection that stays open is placed before the router: nobody can tell.
@Suite(.timeLimit(.minutes(3))) struct OrderShortcutTests {
  /// The route takes it for the last header, of which the shortcut is not sure; to the route it means nothing.
  private static let passing = ["Cookie": "haat_session=of-nobody", "Sec-Fetch-Site": "same-origin"]

  private static func bytes(
    _ web: RunningWeb, _ body: JSON, _ headers: [String: String], _ path: String = "/api/v1/orders"
  ) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let body = try encoder.encode(body)
    let headers = ["Content-Type": "application/json"].merging(headers) { $1 }
    return web.guest.head("POST", path, headers, body.count, keep: true) + body
  }

  /// Sends all of it over one connection, in these pieces, and gives so many answers.
  private static func answers(
    _ count: Int, to pieces: [[UInt8]], _ web: RunningWeb
  ) async throws -> [Reply] {
    try await web.guest.connected { inbound, outbound in
      for piece in pieces { try await outbound.write(ByteBuffer(bytes: piece)) }
      var replies: [Reply] = []
      var all: [UInt8] = []
      for try await buffer in inbound {
        all += Array(buffer: buffer)
        while let end = all.firstRange(of: Array("\r\n\r\n".utf8)) {
          let length = try Reply(Array(all[..<end.upperBound])).header("content-length").flatMap { Int($0) } ?? 0
          guard all.count >= end.upperBound + length else { break }
          replies.append(try Reply(Array(all.prefix(end.upperBound + length))))
          all.removeFirst(end.upperBound + length)
        }
        if replies.count >= count { break }
      }
      return replies
    }
  }

  private static func answer(
    _ web: RunningWeb, _ body: JSON, _ headers: [String: String]
  ) async throws -> Reply {
    try #require(await answers(1, to: [bytes(web, body, headers)], web).first)
  }

  @Test func `the answer is the route's`() async throws {
    try await RunningWeb.run { web in
      let offer = try await web.lampOffer()
      func names(_ reply: Reply) -> [String] { reply.fields.map(\.name).sorted() }
      func members(_ json: JSON) -> [String] {
        if case .object(let members) = json { members.keys.sorted() } else { [] }
      }
      for more in [
        [:], ["Accept-Encoding": "gzip"], ["Cookie": "theme=dark; haat_language=hi", "Sec-Fetch-Site": "same-origin"],
      ] {
        let brief = try await Self.answer(
          web, web.order(offer: offer), more.merging(["Idempotency-Key": "a\(more)"]) { $1 })
        var passed = Self.passing.merging(more) { $0 == $1 ? $0 : $0 + "; " + $1 }
        passed["Idempotency-Key"] = "b\(more)"
        let routed = try await Self.answer(web, web.order(offer: offer), passed)
        #expect(brief.status == 201 && routed.status == 201, "\(brief.text) \(routed.text)")
        #expect(names(brief) == names(routed))
        for name in ["content-type", "cache-control", "vary", "content-encoding", "x-content-type-options"] {
          #expect(brief.header(name) == routed.header(name))
        }
        #expect(members(brief.json["order"]) == members(routed.json["order"]))
        #expect(members(brief.json) == members(routed.json))
      }
      let metrics = try await web.guest.get("/metrics").text
      #expect(
        metrics.contains(#"haat_http_requests_total{method="POST",route="/api/v1/orders",status="201"} 6"#),
        "\(metrics)")
      let audit = try await web.square.commerce.audit()
      #expect(audit.isClean, "\(audit.summary)")
    }
  }

  @Test func `what one of the two ways has placed, the other knows again`() async throws {
    try await RunningWeb.run { web in
      let offer = try await web.lampOffer()
      let key = ["Idempotency-Key": "an intent"]
      let first = try await Self.answer(web, web.order(offer: offer), key)
      let routed = try await Self.answer(web, web.order(offer: offer), key.merging(Self.passing) { $1 })
      let again = try await Self.answer(web, web.order(offer: offer), key)
      #expect(first.status == 201 && first.header("idempotency-replayed") == nil)
      for reply in [routed, again] {
        #expect(reply.header("idempotency-replayed") == "true")
        #expect(reply.json["order"]["id"] == first.json["order"]["id"])
      }
    }
  }

  @Test func `a refusal says the same, and the connection goes on`() async throws {
    try await RunningWeb.run { web in
      let offer = try await web.lampOffer()
      let unknown = web.order(offer: "\(web.square.commerce.makeID(Offer.self))")
      let bad: [(body: JSON, headers: [String: String])] = [
        (web.order(offer: offer), [:]), (web.order(0, offer: offer), ["Idempotency-Key": "a"]),
        (unknown, ["Idempotency-Key": "b"]), (["market": "IN"], ["Idempotency-Key": "c"]),
        (web.order(offer: offer), ["Idempotency-Key": "d", "Origin": "https://elsewhere.example"]),
      ]
      let pieces = try bad.map { try Self.bytes(web, $0.body, $0.headers) }
      let replies = try await Self.answers(bad.count, to: pieces, web)
      #expect(replies.map(\.status) == [400, 422, 404, 400, 403], "\(replies.map(\.text))")
      for (reply, bad) in zip(replies, bad) {
        var headers = bad.headers.merging(["Cookie": "haat_session=of-nobody"]) { $1 }
        if headers["Origin"] == nil { headers["Sec-Fetch-Site"] = "same-origin" }
        let routed = try await Self.answer(web, bad.body, headers)
        #expect(reply.body == routed.body && reply.header("content-type") == "application/problem+json")
      }
    }
  }

  @Test func `requests sent at once are answered in their order, however they are cut`() async throws {
    try await RunningWeb.run { web in
      let offer = try await web.lampOffer()
      let health = web.guest.head("GET", "/healthz", [:], 0, keep: true)
      func order(_ key: String) throws -> [UInt8] {
        try Self.bytes(web, web.order(offer: offer), ["Idempotency-Key": key])
      }
      let all = try order("1") + health + order("2") + order("3") + health
      for pieces in [[all], all.map { [$0] }] {
        let replies = try await Self.answers(5, to: pieces, web)
        #expect(replies.map(\.status) == [201, 200, 201, 201, 200])
        #expect(replies[1].text == "ok\n" && replies[4].text == "ok\n")
        let ids = [0, 2, 3].map { replies[$0].json["order"]["id"].string }
        #expect(Set(ids).count == 3 && !ids.contains(nil))
      }
    }
  }

  @Test func `who says too much is refused before the router, with the route's words`() async throws {
    try await RunningWeb.run(configure: { $0.limits.chat = Allowance(burst: 2, perMinute: 1) }) { web in
      let show = web.square.show.id
      let path = "/api/v1/shows/\(show)/messages"
      let message: JSON = ["name": "Asha", "text": "hello"]
      let said = try (0..<4).map { _ in try Self.bytes(web, message, [:], path) }
      let health = web.guest.head("GET", "/healthz", [:], 0, keep: true)
      let replies = try await Self.answers(5, to: [said.flatMap { $0 } + health], web)
      #expect(replies.map(\.status) == [201, 201, 429, 429, 200], "\(replies.map(\.text))")
      let routed = try #require(
        try await Self.answers(1, to: [Self.bytes(web, message, Self.passing, path)], web).first)
      #expect(routed.status == 429 && routed.body == replies[3].body)
      #expect(routed.fields.map(\.name).sorted() == replies[3].fields.map(\.name).sorted())
      let elsewhere = try Self.bytes(web, message, ["Origin": "https://elsewhere.example"], path)
      #expect(try await Self.answers(1, to: [elsewhere], web).first?.status == 403)
      let metrics = try await web.guest.get("/metrics").text
      #expect(
        metrics.contains(
          #"haat_http_requests_total{method="POST",route="/api/v1/shows/{show}/messages",status="429"} 3"#),
        "\(metrics)")
    }
  }

  @Test func `who says too much is not told so at once, and holds up nobody but themselves`() async throws {
    try await RunningWeb.run(configure: {
      $0.limits.chat = Allowance(burst: 1, perMinute: 1)
      $0.limits.chatRefusedAfterMilliseconds = 600_000
    }) { web in
      let path = "/api/v1/shows/\(web.square.show.id)/messages"
      let message = try Self.bytes(web, ["name": "Asha", "text": "hello"], [:], path)
      let health = web.guest.head("GET", "/healthz", [:], 0, keep: true)
      let offer = try await web.lampOffer()
      let read = try await web.guest.connected { inbound, outbound in
        try await outbound.write(ByteBuffer(bytes: message + message + health))
        var read = ""
        for try await bytes in inbound {
          read += String(buffer: bytes)
          if read.contains(#""text":"hello""#) { break }
        }
        // From the same address.
        let order = try await Self.answer(web, web.order(offer: offer), ["Idempotency-Key": "a"])
        #expect(order.status == 201)
        return read
      }
      #expect(read.hasPrefix("HTTP/1.1 201 ") && read.components(separatedBy: "HTTP/1.1").count == 2, "\(read)")
      #expect(try await web.guest.get("/healthz").status == 200, "who waited is gone, and nobody minds")
    }
  }

  @Test func `what a guest says is answered as the route answers it, and is said once`() async throws {
    try await RunningWeb.run { web in
      let path = "/api/v1/shows/\(web.square.show.id)/messages"
      let id = "\(web.square.commerce.makeID(Message.self))"
      let message: JSON = ["id": .string(id), "name": "Asha “R”", "text": "is it \"brass\"?\n😀"]
      let brief = try #require(try await Self.answers(1, to: [Self.bytes(web, message, [:], path)], web).first)
      let routed = try #require(
        try await Self.answers(1, to: [Self.bytes(web, message, Self.passing, path)], web).first)
      #expect(brief.status == 201 && routed.status == 201)
      #expect(brief.json == routed.json && brief.json["id"].string == id, "\(brief.text) \(routed.text)")
      #expect(brief.fields.map(\.name).sorted() == routed.fields.map(\.name).sorted())
      let other: JSON = ["id": .string(id), "name": "Asha", "text": "something else"]
      let refused = try #require(try await Self.answers(1, to: [Self.bytes(web, other, [:], path)], web).first)
      #expect(refused.status == 422)
      let keyed = try Self.bytes(web, ["name": "Ravi", "text": "once"], ["Idempotency-Key": "k"], path)
      let twice = try await Self.answers(2, to: [keyed, keyed], web)
      #expect(twice.map(\.status) == [201, 201] && twice[0].json == twice[1].json)
      #expect(twice[1].header("idempotency-replayed") == "true")
      let nowhere = try Self.bytes(web, message, [:], "/api/v1/shows/\(UUID())/messages")
      #expect(try await Self.answers(1, to: [nowhere], web).first?.status == 404)
      let empty = try Self.bytes(web, ["name": "Asha"], [:], path)
      #expect(try await Self.answers(1, to: [empty], web).first?.status == 400)
    }
  }

  @Test func `who orders too often is told when to ask again`() async throws {
    try await RunningWeb.run(configure: { $0.limits.orders = Allowance(burst: 1, perMinute: 1) }) { web in
      let offer = try await web.lampOffer()
      let pieces = try ["1", "2"].map { try Self.bytes(web, web.order(offer: offer), ["Idempotency-Key": $0]) }
      let replies = try await Self.answers(2, to: pieces, web)
      #expect(replies.map(\.status) == [201, 429] && replies[1].header("retry-after") != nil)
    }
  }
}

import Commerce
import Foundation
import NIOCore
import TestKit
import Testing

@testable import Web

/// A show's events over a WebSocket: the same text as the event stream's, in messages.
@Suite(.timeLimit(.minutes(3))) struct EventsSocketTests {
  /// What came over one connection: HTTP's head, then the server's frames.
  private struct Reader {
    struct Frame { let opcode: UInt8, payload: [UInt8] }

    var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private var bytes: [UInt8] = []

    init(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>) { self.inbound = inbound.makeAsyncIterator() }

    mutating func head() async throws -> String {
      while true {
        if let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
          defer { bytes.removeFirst(end.upperBound) }
          return String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        }
        guard try await more() else { return String(decoding: bytes, as: UTF8.self) }
      }
    }

    mutating func frame() async throws -> Frame? {
      while true {
        if let frame = whole() { return frame }
        guard try await more() else { return nil }
      }
    }

    /// The text of messages until they contain this.
    mutating func text(until wanted: String) async throws -> String {
      var all = ""
      while !all.contains(wanted), let frame = try await frame() {
        #expect(frame.opcode == 1)
        all += String(decoding: frame.payload, as: UTF8.self)
      }
      return all
    }

    private mutating func more() async throws -> Bool {
      guard let next = try await inbound.next() else { return false }
      bytes += Array(buffer: next)
      return true
    }

    private mutating func whole() -> Frame? {
      guard bytes.count >= 2 else { return nil }
      #expect(bytes[0] & 0xF0 == 0x80 && bytes[1] & 0x80 == 0, "whole, and not masked")
      let wide = [126: 2, 127: 8][Int(bytes[1])] ?? 0
      guard bytes.count >= 2 + wide else { return nil }
      let length = wide == 0 ? Int(bytes[1]) : bytes[2..<2 + wide].reduce(0) { $0 << 8 | Int($1) }
      guard bytes.count >= 2 + wide + length else { return nil }
      defer { bytes.removeFirst(2 + wide + length) }
      return Frame(opcode: bytes[0] & 0x0F, payload: Array(bytes[(2 + wide)..<(2 + wide + length)]))
    }
  }

  private static func ask(_ web: RunningWeb, _ more: [String] = [], query: String = "") -> ByteBuffer {
    let lines =
      [
        "GET /api/v1/shows/\(web.square.show.id)/events\(query) HTTP/1.1", "Host: localhost:8080", "Upgrade: websocket",
        "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      ] + more
    return ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n")
  }

  /// A client's frame, masked as RFC 6455 §5.3 wants it.
  private static func frame(_ opcode: UInt8, _ payload: String) -> ByteBuffer {
    let mask: [UInt8] = [1, 2, 3, 4]
    let masked = payload.utf8.enumerated().map { $1 ^ mask[$0 % 4] }
    return ByteBuffer(bytes: [0x80 | opcode, 0x80 | UInt8(payload.utf8.count)] + mask + masked)
  }

  @Test func `messages hold what the event stream does, and one that comes back misses nothing`() async throws {
    try await RunningWeb.run { web in
      let said = { (text: String) in
        _ = try await web.square.commerce.say(
          web.square.commerce.makeID(), by: .nobody, show: web.square.show.id, name: "Asha", text: text)
      }
      var last = ""
      try await web.guest.connected { inbound, outbound in
        var reader = Reader(inbound)
        try await outbound.write(Self.ask(web, ["Sec-WebSocket-Protocol: haat.events.1"]))
        let head = try await reader.head()
        #expect(head.hasPrefix("HTTP/1.1 101 Switching Protocols"))
        #expect(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") && head.contains("haat.events.1"), "RFC 6455 §1.3")
        let state = try await reader.text(until: "event: state")
        #expect(state.hasPrefix("retry: 1000\n\n") && state.hasSuffix("\n\n"))
        try await said("Good evening")
        let event = try await reader.text(until: "Good evening")
        #expect(event.contains("event: timeline\n"))
        last = String(event.split(separator: "\n").last { $0.hasPrefix("id: ") }?.dropFirst(4) ?? "")
        #expect(try await web.guest.get("/metrics").text.contains("\nhaat_viewers 1"))
        try await outbound.write(Self.frame(9, "are you there"))
        // How many watch may be told in between.
        var pong = try await reader.frame()
        while pong?.opcode == 1 { pong = try await reader.frame() }
        #expect(pong?.opcode == 10 && pong?.payload == Array("are you there".utf8))
      }
      _ = try await web.until({ try await web.guest.get("/metrics").text }, is: { $0.contains("\nhaat_viewers 0") })
      try await said("While you were away")
      try await web.guest.connected { inbound, outbound in
        var reader = Reader(inbound)
        try await outbound.write(Self.ask(web, query: "?lastEventId=\(last)"))
        #expect(try await !reader.head().contains("Sec-WebSocket-Protocol"))
        let missed = try await reader.text(until: "While you were away")
        #expect(!missed.contains("Good evening"))
        try await outbound.write(Self.frame(8, ""))
        var end = try await reader.frame()
        while end?.opcode == 1 { end = try await reader.frame() }
        #expect(end?.opcode == 8)
        #expect(try await reader.frame() == nil, "and the connection is closed")
      }
    }
  }

  @Test func `what is said there is refused with a reason, and so are other sites and other protocols`() async throws {
    try await RunningWeb.run { web in
      for (bytes, code) in [
        (Self.frame(1, "hello"), UInt16(1003)), (Self.frame(2, "x"), 1003), (Self.frame(3, ""), 1002),
        (ByteBuffer(bytes: [0x81, 0x01, 0x41]), 1002),
        (ByteBuffer(bytes: [0x82, 0xFE, 0xFF, 0xFF, 0, 0, 0, 0]), 1009),
      ] {
        try await web.guest.connected { inbound, outbound in
          var reader = Reader(inbound)
          try await outbound.write(Self.ask(web))
          _ = try await reader.head()
          _ = try await reader.text(until: "event: state")
          try await outbound.write(bytes)
          var end = try await reader.frame()
          while end?.opcode == 1 { end = try await reader.frame() }
          #expect(end?.opcode == 8 && end?.payload.prefix(2) == [UInt8(code >> 8), UInt8(code & 255)])
          #expect(try await reader.frame() == nil)
        }
      }
      for (more, status) in [("Origin: https://elsewhere.example", 403), ("Sec-WebSocket-Protocol: chat", 400)] {
        try await web.guest.connected { inbound, outbound in
          var reader = Reader(inbound)
          try await outbound.write(Self.ask(web, [more]))
          #expect(try await reader.head().hasPrefix("HTTP/1.1 \(status) "))
        }
      }
    }
  }

  @Test func `a server that stops says so`() async throws {
    try await RunningWeb.run { web in
      try await web.guest.connected { inbound, outbound in
        var reader = Reader(inbound)
        try await outbound.write(Self.ask(web))
        _ = try await reader.head()
        _ = try await reader.text(until: "event: state")
        await web.stop()
        #expect(try await reader.text(until: "retry: ").contains("retry: "))
        var end = try await reader.frame()
        while end?.opcode == 1 { end = try await reader.frame() }
        #expect(end?.opcode == 8 && end?.payload.prefix(2) == [3, 233])
      }
    }
  }
}

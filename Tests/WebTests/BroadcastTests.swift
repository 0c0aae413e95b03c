import Commerce
import Foundation
import Media
import NIOCore
import TestKit
import Testing

private typealias JSON = TestKit.JSON

/// The door through which browsers broadcast: who is let in, and the WebSocket behind it.
@Suite(.timeLimit(.minutes(2))) struct BroadcastTests {
  private static let handshake = [
    "Connection": "keep-alive, Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    // The example of RFC 6455 §1.3.
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "haat.broadcast.1",
    "Origin": "http://localhost:8080",
  ]

  private func path(_ web: RunningWeb) -> String { "/api/v1/shows/\(web.square.show.id)/broadcast" }

  /// Asks for a WebSocket; what comes back first, as text.
  private func ask(_ client: Client, _ path: String, _ changes: [String: String] = [:]) async throws -> String {
    let headers = Self.handshake.merging(changes) { $1 }
    return try await client.connected { inbound, outbound in
      try await outbound.write(ByteBuffer(bytes: client.head("GET", path, headers, 0, keep: true)))
      var text = ""
      for try await buffer in inbound {
        text += String(buffer: buffer)
        if text.contains("\r\n\r\n") { break }
      }
      return text
    }
  }

  @Test func `a host's browser gets a WebSocket, and nobody else's does`() async throws {
    try await RunningWeb.run { web in
      let path = path(web), owner = try await web.owner
      let opened = try await ask(owner, path)
      #expect(opened.hasPrefix("HTTP/1.1 101 "), "\(opened)")
      #expect(opened.lowercased().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="))
      #expect(opened.lowercased().contains("sec-websocket-protocol: haat.broadcast.1"))
      #expect(!opened.lowercased().contains("transfer-encoding") && !opened.lowercased().contains("content-length"))

      func status(_ client: Client, _ path: String, _ changes: [String: String] = [:]) async throws -> Substring {
        try await ask(client, path, changes).dropFirst(9).prefix(3)
      }
      #expect(try await status(owner, path, ["Origin": "https://elsewhere.example"]) == "403")
      #expect(try await status(owner, path, ["Origin": "null"]) == "403")
      #expect(try await status(owner, path, ["Origin": "", "Sec-Fetch-Site": "cross-site"]) == "403")
      #expect(try await status(web.guest, path) == "401")
      #expect(try await status(web.stranger, path) == "404")
      #expect(try await status(owner, path.replacing("\(web.square.show.id)", with: UUID().uuidString)) == "404")
      #expect(try await status(owner, path, ["Sec-WebSocket-Version": "8"]) == "426")
      #expect(try await status(owner, path, ["Sec-WebSocket-Key": "short"]) == "400")
      #expect(try await status(owner, path, ["Sec-WebSocket-Protocol": "chat"]) == "400")

      let terms = try await owner.get(path)
      #expect(terms.status == 200 && terms.json["protocol"] == "haat.broadcast.1")
      #expect(terms.json["graceSeconds"] == 30)
      #expect(try await web.guest.get(path).code == "sign_in_needed")
    }
  }

  @Test func `a moderator watches over the chat and may not broadcast, and an ended show takes nothing`() async throws {
    try await RunningWeb.run { web in
      let commerce = web.square.commerce, show = web.square.show.id
      let helper = try await web.square.person("Helper")
      _ = try await commerce.addMember(
        by: web.square.owner, channel: web.square.channel.id, email: "helper@example.com", role: .moderator)
      await #expect(throws: GeneralRefusal.self) { try await commerce.showToBroadcast(show, by: helper) }
      #expect(try await web.signedIn("helper@example.com").get(path(web)).status == 403)
      _ = try await commerce.endShow(by: web.square.owner, show: show)
      #expect(try await web.owner.get(path(web)).code == "show_ended")
    }
  }

  @Test func `a stream key opens its show from anywhere, and no other`() async throws {
    try await RunningWeb.run { web in
      let key = try await web.square.commerce.makeStreamKey(by: web.square.owner, show: web.square.show.id).text
      let elsewhere = [
        "Origin": "https://partner.example", "Sec-WebSocket-Protocol": "haat.broadcast.1, haat.key.\(key)",
      ]
      #expect(try await ask(web.guest, path(web), elsewhere).hasPrefix("HTTP/1.1 101 "))
      let wrong = elsewhere.merging(["Sec-WebSocket-Protocol": "haat.broadcast.1, haat.key.haat_no"]) { $1 }
      #expect(try await ask(web.guest, path(web), wrong).hasPrefix("HTTP/1.1 403 "))
    }
  }

  @Test func `frames become the show's stream, and the browser is told how it fares and why it ends`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let headers = Self.handshake
      let path = path(web)
      try await owner.connected { inbound, outbound in
        try await outbound.write(ByteBuffer(bytes: owner.head("GET", path, headers, 0, keep: true)))
        var iterator = inbound.makeAsyncIterator()
        var heard = ByteBuffer()
        func hear(_ words: String) async throws {
          while !heard.readableBytesView.contains(sequence: Array(words.utf8)) {
            guard var more = try await iterator.next() else { throw Silence(heard: String(buffer: heard)) }
            heard.writeBuffer(&more)
          }
        }
        try await hear("\r\n\r\n")
        try await outbound.write(Frames.masked(2, Frames.configuration))
        try await hear(#""type":"accepted""#)
        for index in 0..<4 {
          // In two pieces, as browsers may send what is large.
          let frame = Frames.picture(milliseconds: index * 33, isKey: index == 0)
          try await outbound.write(Frames.masked(2, Array(frame.prefix(20)), isFinal: false))
          try await outbound.write(Frames.masked(0, Array(frame.dropFirst(20))))
        }
        _ = try await web.until({ web.media.stream("\(web.square.show.id)")?.health().state }, is: { $0 == .live })
        try await hear(#""type":"stats""#)
        try await outbound.write(Frames.masked(9, Array("still there?".utf8)))
        try await hear("still there?")
        try await outbound.write(Frames.masked(1, Array("text".utf8)))
        try await hear(#""reason":"refused""#)
        _ = try await web.until(
          { web.media.stream("\(web.square.show.id)")?.health().state }, is: { $0 == .interrupted })
      }
    }
  }

  @Test func `whoever is removed from the channel is cut in the middle of the show, in the browser and by key`()
    async throws
  {
    try await RunningWeb.run { web in
      let commerce = web.square.commerce
      let (channel, show) = (web.square.channel.id, web.square.show.id)
      let hari = try await web.square.person("Hari")
      let client = { try await web.signedIn("hari@example.com") }
      let owner = try await web.owner
      func byKey(_ key: String) -> [String: String] {
        ["Origin": "https://partner.example", "Sec-WebSocket-Protocol": "haat.broadcast.1, haat.key.\(key)"]
      }
      var key = ""
      for isByKey in [false, true] {
        try await commerce.addMember(by: web.square.owner, channel: channel, email: "hari@example.com", role: .host)
        key = try await commerce.makeStreamKey(by: hari, show: show).text
        let who = isByKey ? web.guest : try await client()
        let headers = Self.handshake.merging(isByKey ? byKey(key) : [:]) { $1 }
        try await who.connected { inbound, outbound in
          try await outbound.write(ByteBuffer(bytes: who.head("GET", path(web), headers, 0, keep: true)))
          var heard = ""
          var sent = 0
          for try await buffer in inbound {
            heard += String(decoding: buffer.readableBytesView, as: UTF8.self)
            if sent == 0, heard.contains("\r\n\r\n") {
              sent = 1
              try await outbound.write(Frames.masked(2, Frames.configuration))
            } else if sent == 1, heard.contains(#""type":"accepted""#) {
              sent = 2
              let away = "/api/v1/channels/lamps/members/\(hari.account?.description ?? "")"
              #expect(try await owner.delete(away).status == 204)
            }
            if heard.contains(#""reason":"interrupted""#) { break }
          }
          #expect(sent == 2 && heard.contains(#""reason":"interrupted""#), "\(heard)")
        }
      }
      #expect(try await ask(client(), path(web)).hasPrefix("HTTP/1.1 404 "))
      #expect(try await ask(web.guest, path(web), byKey(key)).hasPrefix("HTTP/1.1 403 "))
    }
  }

  @Test func `a client that breaks the rules of WebSocket is told so and cut`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let path = path(web)
      let oversized = ByteBuffer(bytes: [0x82, 0xff, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3, 4])
      for (bytes, words) in [
        (ByteBuffer(bytes: [0x82, 1, 7]), "not masked"), (oversized, "frameBytesMax"),
        (Frames.masked(0, [1]), "not begun"),
      ] {
        try await owner.connected { inbound, outbound in
          try await outbound.write(ByteBuffer(bytes: owner.head("GET", path, Self.handshake, 0, keep: true)))
          var heard = ""
          var hasSent = false
          for try await buffer in inbound {
            heard += String(buffer: buffer)
            if heard.contains("\r\n\r\n"), !hasSent {
              hasSent = true
              try await outbound.write(bytes)
            }
          }
          #expect(heard.contains(words), "\(heard)")
        }
      }
    }
  }
}

private struct Silence: Error { let heard: String }

/// What a browser would send, without one.
private enum Frames {
  /// A frame of RFC 6455 §5.2 with a mask.
  static func masked(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) -> ByteBuffer {
    let mask: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]
    var frame = ByteBuffer(bytes: [(isFinal ? 0x80 : 0) | opcode])
    if payload.count < 126 {
      frame.writeInteger(0x80 | UInt8(payload.count))
    } else {
      frame.writeInteger(UInt8(0x80 | 126))
      frame.writeInteger(UInt16(payload.count))
    }
    frame.writeBytes(mask)
    frame.writeBytes(payload.enumerated().map { $1 ^ mask[$0 % 4] })
    return frame
  }

  /// H.264 of 320×180, as x264 describes it.
  static let configuration: [UInt8] = {
    let record = "0142c00dffe100196742c00dd901419f9f0110000003001000000303c0f142a48001000568cb83cb20"
    let digits = record.compactMap(\.hexDigitValue)
    return [1, 11] + Array("avc1.42c00d".utf8)
      + stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }()

  static func picture(milliseconds: Int, isKey: Bool) -> [UInt8] {
    var frame = ByteBuffer(bytes: [3, isKey ? 1 : 0])
    frame.writeInteger(Int64(milliseconds) * 1000)
    frame.writeInteger(UInt32(33_000))
    frame.writeInteger(UInt32(40))
    frame.writeBytes([isKey ? 0x65 : 0x41] + [UInt8](repeating: 0x55, count: 39))
    return Array(buffer: frame)
  }
}

extension ByteBufferView {
  fileprivate func contains(sequence: [UInt8]) -> Bool { firstRange(of: sequence) != nil }
}

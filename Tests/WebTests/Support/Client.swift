import Foundation
import NIOCore
import NIOPosix
import TestKit

/// A client that speaks HTTP/1.1 over a socket of its own for every request: nothing of the server's stack is in it.
struct Client: Sendable {
  let port: Int
  /// Sent with every request, as a browser on our own pages would.
  var cookie: String?
  var bearer: String?

  func get(_ path: String, headers: [String: String] = [:]) async throws -> Reply {
    try await send("GET", path, headers: headers)
  }

  func post(_ path: String, _ body: JSON = [:], headers: [String: String] = [:]) async throws -> Reply {
    try await json("POST", path, body, headers)
  }

  func put(_ path: String, _ body: JSON = [:], headers: [String: String] = [:]) async throws -> Reply {
    try await json("PUT", path, body, headers)
  }

  func patch(_ path: String, _ body: JSON = [:], headers: [String: String] = [:]) async throws -> Reply {
    try await json("PATCH", path, body, headers)
  }

  func delete(_ path: String) async throws -> Reply { try await send("DELETE", path) }

  private func json(_ method: String, _ path: String, _ body: JSON, _ headers: [String: String]) async throws -> Reply {
    let sent = headers.merging(["Content-Type": "application/json"]) { given, _ in given }
    let encoder = JSONEncoder()
    // The same body is the same bytes.
    encoder.outputFormatting = .sortedKeys
    return try await send(method, path, headers: sent, body: Array(try encoder.encode(body)))
  }

  func send(_ method: String, _ path: String, headers: [String: String] = [:], body: [UInt8] = []) async throws -> Reply
  {
    let bytes = try await connected { inbound, outbound in
      try await outbound.write(ByteBuffer(bytes: head(method, path, headers, body.count, keep: false) + body))
      var all: [UInt8] = []
      for try await buffer in inbound { all += Array(buffer: buffer) }
      return all
    }
    return try Reply(bytes)
  }

  /// Connects, and gives the raw bytes both ways.
  func connected<T: Sendable>(
    _ body: (
      NIOAsyncChannelInboundStream<ByteBuffer>, NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async throws -> T
  ) async throws -> T {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await channel.executeThenClose { inbound, outbound in try await body(inbound, outbound) }
  }

  func head(_ method: String, _ path: String, _ headers: [String: String], _ length: Int, keep: Bool) -> [UInt8] {
    var lines = ["\(method) \(path) HTTP/1.1", "Host: localhost:8080", "Content-Length: \(length)"]
    if !keep { lines.append("Connection: close") }
    if let cookie { lines += ["Cookie: haat_session=\(cookie)"] }
    if cookie != nil, headers["Sec-Fetch-Site"] == nil, headers["Origin"] == nil {
      lines.append("Sec-Fetch-Site: same-origin")
    }
    if let bearer { lines.append("Authorization: Bearer \(bearer)") }
    lines += headers.filter { !$0.value.isEmpty }.map { "\($0.key): \($0.value)" }
    return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
  }
}

/// What came back.
struct Reply: Sendable {
  struct Malformed: Error {}

  let status: Int
  let fields: [(name: String, value: String)]
  let body: [UInt8]

  init(_ bytes: [UInt8]) throws {
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { throw Malformed() }
    let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
      throw Malformed()
    }
    self.status = status
    fields = lines.dropFirst().compactMap { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      return parts.count == 2 ? (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces)) : nil
    }
    let rest = Array(bytes[end.upperBound...])
    let isChunked = fields.contains { $0.name == "transfer-encoding" && $0.value == "chunked" }
    body = isChunked ? Chunks.decode(rest) : rest
  }

  func header(_ name: String) -> String? { fields.first { $0.name == name.lowercased() }?.value }

  var text: String { String(decoding: body, as: UTF8.self) }

  /// `null` when the body is no JSON.
  var json: JSON { (try? JSONDecoder().decode(JSON.self, from: Data(body))) ?? .null }

  /// The stable word of a problem document.
  var code: String? { json["code"].string }

  struct NoCookie: Error {}

  func cookie(_ name: String) throws -> String {
    for field in fields where field.name == "set-cookie" && field.value.hasPrefix(name + "=") {
      return String(field.value.dropFirst(name.count + 1).prefix { $0 != ";" })
    }
    throw NoCookie()
  }
}

enum Chunks {
  /// The bytes within chunked coding, as far as they came.
  static func decode(_ bytes: [UInt8]) -> [UInt8] {
    var rest = bytes[...]
    var plain: [UInt8] = []
    while let line = rest.firstRange(of: Array("\r\n".utf8)),
      let size = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16), size > 0,
      rest.endIndex - line.upperBound >= size
    {
      plain += rest[line.upperBound..<line.upperBound + size]
      rest = rest[(line.upperBound + size)...].dropFirst(2)
    }
    return plain
  }
}

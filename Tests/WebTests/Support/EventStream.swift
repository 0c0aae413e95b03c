import Foundation
import NIOCore
import TestKit

/// One server-sent event.
struct LiveEvent: Sendable, Equatable {
  var id: String?
  var name = ""
  var data = ""

  var json: JSON { (try? JSONDecoder().decode(JSON.self, from: Data(data.utf8))) ?? .null }
}

/// A viewer of a show: reads an event stream off a socket.
struct EventStream {
  struct Ended: Error {}

  private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  private var unread: [UInt8] = []
  private var isPastHead = false
  private(set) var retryMilliseconds: Int?

  init(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>) { iterator = inbound.makeAsyncIterator() }

  /// The next event of one of these names, others passed over; of any name when none is given.
  mutating func next(_ names: String...) async throws -> LiveEvent {
    while true {
      if let event = take(), names.isEmpty || names.contains(event.name) { return event }
      guard try await fill() else { throw Ended() }
    }
  }

  private var text: [UInt8] = []

  private mutating func fill() async throws -> Bool {
    if text.firstRange(of: Array("\n\n".utf8)) != nil { return true }
    guard let buffer = try await iterator.next() else { return false }
    unread += Array(buffer: buffer)
    if !isPastHead {
      guard let end = unread.firstRange(of: Array("\r\n\r\n".utf8)) else { return true }
      unread.removeFirst(end.upperBound)
      isPastHead = true
    }
    while let line = unread.firstRange(of: Array("\r\n".utf8)),
      let size = Int(String(decoding: unread[..<line.lowerBound], as: UTF8.self), radix: 16),
      unread.count >= line.upperBound + size + 2
    {
      text += unread[line.upperBound..<line.upperBound + size]
      unread.removeFirst(line.upperBound + size + 2)
    }
    return true
  }

  private mutating func take() -> LiveEvent? {
    while let end = text.firstRange(of: Array("\n\n".utf8)) {
      let block = String(decoding: text[..<end.lowerBound], as: UTF8.self)
      text.removeFirst(end.upperBound)
      var event = LiveEvent()
      for line in block.split(separator: "\n") {
        let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        guard parts.count == 2 else { continue }
        switch parts[0] {
        case "id": event.id = parts[1]
        case "event": event.name = parts[1]
        case "data": event.data += parts[1]
        case "retry": retryMilliseconds = Int(parts[1])
        default: break
        }
      }
      if !event.name.isEmpty { return event }
    }
    return nil
  }
}

extension Client {
  /// Watches a show.
  func watch<T: Sendable>(
    _ show: String, query: String = "", lastEventID: String? = nil, headers more: [String: String] = [:],
    _ body: (inout EventStream) async throws -> T
  ) async throws -> T {
    try await connected { inbound, outbound in
      let headers = lastEventID.map { ["Last-Event-ID": $0] } ?? [:]
      try await outbound.write(
        ByteBuffer(
          bytes: head("GET", "/api/v1/shows/\(show)/events\(query)", headers.merging(more) { $1 }, 0, keep: true)))
      var stream = EventStream(inbound)
      return try await body(&stream)
    }
  }
}

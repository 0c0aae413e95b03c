import Foundation
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import Media

/// The server on a real socket, with publishers that are not as they should be.
@Suite struct RTMPServerTests {
  private func connect(_ port: Int) async throws -> any Channel {
    try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: port).get()
  }

  /// All that an encoder says, without waiting for a single answer: handshake, chunk size before `connect`, commands,
  /// headers and a second of pictures.
  private var everythingAtOnce: ByteBuffer {
    var all = ByteBuffer(bytes: [3] + [UInt8](repeating: 0, count: 2 * 1536))
    func say(_ message: RTMPMessage) { ChunkWriter.write(message, to: &all) }
    say(.setChunkSize(4096))
    say(.command([.string("connect"), .number(1), .object([.init("app", .string("live"))])]))
    say(.command([.string("createStream"), .number(2), .null]))
    say(.command([.string("publish"), .number(3), .null, .string("good-lamp"), .string("live")], streamID: 1))
    func tag(_ kind: UInt8, _ time: UInt32, _ bytes: [UInt8]) {
      say(RTMPMessage(kind: kind, streamID: 1, timestamp: time, payload: ByteBuffer(bytes: bytes)))
    }
    tag(9, 0, bytes("17 00 000000") + Recorded.avc320x180)
    tag(8, 0, bytes("af 00 1190"))
    for frame in 0..<31 {
      let isKey = frame == 0
      tag(9, UInt32(frame * 33), bytes(isKey ? "17 01 000000 00000002 6588" : "27 01 000000 00000002 419a"))
    }
    return all
  }

  @Test(.timeLimit(.minutes(1)))
  func `a publisher that waits for no answer loses nothing`() async throws {
    try await withServer { server, port, news in
      let channel = try await connect(port)
      try await channel.writeAndFlush(everythingAtOnce)
      try await news.wait(for: .started("lamp"))
      let stream = try #require(server.stream("lamp"))
      guard case .endless(let fragments) = await stream.answer("stream").body else { throw Unexpected() }
      var count = 0
      for await piece in fragments {
        count += piece.readableBytesView.count(of: "moof")
        if count >= 30 { break }
      }
      #expect(count == 30)
      try await channel.close()
      try await news.wait(for: .interrupted("lamp"))
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `connections beyond the limit per address are closed, and the log names the limit`() async throws {
    var configuration = MediaConfiguration()
    configuration.connectionsPerAddressMax = 2
    // What is tested is the number, however slow the machine is today.
    configuration.handshakeSeconds = 50
    let log = LogLines()
    try await withServer(configuration, logger: Logger(label: "test") { _ in log }) { _, port, news in
      // Which of the three is one too many depends on the order in which the server's loops take them up.
      let connections = [try await connect(port), try await connect(port), try await connect(port)]
      while connections.allSatisfy(\.isActive) { try await Task.sleep(for: .milliseconds(5)) }
      #expect(connections.count { $0.isActive } == 2)
      #expect(log.all.contains { $0.contains("connectionsPerAddressMax") })
      try await connections.first { $0.isActive }?.close()
      // There is room again as soon as the server has seen it go.
      while news.all.isEmpty {
        let next = try await connect(port)
        _ = try? await next.writeAndFlush(everythingAtOnce)
        while news.all.isEmpty, next.isActive { try await Task.sleep(for: .milliseconds(5)) }
      }
      #expect(news.all.first == .started("lamp"))
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `who publishes nothing is let go, and who is not RTMP at once`() async throws {
    var configuration = MediaConfiguration()
    configuration.handshakeSeconds = 4
    let log = LogLines()
    try await withServer(configuration, logger: Logger(label: "test") { _ in log }) { _, port, _ in
      let silent = try await connect(port)
      let browser = try await connect(port)
      try await browser.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"))
      try await browser.closeFuture.get()
      #expect(silent.isActive)
      #expect(log.all.contains { $0.contains("the bytes are not RTMP") })
      try await silent.closeFuture.get()
      #expect(log.all.contains { $0.contains("handshakeSeconds, 4") })
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `stopping lets publishers and viewers go at once, and ends no stream`() async throws {
    let (channel, reader, news) = try await withServer { server, port, news in
      let channel = try await connect(port)
      try await channel.writeAndFlush(everythingAtOnce)
      try await news.wait(for: .started("lamp"))
      let stream = try #require(server.stream("lamp"))
      guard case .endless(let fragments) = await stream.answer("stream").body else { throw Unexpected() }
      return (channel, Task { for await _ in fragments {} }, news)
    }
    await reader.value
    try await channel.closeFuture.get()
    #expect(news.all == [.started("lamp")])
  }

  @Test func `a port that is taken is an error of run, and boundPort does not wait for ever`() async throws {
    try await withServer { _, port, _ in
      var configuration = MediaConfiguration()
      configuration.rtmpHost = "127.0.0.1"
      configuration.rtmpPort = port
      let second = MediaServer(configuration: configuration, logger: Logger(label: "test")) { _ in
        .refuse(reason: "")
      } report: { _ in
      }
      await #expect(throws: (any Error).self) { try await second.run() }
      #expect(await second.boundPort() == 0)
    }
  }
}

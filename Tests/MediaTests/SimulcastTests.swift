import Foundation
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Media

/// A stream that is pushed on to other servers, with an encoder and a server that nobody here wrote.
@Suite(.timeLimit(.minutes(2))) struct SimulcastTests {
  private static func target(_ id: String, port: Int, key: String) -> RelayTarget {
    RelayTarget(id: id, isSecure: false, host: "127.0.0.1", port: port, application: "live", key: key)
  }

  private static var open: MediaConfiguration {
    var configuration = MediaConfiguration()
    configuration.relaysToPrivateAddresses = true
    configuration.relayRetrySecondsMax = 1
    return configuration
  }

  /// A port that nobody listens on, as far as can be known.
  private static func freePort() async throws -> Int {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(
      host: "127.0.0.1", port: 0
    ).get()
    let port = try #require(channel.localAddress?.port)
    try await channel.close()
    return port
  }

  private static func until(_ isSo: @Sendable () -> Bool) async throws {
    while !isSo() { try await Task.sleep(for: .milliseconds(20)) }
  }

  @Test func `a show goes to another server though a third is dead, and goes on when that other restarts`() async throws
  {
    let log = Notes()
    let dead = try await Self.freePort()
    let otherPort = try await Self.freePort()
    try await withServer(Self.open, logger: log.logger) { server, port, news in
      try await whileRunning("/usr/bin/ffmpeg", FFmpegTests.publish(port, key: "good-lamp")) { _ in
        try await news.wait(for: .started("lamp"))
        let stream = try #require(server.stream("lamp"))
        try await withServer(rtmpPort: otherPort) { other, _, otherNews in
          server.simulcast.want([
            "lamp": [
              Self.target("a", port: otherPort, key: "good-copy"), Self.target("b", port: dead, key: "secret-b"),
              Self.target("c", port: otherPort, key: "wrong-c"),
            ]
          ])
          try await otherNews.wait(for: .started("copy"))
          let copy = try #require(other.stream("copy"))
          try await Self.until { copy.health().framesPerSecond > 25 && copy.mediaTimeMilliseconds() > 9_000 }
          let health = copy.health()
          #expect(health.width == 320 && health.height == 180 && health.droppedFrames == 0)
          #expect(await FFmpegTests.playlist(copy).contains("#EXT-X-PART:"))
          try await Self.until { server.simulcast.reports(of: "lamp")["c"]?.trouble == .refused }
          let reports = server.simulcast.reports(of: "lamp")
          #expect(reports["a"]?.phase == .live && reports["a"]?.trouble == nil && reports["a"]?.skips == 0)
          #expect(reports["b"]?.trouble == .unreachable && reports["b"]?.failures ?? 0 > 1)
        }
        try await Self.until { server.simulcast.reports(of: "lamp")["a"]?.phase == .retrying }
        #expect(stream.health().state == .live)
        try await withServer(rtmpPort: otherPort) { other, _, otherNews in
          try await otherNews.wait(for: .started("copy"))
          try await Self.until { server.simulcast.reports(of: "lamp")["a"]?.phase == .live }
          // What is not wanted any more says good-bye.
          server.simulcast.want([:])
          try await otherNews.wait(for: .interrupted("copy"))
          #expect(server.simulcast.reports(of: "lamp").isEmpty)
        }
        #expect(stream.health().state == .live && stream.skips == 0 && stream.health().reconnects == 0)
        #expect(news.all == [.started("lamp")])
      }
    }
    #expect(log.text.contains("rtmp://127.0.0.1:\(dead)/live"))
    for key in ["good-copy", "secret-b", "wrong-c"] { #expect(!log.text.contains(key)) }
  }

  @Test func `what ffmpeg's own server was given is whole`() async throws {
    let port = try await Self.freePort()
    let scratch = try Scratch()
    let file = scratch.file("copy.flv").path
    try await withServer(Self.open) { server, ours, news in
      try await whileRunning("/usr/bin/ffmpeg", FFmpegTests.publish(ours, key: "good-lamp")) { _ in
        try await news.wait(for: .started("lamp"))
        server.simulcast.want(["lamp": [Self.target("a", port: port, key: "key?with=query")]])
        let received = try await run(
          "/usr/bin/ffmpeg",
          [
            "-v", "warning", "-listen", "1", "-i", "rtmp://127.0.0.1:\(port)/live/key", "-t", "3", "-c", "copy", file,
          ])
        #expect(received.status == 0)
      }
    }
    let probe = try await run(
      "/usr/bin/ffprobe",
      [
        "-v", "warning", "-count_packets", "-show_entries", "stream=codec_name,width,nb_read_packets", "-of", "csv=p=0",
        file,
      ])
    #expect(probe.errors == "")
    let lines = probe.output.split(separator: "\n").map { $0.split(separator: ",") }
    #expect(lines.first { $0.first == "h264" }.map { $0[1] == "320" && Int($0[2]) ?? 0 >= 85 } == true)
    #expect(lines.first { $0.first == "aac" }.flatMap { Int($0.last ?? "") } ?? 0 >= 130)
    let decoded = try await run(
      "/usr/bin/ffmpeg", ["-v", "warning", "-i", file, "-enc_time_base", "-1", "-f", "null", "-"])
    #expect(decoded.errors == "")
  }

  @Test func `an address in a private network is refused, as a number and by name`() async throws {
    var configuration = Self.open
    configuration.relaysToPrivateAddresses = false
    try await withServer(configuration) { server, port, news in
      for host in ["127.0.0.1", "::1", "localhost", "10.1.2.3", "169.254.169.254", "::ffff:192.168.1.1", "fd00::1"] {
        #expect(server.simulcast.refuses(host: host), "\(host)")
      }
      for host in ["8.8.8.8", "2606:4700::1111", "live.example.com"] { #expect(!server.simulcast.refuses(host: host)) }
      try await whileRunning("/usr/bin/ffmpeg", FFmpegTests.publish(port, key: "good-lamp")) { _ in
        try await news.wait(for: .started("lamp"))
        var target = Self.target("a", port: port, key: "good-loop")
        target.host = "localhost"
        server.simulcast.want(["lamp": [target]])
        try await Self.until { server.simulcast.reports(of: "lamp")["a"]?.trouble == .privateAddress }
        #expect(server.stream("loop") == nil)
      }
    }
  }

  @Test func `a target that is too slow loses pictures up to the next keyframe, and its queue stays small`() throws {
    var queue = RelayQueue(bytesMax: 10_000)
    queue.offer(.video(.avc(try AVCConfiguration(record: Recorded.avc1920x1080))))
    func picture(_ index: UInt32, isKey: Bool) -> FLVTag {
      .unit(
        AccessUnit(
          track: .video, timestamp: index &* 40, compositionOffset: 0, isKey: isKey,
          payload: ByteBuffer(repeating: 7, count: 4_000)))
    }
    queue.offer(picture(0, isKey: false))
    #expect(queue.isEmpty)
    queue.offer(picture(1, isKey: true))
    queue.offer(picture(2, isKey: false))
    #expect(queue.skips == 0)
    queue.offer(picture(3, isKey: false))
    #expect(queue.isEmpty && queue.skips == 1)
    queue.offer(picture(4, isKey: false))
    #expect(queue.isEmpty)
    queue.offer(picture(5, isKey: true))
    var kinds: [UInt8] = []
    var last: RTMPMessage?
    while let message = queue.next() {
      kinds.append(message.kind)
      last = message
    }
    #expect(kinds == [18, 9, 9])
    #expect(last?.timestamp == 160)
    #expect(last?.payload.readableBytes == 4_005)
  }

  @Test func `time goes on from where it was when the source's jumps, and starts at nothing`() {
    var clock = RelayClock()
    #expect([5_000, 5_040, 5_020, 5_080].map { clock.time(of: $0) } == [0, 40, 20, 80])
    #expect([0, 40].map { clock.time(of: $0) } == [100, 140])
    var wrapping = RelayClock()
    #expect([UInt32.max - 19, 20].map { wrapping.time(of: $0) } == [0, 40])
  }
}

/// What was logged, at every level.
final class Notes: Sendable {
  private let lines = Mutex<[String]>([])

  var text: String { lines.withLock { $0.joined(separator: "\n") } }

  var logger: Logger { Logger(label: "test") { [self] _ in Handler(notes: self) } }

  private struct Handler: LogHandler {
    let notes: Notes
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let all = metadata.merging(event.metadata ?? [:]) { $1 }
      notes.lines.withLock { $0.append("\(event.message) \(all)") }
    }
  }
}

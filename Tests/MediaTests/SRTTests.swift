import Foundation
import Logging
import TestPrograms
import Testing

@testable import Media

/// A real ffmpeg as the sender, another as our listener.
@Suite(.serialized) struct SRTTests {
  private static let passphrase = "haat0srt1secret2words3and4more"

  private static func send(to port: Int, passphrase: String = passphrase, sound: [String] = ["aac"]) -> [String] {
    [
      "-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-re", "-f",
      "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", "60", "-c:v", "libx264", "-preset", "ultrafast",
      "-tune", "zerolatency", "-g", "30", "-pix_fmt", "yuv420p", "-c:a",
    ] + sound + [
      "-f", "mpegts", "srt://127.0.0.1:\(port)?mode=caller&passphrase=\(passphrase)&pbkeylen=16",
    ]
  }

  /// A UDP port that nobody has.
  private static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard isBound else { throw Unexpected() }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  private static func until(_ isSo: () async throws -> Bool) async throws {
    while try await !isSo() { try await Task.sleep(for: .milliseconds(20)) }
  }

  /// A sender that tries again until it is let in, as encoders do.
  private static func whileSending(
    to port: Int, sound: [String] = ["aac"], until isIn: @Sendable () -> Bool,
    _ body: @Sendable (TestProcess) async throws -> Void
  ) async throws {
    var isDone = false
    while !isDone {
      isDone = try await whileRunning("/usr/bin/ffmpeg", send(to: port, sound: sound)) { sender in
        while sender.isRunning, !isIn() { try await Task.sleep(for: .milliseconds(20)) }
        guard sender.isRunning else { return false }
        try await body(sender)
        return true
      }
    }
  }

  private static var configuration: MediaConfiguration {
    var configuration = MediaConfiguration()
    configuration.srtHost = "127.0.0.1"
    return configuration
  }

  @Test(.timeLimit(.minutes(1)))
  func `a sender is let in by its passphrase, may go and come back, and is cut with the stream`() async throws {
    let log = Notes()
    let port = try Self.freePort()
    let listening = SRTListening(stream: "lamp", port: port, passphrase: Self.passphrase)
    #expect(!"\(listening)".contains(Self.passphrase))
    try await withServer(Self.configuration, logger: log.logger) { server, _, news in
      server.wantSRT([listening]) { _ in 5_000 }
      try await Self.until { server.srtReport(of: "lamp")?.state == .waiting }
      // A sender with another passphrase goes nowhere: it ends, or it tries for as long as it likes.
      try await whileRunning("/usr/bin/ffmpeg", Self.send(to: port, passphrase: "another0passphrase")) { sender in
        let end = ContinuousClock.now + .seconds(3)
        while sender.isRunning, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(20)) }
      }
      #expect(server.stream("lamp") == nil)

      try await Self.whileSending(to: port, until: { news.all.contains(.started("lamp")) }) { _ in
        let stream = try #require(server.stream("lamp"))
        let health = stream.health()
        #expect(health.encoder == "SRT" && health.width == 320 && health.audioCodec == "mp4a.40.2")
        #expect(server.srtReport(of: "lamp") == SRTReport(state: .live))
        try await Self.until { stream.mediaTimeMilliseconds() > 8_000 }
        let processes = try await run("/bin/ps", ["-o", "args=", "--ppid", "\(getpid())"])
        let listeners = processes.output.split(separator: "\n").filter { $0.contains("protocol_whitelist") }
        #expect(listeners.count == 1 && !listeners[0].contains(Self.passphrase))
      }
      try await news.wait(for: .interrupted("lamp"))
      try await Self.whileSending(to: port, until: { news.all.contains(.resumed("lamp")) }) { sender in
        #expect(server.stream("lamp")?.health().reconnects == 1)
        server.disconnect("lamp")
        server.wantSRT([]) { _ in nil }
        try await Self.until { !sender.isRunning }
        #expect(server.srtReport(of: "lamp") == nil)
      }
    }
    #expect(!log.text.contains(Self.passphrase))
  }

  @Test(.timeLimit(.minutes(2)))
  func `other sound becomes AAC, and a port that is taken is said to be`() async throws {
    let port = try Self.freePort()
    let other = try Self.freePort()
    try await withServer(Self.configuration) { server, _, news in
      let wanted = [
        SRTListening(stream: "lamp", port: port, passphrase: Self.passphrase),
        SRTListening(stream: "mug", port: other, passphrase: Self.passphrase),
      ]
      server.wantSRT(wanted) { _ in 5_000 }
      try await Self.whileSending(to: port, sound: ["mp2"], until: { news.all.contains(.started("lamp")) }) { _ in
        try await Self.until { server.stream("lamp")?.health().audioCodec == "mp4a.40.2" }
      }
      // Two of one port: the second is told.
      try await Self.until { server.srtReport(of: "mug")?.state == .waiting }
      try await withServer(Self.configuration) { second, _, _ in
        second.wantSRT([SRTListening(stream: "mug", port: other, passphrase: Self.passphrase)]) { _ in 5_000 }
        try await Self.until { second.srtReport(of: "mug")?.trouble == .portTaken }
      }
    }
  }
}

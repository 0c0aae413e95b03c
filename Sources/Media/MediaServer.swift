public import Logging
internal import NIOCore
internal import Synchronization

/// Takes streams in over RTMP and keeps what viewers can watch now. Knows nothing of shops: who may publish is asked of
/// `authorize`, what happens is told to `report`.
public final class MediaServer: Sendable {
  /// How often stalls, graces and held requests are looked at.
  private static let tickMilliseconds = 200

  private enum Port {
    case pending([CheckedContinuation<Int, Never>])
    case known(Int)
  }

  /// What is kept of the streams; nil where nothing is.
  public let recordings: Recordings?
  private let configuration: MediaConfiguration
  private let logger: Logger
  private let authorize: @Sendable (PublishRequest) async -> PublishDecision
  private let report: @Sendable (StreamNews) -> Void
  private let clock = MediaClock.system
  private let live = Mutex<[String: LiveStream]>([:])
  private let port = Mutex(Port.pending([]))

  /// - Parameters:
  ///   - authorize: Says whether an encoder may publish, and as which stream. Takes part in the time that
  ///     `MediaConfiguration.handshakeSeconds` allows.
  ///   - report: Is told what becomes of streams. Called on an event loop: it must not block.
  public init(
    configuration: MediaConfiguration, logger: Logger, recordings: Recordings? = nil,
    authorize: @escaping @Sendable (PublishRequest) async -> PublishDecision,
    report: @escaping @Sendable (StreamNews) -> Void
  ) {
    self.configuration = configuration
    self.logger = logger
    self.recordings = recordings
    self.authorize = authorize
    self.report = report
  }

  /// Binds and serves until the task is cancelled; then closes every connection and lets every viewer go. No stream is
  /// reported as ended by that: it goes on when the server is back.
  /// - Throws: what binding the address throws.
  public func run() async throws {
    defer { settle(port: 0) }
    let server = RTMPServer(configuration: configuration, logger: logger) { [self] address in
      PublishHandler.World(
        authorize: authorize, stream: { [self] in stream($0, mediaTimeMilliseconds: $1) },
        handshakeSeconds: configuration.handshakeSeconds, remoteAddress: address,
        handshakeFilling: (0..<64).map { _ in UInt8.random(in: .min ... .max) })
    }
    let listener = try await server.bind()
    settle(port: listener.localAddress?.port ?? 0)
    logger.info("RTMP is ready", metadata: ["address": "\(listener.localAddress?.description ?? "")"])
    while !Task.isCancelled {
      do { try await Task.sleep(for: .milliseconds(Self.tickMilliseconds)) } catch { break }
      for stream in streams() where !stream.tick() {
        live.withLock { if $0[stream.id] === stream { $0[stream.id] = nil } }
      }
    }
    listener.close(promise: nil)
    for stream in streams() { stream.stop() }
    await recordings?.closeAll()
    await server.closeConnections()
    try? await listener.closeFuture.get()
  }

  /// The port in use, waiting until it is bound; 0 when binding failed or the server has stopped.
  public func boundPort() async -> Int {
    await withCheckedContinuation { continuation in
      let known: Int? = port.withLock { port in
        switch port {
        case .known(let number): return number
        case .pending(let others):
          port = .pending(others + [continuation])
          return nil
        }
      }
      if let known { continuation.resume(returning: known) }
    }
  }

  /// The stream, while it is live, waits for its encoder, or has just ended.
  public func stream(_ id: String) -> LiveStream? { live.withLock { $0[id] } }

  /// Every stream `stream(_:)` would give, in no order.
  public func streams() -> [LiveStream] { live.withLock { Array($0.values) } }

  /// Ends a stream at once: its encoder is cut and its viewers are told the end. Nothing happens when there is none.
  public func disconnect(_ id: String) { stream(id)?.end(reason: "the stream was ended") }

  /// The stream that a publisher is to feed: the one that waits for it, or a new one.
  private func stream(_ id: String, mediaTimeMilliseconds: Int64) -> LiveStream {
    live.withLock { live in
      if let stream = live[id], stream.health().state != .ended { return stream }
      let stream = LiveStream(
        id: id, configuration: configuration, clock: clock, prefix: Self.randomPrefix(),
        mediaTimeMilliseconds: mediaTimeMilliseconds, report: report,
        record: { [recordings] in recordings?.offer($0, of: id) })
      live[id] = stream
      return stream
    }
  }

  /// 60 random bits, so that what was cached under it is never mistaken for another session's.
  private static func randomPrefix() -> String {
    let letters = Array("0123456789abcdefghjkmnpqrstvwxyz")
    return String((0..<12).map { _ in letters[Int.random(in: 0..<32)] })
  }

  private func settle(port number: Int) {
    let waiters: [CheckedContinuation<Int, Never>] = port.withLock { port in
      defer { port = .known(number) }
      if case .pending(let waiters) = port { return waiters }
      return []
    }
    for waiter in waiters { waiter.resume(returning: number) }
  }
}

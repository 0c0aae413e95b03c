internal import Logging
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// Pushes one stream on to one target, and tries again when that fails, ever more slowly. Whatever becomes of it, the
/// stream does not notice.
final class Relay: Sendable {
  /// How often it is looked whether anything comes in, while nothing does.
  private static let lookMilliseconds = 200
  /// A frame within as long means that there is something to push.
  private static let silenceMax: Int64 = 5_000
  /// A target that took the stream for as long is trusted again.
  private static let trustMilliseconds: Int64 = 30_000
  private static let highWaterBytes = 1 << 20

  let target: RelayTarget
  let feed: RelayFeed
  private let configuration: MediaConfiguration
  private let clock: MediaClock
  private let lookups: NIOThreadPool
  private let logger: Logger
  private let state = Mutex(RelayReport())

  init(
    _ target: RelayTarget, configuration: MediaConfiguration, clock: MediaClock, lookups: NIOThreadPool,
    logger: Logger
  ) {
    self.target = target
    self.configuration = configuration
    self.clock = clock
    self.lookups = lookups
    feed = RelayFeed(bytesMax: configuration.relayQueueBytesMax, clock: clock)
    var logger = logger
    logger[metadataKey: "target"] = "\(target)"
    self.logger = logger
  }

  var report: RelayReport {
    var report = state.withLock { $0 }
    report.skips = feed.skips
    return report
  }

  /// Goes on until its task is cancelled.
  func run() async {
    while !Task.isCancelled {
      guard let silence = feed.silence, silence < Self.silenceMax else {
        state.withLock { $0.phase = .waiting }
        await pause(milliseconds: Int64(Self.lookMilliseconds))
        continue
      }
      state.withLock {
        $0.phase = .connecting
        $0.retryAtMilliseconds = nil
      }
      let began = clock.now.steady
      do throws(RelayTrouble) {
        try await session()
        state.withLock { $0 = RelayReport() }
      } catch {
        guard !Task.isCancelled else { break }
        let wait = failed(error, after: clock.now.steady - began)
        await pause(milliseconds: wait)
      }
    }
    state.withLock { $0 = RelayReport() }
  }

  /// - Returns: Milliseconds until the next attempt.
  private func failed(_ trouble: RelayTrouble, after milliseconds: Int64) -> Int64 {
    let now = clock.now.wall
    let (wait, failures) = state.withLock { report in
      if report.phase == .live, milliseconds > Self.trustMilliseconds { report.failures = 0 }
      report.failures += 1
      // 1, 2, 4 … seconds.
      let seconds = min(Int64(1) << Int64(min(report.failures - 1, 20)), configuration.relayRetrySecondsMax)
      report.phase = .retrying
      report.trouble = trouble
      report.retryAtMilliseconds = now + seconds * 1_000
      return (seconds * 1_000, report.failures)
    }
    logger.notice(
      "A simulcast target did not take the stream",
      metadata: ["reason": "\(trouble.rawValue)", "failures": "\(failures)", "retryMilliseconds": "\(wait)"])
    return wait
  }

  private func pause(milliseconds: Int64) async { try? await Task.sleep(for: .milliseconds(milliseconds)) }

  /// One connection, from its beginning to its end.
  private func session() async throws(RelayTrouble) {
    let address = try await address()
    let ended = Ending()
    let world = RelayHandler.World(
      feed: feed, configuration: configuration, filling: (0..<64).map { _ in UInt8.random(in: .min ... .max) },
      isLive: { [self] in
        state.withLock {
          $0.phase = .live
          $0.trouble = nil
        }
        logger.notice("A simulcast target takes the stream")
      }, hasEnded: { ended.end($0) })
    let channel: any Channel
    do {
      channel = try await connect(to: address, world)
    } catch is NIOSSLError {
      throw .insecure
    } catch {
      throw .unreachable
    }
    await withTaskCancellationHandler {
      try? await channel.closeFuture.get()
    } onCancel: {
      channel.eventLoop.execute {
        let pipeline = channel.pipeline.syncOperations
        guard let handler = try? pipeline.handler(type: RelayHandler.self),
          let context = try? pipeline.context(handlerType: RelayHandler.self)
        else { return channel.close(promise: nil) }
        handler.finish(context)
      }
    }
    if let trouble = ended.trouble { throw trouble }
  }

  /// The address that is connected to: the one that was looked at, so that a name that answers differently the second
  /// time gains nothing by it.
  private func address() async throws(RelayTrouble) -> SocketAddress {
    let (host, port) = (target.host, target.port)
    let address: SocketAddress
    do {
      address = try await lookups.runIfActive { try SocketAddress.makeAddressResolvingHost(host, port: port) }
    } catch {
      throw .unknownHost
    }
    guard configuration.relaysToPrivateAddresses || NetworkReach.isPublic(address) else { throw .privateAddress }
    return address
  }

  private func connect(to address: SocketAddress, _ world: RelayHandler.World) async throws -> any Channel {
    let secure = try target.isSecure ? NIOSSLContext(configuration: tls) : nil
    let target = target
    return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(.seconds(configuration.relayAnswerSeconds))
      .channelOption(.socketOption(.tcp_nodelay), value: 1)
      .channelOption(
        .writeBufferWaterMark, value: .init(low: Self.highWaterBytes / 4, high: Self.highWaterBytes)
      )
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if let secure {
            try pipeline.addHandler(
              NIOSSLClientHandler(context: secure, serverHostname: Self.serverName(target.host)))
          }
          try pipeline.addHandler(RelayHandler(target, world))
        }
      }
      .connect(to: address).get()
  }

  private var tls: TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    if let path = configuration.relayAuthoritiesPath { tls.additionalTrustRoots = [.file(path)] }
    return tls
  }

  /// What the certificate must be for; nil for an address, which TLS names differently.
  private static func serverName(_ host: String) -> String? {
    (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
  }
}

/// Why a connection ended, told by its event loop and read by its task.
private final class Ending: Sendable {
  private let told = Mutex<RelayTrouble??>(.none)

  func end(_ trouble: RelayTrouble?) { told.withLock { $0 = .some(trouble) } }

  /// A connection that never said why was closed.
  var trouble: RelayTrouble? { told.withLock { $0 ?? .closed } }
}

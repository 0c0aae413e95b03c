public import Logging
internal import NIOCore
internal import Synchronization

/// Takes streams in over RTMP and keeps what viewers can watch now. Knows nothing of shops: who may publish is asked of
/// `authorize`, what happens is told to `report`.
public final class MediaServer: Sendable {
  /// How often stalls, graces and held requests are looked at.
  private static let tickMilliseconds = 200
  /// How often an encoder is asked about anew because something was revoked meanwhile.
  private static let questionsMax = 8

  /// What is kept of the streams; nil where nothing is.
  public let recordings: Recordings?
  /// Pushes streams on to other servers.
  public let simulcast: Simulcast
  private let srt: SRTInputs
  let configuration: MediaConfiguration
  let logger: Logger
  let authorize: @Sendable (PublishRequest) async -> PublishDecision
  private let report: @Sendable (StreamNews) -> Void
  let clock = MediaClock.system
  let broadcasts = Mutex(Broadcasts())
  private struct Streams {
    var live: [String: LiveStream] = [:]
    /// What may have made an answer of `authorize` untrue.
    var revocations = Revocations()
  }
  private let state = Mutex(Streams())
  private let ladders: LadderPlaces
  private let port = BoundPort()
  private let securePort = BoundPort()

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
    ladders = LadderPlaces(countMax: configuration.laddersMax)
    simulcast = Simulcast(configuration: configuration, clock: clock, logger: logger)
    srt = SRTInputs(logger: logger)
  }

  /// Binds and serves until the task is cancelled; then closes every connection and lets every viewer go. No stream is
  /// reported as ended by that: it goes on when the server is back.
  /// - Throws: what binding the address throws.
  public func run() async throws {
    defer {
      port.settle(0)
      securePort.settle(0)
    }
    let server = RTMPServer(configuration: configuration, logger: logger) { [self] address in
      PublishHandler.World(
        admit: { [self] in await admit($0) }, configuration: configuration, remoteAddress: address,
        handshakeFilling: (0..<64).map { _ in UInt8.random(in: .min ... .max) })
    }
    let certificate = try configuration.tls.map { try TLSCertificate($0, logger: logger) }
    var listeners = [try await server.bind(port: configuration.rtmpPort)]
    do {
      if let certificate {
        let listener = try await server.bind(port: configuration.rtmpsPort) { certificate.context }
        listeners.append(listener)
        securePort.settle(listener.localAddress?.port ?? 0)
        logger.info("RTMPS is ready", metadata: ["address": "\(listener.localAddress?.description ?? "")"])
      }
      port.settle(listeners[0].localAddress?.port ?? 0)
      logger.info("RTMP is ready", metadata: ["address": "\(listeners[0].localAddress?.description ?? "")"])
      while !Task.isCancelled {
        do { try await Task.sleep(for: .milliseconds(Self.tickMilliseconds)) } catch { break }
        for stream in streams() where !stream.tick() {
          state.withLock { if $0.live[stream.id] === stream { $0.live[stream.id] = nil } }
          simulcast.forget(stream.id, stream.fanout)
        }
        certificate?.refresh(now: clock.now.steady)
      }
    } catch {
      for listener in listeners { try? await listener.close() }
      throw error
    }
    for listener in listeners { listener.close(promise: nil) }
    for stream in streams() { stream.stop() }
    await srt.close()
    await simulcast.close()
    await recordings?.closeAll()
    await server.closeConnections()
    for listener in listeners { try? await listener.closeFuture.get() }
  }

  /// The port in use, waiting until it is bound; 0 when binding failed or the server has stopped.
  public func boundPort() async -> Int { await port.number() }

  /// The same of RTMPS; 0 also when there is none, which is known once the server has stopped or `boundPort()` is known.
  public func boundSecurePort() async -> Int {
    if configuration.tls == nil { return 0 }
    return await securePort.number()
  }

  /// The stream, while it is live, waits for its encoder, or has just ended.
  public func stream(_ id: String) -> LiveStream? { state.withLock { $0.live[id] } }

  /// Every stream `stream(_:)` would give, in no order.
  public func streams() -> [LiveStream] { state.withLock { Array($0.live.values) } }

  /// Ends a stream at once: its encoder is cut and its viewers are told the end. Nothing happens when there is none.
  ///
  /// Call after what `authorize` answers by has changed: an encoder that was just let in by the old answer is asked
  /// about again.
  public func disconnect(_ id: String) { revoked(id).stream?.end(reason: Self.streamEnded) }

  /// Cuts a stream's encoder, because its key does not hold any more; viewers wait for another, for the grace's length.
  ///
  /// Call after what `authorize` answers by has changed, as with `disconnect(_:)`.
  public func cutEncoder(_ id: String) {
    let (stream, revocation) = revoked(id)
    stream?.revoke(revocation, reason: "its key was replaced")
  }

  /// What SRT is listened for from now on. What stays the same goes on untouched; there are as many as there are ports.
  ///
  /// - Parameter mediaTime: What the clock of a stream reads now, in milliseconds; nil when it may not be fed any more.
  public func wantSRT(
    _ wanted: [SRTListening], mediaTime: @escaping @Sendable (_ stream: String) async -> Int64?
  ) {
    srt.want(wanted, for: { [weak self] in self }, mediaTime: mediaTime)
  }

  /// How a stream's SRT stands; nil when none is listened for.
  public func srtReport(of stream: String) -> SRTReport? { srt.report(of: stream) }

  /// Shown by who was let in now, see `BroadcastRequest.admission`.
  public var admissionNumber: UInt64 { state.withLock { $0.revocations.newest } }

  /// Whether who was let in to the stream at this `admissionNumber` has to be asked about again.
  func isRevoked(_ stream: String, since number: UInt64) -> Bool {
    state.withLock { $0.revocations.isRevoked(stream, since: number) }
  }

  /// Who was let in for the stream and does not feed it yet is asked about again; who feeds it goes on.
  func doubt(_ stream: String) { state.withLock { _ = $0.revocations.revoke(stream) } }

  /// The port in use, if it is bound.
  var knownPort: Int? { port.known.flatMap { $0 > 0 ? $0 : nil } }

  private func revoked(_ id: String) -> (stream: LiveStream?, revocation: UInt64) {
    defer { forgetInnerKeys(of: id) }
    return state.withLock { state in
      let number = state.revocations.revoke(id)
      return (state.live[id], number)
    }
  }

  /// Asks whether an encoder may publish, and gives the stream it is to feed: the one that waits for it, or a new one.
  ///
  /// An answer that may have been overtaken by a revocation is not believed. One that comes between this and
  /// `LiveStream.attach` finds the stream here, and attaching fails.
  func admit(_ request: PublishRequest) async -> Admission {
    for _ in 0..<Self.questionsMax {
      let before = admissionNumber
      switch await decide(request) {
      case .refuse(let reason): return .refused(reason)
      case .accept(let id, let mediaTime):
        if let stream = stream(id, mediaTimeMilliseconds: mediaTime, unlessSince: before) {
          return .admitted(stream, mediaTimeMilliseconds: mediaTime, number: before)
        }
      }
    }
    return .refused("keys changed while it was asked about, questionsMax, \(Self.questionsMax), times in a row")
  }

  /// Nil when what let it in was revoked since.
  func stream(_ id: String, mediaTimeMilliseconds: Int64, unlessSince number: UInt64) -> LiveStream? {
    state.withLock { state in
      guard !state.revocations.isRevoked(id, since: number) else { return nil }
      if let stream = state.live[id], stream.health().state != .ended { return stream }
      let stream = LiveStream(
        id: id, configuration: configuration, clock: clock, prefix: Self.randomPrefix(),
        mediaTimeMilliseconds: mediaTimeMilliseconds, report: report,
        record: { [recordings] in recordings?.offer($0, rung: $1, of: id) }, fanout: simulcast.fanout(of: id),
        ladder: ladder(of: id))
      state.live[id] = stream
      return stream
    }
  }

  private func ladder(of id: String) -> Ladder? {
    guard !configuration.ladder.isEmpty else { return nil }
    var logger = logger
    logger[metadataKey: "stream"] = "\(id)"
    return Ladder(configuration, places: ladders, logger: logger)
  }

  /// 60 random bits, so that what was cached under it is never mistaken for another session's.
  static func randomPrefix() -> String {
    let letters = Array("0123456789abcdefghjkmnpqrstvwxyz")
    return String((0..<12).map { _ in letters[Int.random(in: 0..<32)] })
  }
}

/// Whether an encoder may publish.
enum Admission: Sendable {
  /// - number: what `LiveStream.attach` is shown.
  case admitted(LiveStream, mediaTimeMilliseconds: Int64, number: UInt64)
  case refused(String)
}

public import Logging
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Takes streams in over RTMP and keeps what viewers can watch now. Knows nothing of shops: who may publish is asked of
/// `authorize`, what happens is told to `report`.
public final class MediaServer: Sendable {
  let configuration: MediaConfiguration
  let logger: Logger

  /// - Parameters:
  ///   - authorize: Says whether an encoder may publish, and as which stream. Waited for at most ten seconds.
  ///   - report: Is told what becomes of streams. Called on an event loop: it must not block.
  public init(
    configuration: MediaConfiguration, logger: Logger,
    authorize: @escaping @Sendable (PublishRequest) async -> PublishDecision,
    report: @escaping @Sendable (StreamNews) -> Void
  ) {
    self.configuration = configuration
    self.logger = logger
  }

  /// Binds and serves until the task is cancelled; then closes every connection and ends every stream.
  /// - Throws: what binding the address throws.
  public func run() async throws {}

  /// The port in use, waiting until it is bound; 0 when binding failed or the server has stopped.
  public func boundPort() async -> Int { configuration.rtmpPort }

  /// The stream, while it is live, waits for its encoder, or has just ended.
  public func stream(_ id: String) -> LiveStream? { nil }

  /// Every stream `stream(_:)` would give, in no order.
  public func streams() -> [LiveStream] { [] }

  /// Ends a stream at once: its encoder is cut and its viewers are told the end. Nothing happens when there is none.
  public func disconnect(_ id: String) {}
}

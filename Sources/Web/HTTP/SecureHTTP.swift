import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdHTTP2
import Logging
import Media
import NIOCore
import NIOTLS

/// HTTP over TLS: version 2 for who speaks it, and else version 1.1 as without TLS, with all its doors.
struct SecureHTTP: ServerChildChannel {
  /// The best first.
  static let applicationProtocols = ["h2", "http/1.1"]

  enum Spoken: Sendable {
    case http1(LoopedHTTP1.Value)
    case http2(HTTP2Channel.Value)
  }

  /// A connection, and what is spoken on it once its ends have agreed.
  struct Value: ServerChildChannelValue {
    let channel: any NIOCore.Channel
    fileprivate let spoken: EventLoopFuture<Spoken>
  }

  private let certificate: TLSCertificate
  private let http1: LoopedHTTP1
  private let http2: HTTP2Channel
  /// Seconds for the handshake.
  private let patienceSeconds: Int64

  init(
    _ certificate: TLSCertificate, site: Site, http1: LoopedHTTP1, responder: @escaping HTTPChannelHandler.Responder
  ) {
    self.certificate = certificate
    self.http1 = http1
    let limits = site.configuration.limits
    patienceSeconds = min(10, limits.idleSeconds)
    http2 = HTTP2Channel(
      responder: responder,
      configuration: .init(
        idleTimeout: .seconds(limits.idleSeconds), gracefulCloseTimeout: .seconds(limits.shutdownSeconds),
        // A stream is one request, so nothing in it is pipelined, and the shortcuts have it easy.
        streamConfiguration: .init(
          additionalChannelHandlers: [MediaShortcut(site), OrderShortcut(site)],
          idleTimeout: .seconds(limits.idleSeconds))))
  }

  func setup(channel: any NIOCore.Channel, logger: Logger) -> EventLoopFuture<Value> {
    channel.eventLoop.makeCompletedFuture {
      certificate.refresh(now: Int64(NIODeadline.now().uptimeNanoseconds / 1_000_000))
      try certificate.secure(channel)
      let agreement = NIOTypedApplicationProtocolNegotiationHandler<Spoken> { result in
        switch result {
        case .negotiated("h2"): http2.setup(channel: channel, logger: logger).map { Spoken.http2($0) }
        case .negotiated, .fallback: http1.setup(channel: channel, logger: logger).map { Spoken.http1($0) }
        }
      }
      try channel.pipeline.syncOperations.addHandler(agreement)
      let patience = channel.eventLoop.scheduleTask(in: .seconds(patienceSeconds)) { channel.close(promise: nil) }
      let spoken = agreement.protocolNegotiationResult
      spoken.whenComplete { _ in patience.cancel() }
      return Value(channel: channel, spoken: spoken)
    }
  }

  func handle(value: Value, logger: Logger) async {
    guard let spoken = try? await value.spoken.get() else { return }
    switch spoken {
    case .http1(let value): await http1.handle(value: value, logger: logger)
    case .http2(let http2):
      await LoopedHTTP1.onLoop(of: value.channel) { await self.http2.handle(value: http2, logger: logger) }
    }
  }
}

internal import Foundation
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// Hands messages to one server, each over a connection of its own.
public struct SMTPClient: Sendable {
  public let server: SMTPServer
  private let security: SMTPSecurity?

  /// - Throws: when the authorities cannot be read.
  public init(_ server: SMTPServer) throws {
    self.server = server
    security = server.security == .none ? nil : try SMTPSecurity(server)
  }

  /// Tries once, for at most `SMTPServer.Limits.deliverySeconds`. Whoever cancels it is told `interrupted`, unless the
  /// server has the whole message already: then its answer is waited for half a second.
  public func deliver(_ envelope: SMTPEnvelope) async -> SMTPOutcome {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let finished = loop.makePromise(of: SMTPOutcome.self)
    let channel: any Channel
    do {
      channel = try await connect(envelope, finished)
    } catch {
      let outcome = Self.outcome(of: error)
      finished.succeed(outcome)
      return outcome
    }
    return await withTaskCancellationHandler {
      (try? await finished.futureResult.get()) ?? .deferred(.closed, words: "")
    } onCancel: {
      channel.pipeline.fireUserInboundEventTriggered(SMTPHandler.Stop())
    }
  }

  private func connect(_ envelope: SMTPEnvelope, _ finished: EventLoopPromise<SMTPOutcome>) async throws -> any Channel
  {
    let (server, security) = (server, security)
    return try await ClientBootstrap(group: finished.futureResult.eventLoop)
      .connectTimeout(.seconds(server.limits.connectSeconds))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if server.security == .tls, let security { try pipeline.addHandler(security.handler()) }
          try pipeline.addHandler(
            SMTPHandler(SMTPConversation(server, envelope), tls: security, finished: finished))
        }
      }
      .connect(host: server.host, port: server.port).get()
  }

  private static func outcome(of error: any Error) -> SMTPOutcome {
    switch error {
    case ChannelError.connectTimeout: .deferred(.noAnswer, words: "")
    case let error as NIOConnectionError:
      .deferred(.unreachable, words: words(of: error.connectionErrors.first?.error))
    default: .deferred(error is NIOSSLError ? .certificate : .unreachable, words: words(of: error))
    }
  }

  /// `Connection refused`; nothing for what has no short name.
  private static func words(of error: (any Error)?) -> String {
    (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? ""
  }
}

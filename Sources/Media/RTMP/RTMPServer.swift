internal import Logging
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// Accepts publishers' connections, within limits.
final class RTMPServer: Sendable {
  private struct Connections {
    var open: [ObjectIdentifier: any Channel] = [:]
    var perAddress: [String: Int] = [:]
    var isClosing = false
  }

  private let configuration: MediaConfiguration
  private let logger: Logger
  private let world: @Sendable (_ remoteAddress: String) -> PublishHandler.World
  private let connections = Mutex(Connections())

  init(
    configuration: MediaConfiguration, logger: Logger,
    world: @escaping @Sendable (_ remoteAddress: String) -> PublishHandler.World
  ) {
    self.configuration = configuration
    self.logger = logger
    self.world = world
  }

  /// - Parameter secure: Gives what each connection is encrypted with; nil for plain RTMP.
  func bind(port: Int, secure: (@Sendable () -> NIOSSLContext)? = nil) async throws -> any Channel {
    try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { [self] channel in
        channel.eventLoop.makeCompletedFuture {
          guard admit(channel) else { return channel.close(promise: nil) }
          if let secure { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: secure())) }
          try channel.pipeline.syncOperations.addHandler(
            PublishHandler(world: world(channel.remoteAddress?.ipAddress ?? ""), logger: logger))
        }
      }
      .bind(host: configuration.rtmpHost, port: port)
      .get()
  }

  /// Closes every connection, and waits until they are closed.
  func closeConnections() async {
    let open = connections.withLock { connections in
      connections.isClosing = true
      return Array(connections.open.values)
    }
    for channel in open { channel.close(promise: nil) }
    for channel in open { try? await channel.closeFuture.get() }
  }

  private func admit(_ channel: any Channel) -> Bool {
    let address = channel.remoteAddress?.ipAddress ?? ""
    let limit: String? = connections.withLock { connections in
      if connections.isClosing { return "closing" }
      if connections.open.count >= configuration.connectionsMax { return "connectionsMax" }
      guard connections.perAddress[address, default: 0] < configuration.connectionsPerAddressMax else {
        return "connectionsPerAddressMax"
      }
      connections.open[ObjectIdentifier(channel)] = channel
      connections.perAddress[address, default: 0] += 1
      return nil
    }
    if let limit {
      logger.notice("A connection is refused", metadata: ["address": "\(address)", "limit": "\(limit)"])
      return false
    }
    let id = ObjectIdentifier(channel)
    channel.closeFuture.whenComplete { [self] _ in
      connections.withLock { connections in
        connections.open[id] = nil
        let left = connections.perAddress[address, default: 1] - 1
        connections.perAddress[address] = left > 0 ? left : nil
      }
    }
    return true
  }
}

internal import Foundation
internal import NIOCore
internal import NIOPosix

/// A directory of this process's own with sockets that an ffmpeg of ours writes to, each once. No name and no port of it
/// is anybody else's to find.
final class SocketFolder: Sendable {
  private let directory: URL
  private let listeners: [any Channel]

  /// - Parameter readers: sets up who reads a socket, by the socket's name. Called on the connection's event loop.
  init(_ readers: [String: @Sendable (any Channel) throws -> Void]) async throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "haat-\(MediaServer.randomPrefix())")
    try FileManager.default.createDirectory(
      at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    var listeners: [any Channel] = []
    do {
      for (name, reader) in readers {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
          .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture { try reader(channel) }
          }
          .bind(unixDomainSocketPath: directory.appending(path: name).path).get()
        listeners.append(listener)
      }
    } catch {
      for listener in listeners { listener.close(promise: nil) }
      try? FileManager.default.removeItem(at: directory)
      throw error
    }
    self.listeners = listeners
  }

  /// As ffmpeg calls it.
  func address(_ name: String) -> String { "unix:" + directory.appending(path: name).path }

  /// Nobody can come any more; who is there stays.
  func close() {
    for listener in listeners { listener.close(promise: nil) }
    try? FileManager.default.removeItem(at: directory)
  }
}

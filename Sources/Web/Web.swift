public import Commerce
import Hummingbird
import HummingbirdCore
public import Logging
public import Media
import NIOCore
public import ServiceLifecycle

/// The HTTP side of Haat: pages, the JSON API, live events and video.
public struct Web: Service {
  private let site: Site
  private let port = BoundPort()

  /// - Parameters:
  ///   - bell: rung by `commerce` whenever it has something to tell.
  /// - Throws: when the resources cannot be read.
  public init(configuration: WebConfiguration, commerce: Commerce, media: MediaServer, bell: Bell, logger: Logger)
    throws
  {
    site = try Site(configuration: configuration, commerce: commerce, media: media, logger: logger)
  }

  /// Listens until the task is cancelled or its service group shuts down.
  public func run() async throws {
    let configuration = site.configuration
    let port = port
    let application = Application(
      router: Routes.router(site),
      server: .http1(
        configuration: .init(
          idleTimeout: .seconds(configuration.limits.idleSeconds),
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: 16 * 1024, maxHeaderListSize: 32 * 1024, maxHeaderFieldCount: 100))),
      configuration: ApplicationConfiguration(
        address: .hostname(configuration.host, port: configuration.port), backlog: 1024,
        availableConnectionsDelegate: MaximumAvailableConnections(configuration.limits.connections)),
      onServerRunning: { channel in await port.set(channel.localAddress?.port ?? configuration.port) },
      logger: site.logger)
    try await application.run()
  }

  /// The port that is listened on, once it is.
  public func boundPort() async -> Int { await port.value() }
}

/// A number that comes once, and those who wait for it.
private actor BoundPort {
  private var number: Int?
  private var waiting: [CheckedContinuation<Int, Never>] = []

  func set(_ number: Int) {
    self.number = number
    for continuation in waiting { continuation.resume(returning: number) }
    waiting = []
  }

  func value() async -> Int {
    if let number { return number }
    return await withCheckedContinuation { waiting.append($0) }
  }
}

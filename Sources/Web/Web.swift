public import Commerce
import Hummingbird
import HummingbirdCore
public import Logging
public import Media
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// The HTTP side of Haat: pages, the JSON API, live events and video, and the work that has to be done beside them.
public struct Web: Service {
  private let site: Site
  private let hubs: Hubs
  private let bell: Bell
  private let mail: MailChores
  private let certificate: TLSCertificate?
  private let port = BoundPort()
  private let securePort = BoundPort()

  /// - Parameters:
  ///   - sandbox: the built-in payment provider, when it is the one of `commerce`; its webhooks are delivered from here.
  ///   - bell: rung by `commerce` whenever it has something to tell.
  /// - Throws: when the resources or the certificate cannot be read, or the directory for uploads cannot be made.
  public init(
    configuration: WebConfiguration, commerce: Commerce, media: MediaServer, sandbox: SandboxProvider?, bell: Bell,
    logger: Logger
  ) async throws {
    try await commerce.readSwitches()
    hubs = try await Hubs(group: MultiThreadedEventLoopGroup.singleton, limits: configuration.limits)
    site = try Site(
      configuration: configuration, commerce: commerce, media: media, sandbox: sandbox, hubs: hubs, logger: logger)
    self.bell = bell
    mail = try MailChores(site)
    certificate = try configuration.secure.map {
      try TLSCertificate(
        $0.files, use: "HTTPS", applicationProtocols: SecureHTTP.applicationProtocols, logger: logger)
    }
  }

  /// Listens until its service group shuts down: then viewers are told, answers under way are finished, and what is not
  /// done after `WebLimits.shutdownSeconds` is cut. Also ends when its task is cancelled, without waiting.
  ///
  /// - Throws: when the address cannot be listened on.
  public func run() async throws {
    do {
      try await serve()
    } catch {
      await port.set(0)
      await securePort.set(0)
      throw error
    }
    await port.set(0)
    await securePort.set(0)
  }

  /// The port that is listened on, once it is; 0 when that failed or is over.
  public func boundPort() async -> Int { await port.value() }

  /// The port that is listened on for TLS, once it is; 0 without a certificate, and when that failed or is over.
  public func boundSecurePort() async -> Int { certificate == nil ? 0 : await securePort.value() }

  private func serve() async throws {
    let responder = Routes.router(site).buildResponder()
    let applications = [plain(responder)] + (certificate.map { [secure(responder, $0)] } ?? [])
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for application in applications {
        group.addTask {
          try await application.run()
          return true
        }
      }
      group.addTask {
        await farewell()
        return true
      }
      for service in services {
        group.addTask {
          try await service.run()
          return false
        }
      }
      // The server ends when everything was answered, the farewell when that takes too long.
      for try await isOver in group where isOver { break }
      group.cancelAll()
    }
  }

  /// Waits for the wish to stop, tells the viewers, and gives everyone some time.
  private func farewell() async {
    try? await gracefulShutdown()
    // In this order: what is written to a viewer's connection comes before its end.
    hubs.close()
    site.streams.close()
    try? await Task.sleep(for: .seconds(site.configuration.limits.shutdownSeconds))
  }

  private var services: [any Service] {
    let commerce = site.commerce
    let always: [any Service] = [
      OutboxRelay(commerce: commerce, rooms: site.rooms, bell: bell, logger: site.logger),
      Chores(commerce: commerce, sandbox: site.sandbox, logger: site.logger),
      mail,
      PushChores(site),
      WebhookChores(site),
      StatusChores(site: site),
      BackupChores(backups: site.backups, logger: site.logger),
      PosterMaking(posters: site.posters),
      RecordingChores(commerce: commerce, media: site.media, logger: site.logger),
      SimulcastChores(commerce: commerce, media: site.media, logger: site.logger),
      SRTChores(commerce: commerce, media: site.media, logger: site.logger),
    ]
    let clips = site.clips.map { [ClipChores(commerce: commerce, clips: $0, logger: site.logger) as any Service] }
    return always + (clips ?? []) + (site.sandbox.map { [SandboxWebhooks(sandbox: $0, commerce: commerce)] } ?? [])
  }

  private typealias House = RouterResponder<WebContext>

  private func plain(_ responder: House) -> Application<House> {
    let site = site
    return application(responder, port: site.configuration.port, port) { Self.http1(site, $0) }
  }

  private func secure(_ responder: House, _ certificate: TLSCertificate) -> Application<House> {
    let site = site
    return application(responder, port: site.configuration.secure?.port ?? 0, securePort) {
      SecureHTTP(certificate, site: site, http1: Self.http1(site, $0), responder: $0)
    }
  }

  private static func http1(_ site: Site, _ responder: @escaping HTTPChannelHandler.Responder) -> LoopedHTTP1 {
    LoopedHTTP1(
      site: site,
      HTTP1Channel(
        responder: responder,
        configuration: .init(
          idleTimeout: .seconds(site.configuration.limits.idleSeconds),
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: 16 * 1024, maxHeaderListSize: 32 * 1024, maxHeaderFieldCount: 100))))
  }

  private func application(
    _ responder: House, port: Int, _ bound: BoundPort,
    _ server: @escaping @Sendable (@escaping HTTPChannelHandler.Responder) throws -> any ServerChildChannel
  ) -> Application<House> {
    let configuration = site.configuration
    return Application(
      responder: responder, server: HTTPServerBuilder(server),
      configuration: ApplicationConfiguration(
        address: .hostname(configuration.host, port: port), backlog: 4096,
        availableConnectionsDelegate: MaximumAvailableConnections(configuration.limits.connections)),
      onServerRunning: { channel in await bound.set(channel.localAddress?.port ?? port) },
      logger: site.logger)
  }
}

/// Makes posters until the server stops.
private struct PosterMaking: Service {
  let posters: Posters

  func run() async throws { await cancelWhenGracefulShutdown { await posters.run() } }
}

/// Brings the sandbox's webhooks to where a provider's would arrive.
private struct SandboxWebhooks: Service {
  let sandbox: SandboxProvider
  let commerce: Commerce

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await sandbox.run { headers, body in
        _ = try await commerce.receivedWebhook(sandbox.name, headers: headers, body: body)
      }
    }
  }
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

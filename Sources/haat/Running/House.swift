import Commerce
import Foundation
import Logging
import Media
import ServiceLifecycle
import Store
import UnixSignals
import Web

/// The parts of one running Haat, wired together. Nothing here decides anything about the trade.
struct House: Sendable {
  let settings: Settings
  let publicURL: String
  let rtmpURL: String
  let database: Database
  let commerce: Commerce
  let sandbox: SandboxProvider?
  let media: MediaServer
  let web: Web
  let logger: Logger

  /// Opens the database and builds every part; nothing listens yet.
  static func open(_ settings: Settings) async throws -> House {
    let logger = Self.logger(settings)
    let httpPort = try FreePort.resolve(
      settings.integer("http.port"), host: settings.text("http.host"), setting: "--http-port")
    let rtmpPort = try FreePort.resolve(
      settings.integer("rtmp.port"), host: settings.text("rtmp.host"), setting: "--rtmp-port")
    let rtmpsPort =
      settings.tls("rtmps") == nil
      ? 0
      : try FreePort.resolve(
        settings.integer("rtmps.port"), host: settings.text("rtmp.host"), setting: "--rtmps-port")
    let publicURL = Self.publicURL(settings, port: httpPort)
    let rtmpURL = Self.rtmpURL(settings, publicURL: publicURL, port: rtmpPort)

    let database = try await DataDirectory.openDatabase(settings, logger: logger)
    var policy = Tunable.tuned(Policy(), by: Tunable.all, from: settings)
    policy.srtPorts = Setting.ports(settings.text("srt.ports"))
    policy.admission = Admission(rawValue: settings.text("channels.admission")) ?? policy.admission
    policy.embedSites = EmbedSites(settings.text("embed.sites")) ?? policy.embedSites
    let chosen = settings.text("payments.provider")
    let sandbox = try chosen == "sandbox" ? Self.sandbox(settings, policy, database: database) : nil
    let stripe = settings.stripe(publicURL: publicURL).map {
      StripeProvider($0, http: Outgoing.http, webhookAgeSeconds: policy.webhookAgeSeconds)
    }
    let razorpay = settings.razorpay.map {
      RazorpayProvider($0, http: Outgoing.http, webhookAgeSeconds: policy.webhookAgeSeconds)
    }
    let bell = Bell()
    let vault = Vault(secret: try DataDirectory.secret("vault-secret", in: settings.text("data.directory")))
    let commerce = Commerce(
      database: database, policy: policy,
      providers: Self.providers(chosen, [sandbox, stripe, razorpay], paysOut: settings.flag("payments.connect")),
      vault: vault,
      logger: logger, changed: { bell.ring() })
    try await commerce.settleAdmission()

    var mediaConfiguration = Tunable.tuned(MediaConfiguration(), by: Tunable.all, from: settings)
    mediaConfiguration.rtmpHost = settings.text("rtmp.host")
    mediaConfiguration.rtmpPort = rtmpPort
    mediaConfiguration.rtmpsPort = rtmpsPort
    mediaConfiguration.tls = settings.tls("rtmps")
    mediaConfiguration.srtHost = settings.text("rtmp.host")
    mediaConfiguration.ladder = LadderRung.ladder(settings.text("ladder.rungs")) ?? []
    mediaConfiguration.relaysToPrivateAddresses = settings.flag("simulcast.privateAddresses")
    let authorities = settings.text("simulcast.authorities")
    mediaConfiguration.relayAuthoritiesPath = authorities.isEmpty ? nil : authorities
    mediaConfiguration.takeover = .init(rawValue: settings.text("rtmp.takeover")) ?? mediaConfiguration.takeover
    var recordingConfiguration = Tunable.tuned(RecordingConfiguration(), by: Tunable.all, from: settings)
    recordingConfiguration.directory = settings.text("data.directory") + "/media"
    let recordings = Recordings(configuration: recordingConfiguration, logger: logger)
    let streams = StreamDesk(commerce: commerce, recordings: recordings, logger: logger)
    let media = MediaServer(
      configuration: mediaConfiguration, logger: logger, recordings: recordings,
      authorize: { await streams.decide($0) }, report: { streams.heard($0) })

    var webConfiguration = WebConfiguration()
    webConfiguration.host = settings.text("http.host")
    webConfiguration.port = httpPort
    webConfiguration.secure = try settings.tls("https").map { files in
      let port = try FreePort.resolve(
        settings.integer("https.port"), host: settings.text("http.host"), setting: "--https-port")
      return SecureListening(port: port, files: files)
    }
    webConfiguration.publicURL = publicURL
    webConfiguration.rtmpURL = rtmpURL
    let srtHost = settings.text("srt.host")
    webConfiguration.srtHost = srtHost.isEmpty ? URL(string: publicURL)?.host() ?? "localhost" : srtHost
    webConfiguration.dataDirectory = settings.text("data.directory")
    webConfiguration.limits = Tunable.tuned(WebLimits(), by: Tunable.all, from: settings)
    webConfiguration.posters = Tunable.tuned(PosterConfiguration(), by: Tunable.all, from: settings)
    webConfiguration.mail = settings.mail(ownName: URL(string: publicURL)?.host() ?? "localhost")
    webConfiguration.webhooks.reachesPrivateAddresses = settings.flag("webhooks.privateAddresses")
    let webhookAuthorities = settings.text("webhooks.authorities")
    webConfiguration.webhooks.authoritiesPath = webhookAuthorities.isEmpty ? nil : webhookAuthorities
    webConfiguration.backups = settings.backups
    webConfiguration.secureCookies = publicURL.hasPrefix("https:")
    webConfiguration.trustsProxy = settings.flag("http.behindProxy")
    let web = try await Web(
      configuration: webConfiguration, commerce: commerce, media: media, sandbox: sandbox, bell: bell, logger: logger)
    return House(
      settings: settings, publicURL: publicURL, rtmpURL: rtmpURL, database: database, commerce: commerce,
      sandbox: sandbox, media: media, web: web, logger: logger)
  }

  /// Serves until SIGTERM or SIGINT, then stops within two seconds of `web.shutdownSeconds`, four if nobody said.
  ///
  /// - Parameter more: services to run beside the servers, started once both listen.
  func run(_ more: [any Service] = []) async throws {
    var group = ServiceGroupConfiguration(
      services: [MediaService(media: media), web] + more, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    // A second more than the web side takes for its good-byes.
    group.maximumGracefulShutdownDuration = .seconds(settings.integer("web.shutdownSeconds") + 1)
    group.maximumCancellationDuration = .seconds(1)
    do {
      try await ServiceGroup(configuration: group).run()
    } catch let error as ServiceGroupError {
      // Its description holds the services whole, and with them settings and passwords.
      logger.critical("A part of the server ended before the others", metadata: ["code": "\(error.errorCode)"])
      await database.close()
      throw StartFault(sentence: "a part of the server ended unexpectedly; start it again")
    }
    await database.close()
  }

  /// The others stay there for their refunds and webhooks when the chosen one takes new payments.
  private static func providers(
    _ chosen: String, _ possible: [(any PaymentProvider)?], paysOut: Bool
  ) -> PaymentProviders {
    let there = possible.compactMap { $0 }
    let all = there.filter { $0.name == chosen } + there.filter { $0.name != chosen }
    return PaymentProviders(all, takesNew: chosen != "none", paysOut: paysOut)
  }

  private static func sandbox(_ settings: Settings, _ policy: Policy, database: Database) throws -> SandboxProvider {
    let secret = try DataDirectory.secret("sandbox-secret", in: settings.text("data.directory"))
    return SandboxProvider(
      database: database, secret: Hexadecimal.text(secret), webhookAgeSeconds: policy.webhookAgeSeconds)
  }

  private static func publicURL(_ settings: Settings, port: Int) -> String {
    let said = settings.text("public.url")
    guard said.isEmpty else { return said.hasSuffix("/") ? String(said.dropLast()) : said }
    let host = settings.text("http.host")
    return "http://\(host == "0.0.0.0" || host == "::" ? "localhost" : host):\(port)"
  }

  private static func rtmpURL(_ settings: Settings, publicURL: String, port: Int) -> String {
    let said = settings.text("rtmp.url")
    guard said.isEmpty else { return said }
    return "rtmp://\(URL(string: publicURL)?.host() ?? "localhost"):\(port)/live"
  }

  private static func logger(_ settings: Settings) -> Logger {
    var logger = Logger(label: "haat") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = Logger.Level(rawValue: settings.text("log.level")) ?? .info
    return logger
  }
}

/// Media has no notion of services: it runs until it is cancelled.
private struct MediaService: Service {
  let media: MediaServer

  func run() async throws {
    try await cancelWhenGracefulShutdown { try await media.run() }
  }
}

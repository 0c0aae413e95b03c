import Commerce
import Foundation
import Logging
import Media
import NIOCore
import NIOPosix

/// What every handler may use, made once; pages and the API get the same. A class: it is in every call and connection, and
/// as a value it was 2.8 KB, copied with each of them.
final class Site: Sendable {
  let configuration: WebConfiguration
  let commerce: Commerce
  let media: MediaServer
  let posters: Posters
  /// Nil where nothing is recorded.
  let clips: Clips?
  /// Nil where another provider takes the money.
  let sandbox: SandboxProvider?
  let logger: Logger
  let rooms: Rooms
  let reports: ReportShelf
  let cards: LinkCards
  let streams: OpenStreams
  let uploads: Uploads
  let metrics = WebMetrics()
  let status: StatusBoard
  let backups: BackupShelf
  let framesSeen = FramesSeen()
  let files: SiteFiles
  let mailWriter: MailWriter
  let sessionCookie: SessionCookie
  let limits: RateLimits
  let chatGate: ChatGate
  /// For what is said and goes through the router, which costs several times as much.
  let chatPassing = ChatGate(atOnce: 2)
  let speakers = Speakers()
  let openShows = OpenShows()
  let routes = RouteTable()

  init(
    configuration: WebConfiguration, commerce: Commerce, media: MediaServer, sandbox: SandboxProvider?, hubs: Hubs,
    logger: Logger
  ) throws {
    self.configuration = configuration
    self.commerce = commerce
    self.media = media
    posters = Posters(media: media, configuration: configuration.posters, logger: logger)
    clips = media.recordings.map {
      Clips(recordings: $0, directory: $0.configuration.clipsDirectory, ffmpeg: configuration.posters.ffmpeg)
    }
    self.sandbox = sandbox
    self.logger = logger
    status = StatusBoard(commerce: commerce)
    backups = BackupShelf(commerce: commerce, configuration: configuration.backups)
    rooms = Rooms(commerce: commerce, media: media, hubs: hubs, limits: configuration.limits, speakers: speakers)
    reports = ReportShelf(commerce: commerce)
    cards = LinkCards(ffmpeg: configuration.posters.ffmpeg, clock: commerce.clock, logger: logger)
    streams = OpenStreams(perAddressMax: configuration.limits.streamsPerAddress)
    uploads = try Uploads(directory: URL(filePath: configuration.dataDirectory).appending(path: "uploads"))
    files = try SiteFiles.read(Self.resources(configuration))
    mailWriter = try MailWriter(configuration, screens: files.screens)
    sessionCookie = SessionCookie(isSecure: configuration.secureCookies)
    limits = RateLimits(configuration.limits, clock: commerce.clock)
    let rest = TimeAmount.milliseconds(configuration.limits.chatRestMilliseconds)
    chatGate = ChatGate(atOnce: configuration.limits.chatAtOnce) { end in
      NIOSingletons.posixEventLoopGroup.any().scheduleTask(in: rest, end)
    }
  }

  var statics: StaticFiles { files.statics }
  var screens: Screens { files.screens }

  /// The directory with `Static`, `Templates` and `Languages`.
  static func resources(_ configuration: WebConfiguration) -> URL {
    if let directory = configuration.resourcesDirectory { return URL(filePath: directory) }
    return Bundle.module.bundleURL.appending(path: "Resources")
  }
}

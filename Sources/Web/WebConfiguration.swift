public import Commerce
public import Media

/// Everything `Web` needs to be told. The defaults are the ones the configuration table of the README gives.
public struct WebConfiguration: Sendable {
  /// Where to listen. Port 0 takes a free one; ask `Web.boundPort()`.
  public var host = "127.0.0.1"
  public var port = 8080
  /// Where to listen for TLS, too; nil for nowhere.
  public var secure: SecureListening?
  /// What a browser has in its address bar: scheme, host and port, without a path. Requests with a cookie must come
  /// from it.
  public var publicURL = "http://localhost:8080"
  /// What a host types into OBS as the server: `rtmp://host:port/live`.
  public var rtmpURL = "rtmp://localhost:1935/live"
  /// How encoders reach this server by SRT.
  public var srtHost = "localhost"
  /// Product pictures live in `uploads/` below this directory; it is made when it is missing.
  public var dataDirectory = "haat-data"
  /// Read static files and templates from here instead of from the program's own resources, for someone who edits them.
  /// The directory has `Static`, `Templates` and `Languages` in it, and is read once, at start.
  public var resourcesDirectory: String?
  /// Cookies are sent over https only.
  public var secureCookies = false
  /// The address of a caller is the last one in `X-Forwarded-For`: only right behind a proxy of your own that sets it.
  public var trustsProxy = false
  public var limits = WebLimits()
  /// Mail to buyers.
  public var mail = MailConfiguration()
  /// Reminders in browsers.
  public var push = OutsideReach()
  public var webhooks = OutsideReach()
  /// Copies of the database.
  public var backups = BackupConfiguration()
  /// Pictures of what is live.
  public var posters = PosterConfiguration()

  public init() {}

  /// Which Haat this is.
  public static let version = "0.1.0"
}

/// Where HTTP is served over TLS, and with what.
public struct SecureListening: Sendable {
  /// Port 0 takes a free one; ask `Web.boundSecurePort()`.
  public var port: Int
  public var files: TLSFiles

  public init(port: Int, files: TLSFiles) {
    self.port = port
    self.files = files
  }
}

/// Bounds of everything that comes in over HTTP.
public struct WebLimits: Sendable {
  /// Bytes of a JSON or form body.
  public var bodyBytes = 256 * 1024
  /// Bytes of one product picture.
  public var pictureBytes = 5 * 1024 * 1024
  /// Bytes of a CSV of products.
  public var importBytes = 16 * 1024 * 1024
  /// Open connections, event streams included; more wait in the listen queue.
  public var connections = 16_000
  /// Seconds a connection may be silent between requests, or in the middle of one.
  public var idleSeconds: Int64 = 60
  /// Event streams and endless video streams of one address.
  public var streamsPerAddress = 100
  /// Timeline events a room keeps in memory for viewers who reconnect; older ones come from the database.
  public var roomHistory = 2_000
  /// Messages of a chat that a viewer is shown a second, beside those of the channel's own people and their own; of more,
  /// each is shown a fair part. 0 shows all.
  public var chatPerSecond: Int64 = 8
  /// How long whoever has said too much waits to be told so, give or take half of it; until then nothing more is read of
  /// what they send.
  public var chatRefusedAfterMilliseconds: Int64 = 1_000
  /// Messages of chats that are written at once; others wait for their turn.
  public var chatAtOnce: Int64 = 2
  /// Between one lot of those who wait and the next.
  public var chatRestMilliseconds: Int64 = 3
  /// Milliseconds of events that one write to a viewer carries.
  public var tickMilliseconds: Int64 = 50
  /// Seconds between comments on a silent event stream, so that proxies keep it.
  public var heartbeatSeconds: Int64 = 15
  /// Seconds a viewer may refuse to read before its stream is closed, and a downloader may take for half a megabyte.
  public var unreadSeconds: Int64 = 60
  /// Seconds from the wish to stop until every connection is cut.
  public var shutdownSeconds: Int64 = 2

  public var signUp = Allowance(burst: 10, perMinute: 5)
  public var orders = Allowance(burst: 60, perMinute: 120)
  public var chat = Allowance(burst: 10, perMinute: 60)
  /// Reactions of one viewer. What is more is left out.
  public var reactions = Allowance(burst: 40, perMinute: 1_200)
  /// Reactions of one address, behind which there may be many.
  public var addressReactions = Allowance(burst: 1_000, perMinute: 60_000)
  /// Looks at products and what is put into bags, of one address, behind which there may be many. What is more is not
  /// counted.
  public var interest = Allowance(burst: 300, perMinute: 3_000)
  /// Every other request that writes.
  public var writes = Allowance(burst: 120, perMinute: 600)

  public init() {}
}

/// So many at once, then so many a minute, for one address (an IPv6 address counts by its /64).
public struct Allowance: Sendable, Hashable {
  public var burst: Int64
  public var perMinute: Int64

  /// Both are taken as at least 1.
  public init(burst: Int64, perMinute: Int64) {
    self.burst = max(1, burst)
    self.perMinute = max(1, perMinute)
  }
}

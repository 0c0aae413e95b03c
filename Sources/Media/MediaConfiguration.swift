/// Where encoders publish and every limit of the media side, each with its default. Durations are in the unit their
/// name ends with; a limit that is met is named in the log by the name it has here.
public struct MediaConfiguration: Sendable {
  /// Address the RTMP server binds.
  public var rtmpHost = "0.0.0.0"
  /// Port the RTMP server binds; 0 lets the system choose, see `MediaServer.boundPort()`.
  public var rtmpPort = 1935

  /// With which RTMPS (RTMP over TLS) is served; nil for no RTMPS.
  public var tls: TLSFiles?
  /// Port the RTMPS server binds; 0 lets the system choose one, see `MediaServer.boundSecurePort()`.
  public var rtmpsPort = 1936
  /// What becomes of an encoder that publishes a stream which another still feeds.
  public var takeover = Takeover.always
  /// With `Takeover.silent`: an encoder that has sent nothing for as long may be replaced.
  public var silenceSeconds: Int64 = 3

  /// Whether a second encoder with the same key replaces the first.
  public enum Takeover: String, Sendable, CaseIterable {
    /// It does: an encoder that lost its network comes back before anybody noticed that it was gone.
    case always
    /// It does if the first has been silent for `silenceSeconds`.
    case silent
    /// It is refused as long as the first is connected.
    case never
  }

  /// RTMP connections open at once, publishing or not.
  public var connectionsMax = 1_000
  /// RTMP connections open at once from one address. Encoders behind one office share it.
  public var connectionsPerAddressMax = 64
  /// From accepted connection to `publish`; a port scanner is gone after it.
  public var handshakeSeconds: Int64 = 10
  /// A publisher that sends no picture and no sound for as long is cut, and its grace begins.
  public var stallSeconds: Int64 = 10
  /// How long a stream waits for its encoder to come back before it ends for its viewers.
  public var graceSeconds: Int64 = 30
  /// How long an ended stream still answers, so that every player reads its end.
  public var endedSeconds: Int64 = 60
  /// Bytes of one frame. A 4K keyframe at a very high rate has about 2 MB.
  public var frameBytesMax = 8 << 20
  /// Bytes of one RTMP message. A frame is one message, so this is to be more than `frameBytesMax`.
  public var messageBytesMax = ChunkDecoder.usualMessageBytesMax
  /// RTMP messages per second a publisher may send, averaged over five seconds. Pictures and sound make about 200.
  public var messagesPerSecondMax = 2_000
  /// Bits per second a publisher may send, averaged over five seconds.
  public var bitrateMax = 60_000_000

  /// Browsers that broadcast at once.
  public var broadcastsMax = 200
  /// ffmpegs that turn browsers' recordings into streams, at once.
  public var transcodersMax = 8

  /// Length of an LL-HLS part that is aimed for. The declared PART-TARGET is the nearest whole number of frames.
  public var partMilliseconds: Int64 = 200
  /// A segment ends at the first keyframe after it is as long.
  public var segmentMilliseconds: Int64 = 1_000
  /// Length of a media playlist. Never less than four target durations.
  public var windowSeconds: Int64 = 16
  /// How far a reader of the fragment stream may fall behind before it skips to the next keyframe.
  public var readerLagMilliseconds: Int64 = 2_000
  /// Fragment streams open at once per stream.
  public var readersMax = 10_000
  /// Held requests (blocking reloads, hinted parts) at once per stream.
  public var waitersMax = 20_000
  /// Of these, from one address (an IPv6 address counts by its /64). A whole carrier's customers may share one.
  public var waitersPerAddressMax = 2_000
  /// What happened in the show, in its playlists: the newest so many.
  public var dateRangesMax = 64
  /// How long a request waits for a stream that is connected but has no picture or no first segment yet.
  public var readyWaitSeconds: Int64 = 12

  /// Targets that streams are pushed on to at once, of all streams together.
  public var relaysMax = 100
  /// Bytes that may wait for one target. What is more is left out, up to the next keyframe.
  public var relayQueueBytesMax = 8 << 20
  /// How long a target may take to connect, and then to let us publish.
  public var relayAnswerSeconds: Int64 = 10
  /// A target that takes nothing for as long is connected to anew.
  public var relayStallSeconds: Int64 = 10
  /// The longest pause between two attempts.
  public var relayRetrySecondsMax: Int64 = 60
  /// Whether a target may be in a private network, or this machine itself. Off, so that a seller's address is no way
  /// into the network this program runs in.
  public var relaysToPrivateAddresses = false
  /// PEM file with certificates that a target's may be signed by, besides those the system trusts; nil for none.
  public var relayAuthoritiesPath: String?

  /// Address that SRT is listened for on.
  public var srtHost = "0.0.0.0"

  /// Smaller pictures made of every show on air, the largest first; empty for none. Of a codec that not every browser
  /// plays, one of the same size is made as well.
  public var ladder: [LadderRung] = []
  /// Shows of which smaller pictures are made at once.
  public var laddersMax = 4
  /// How far these may be behind before what is missing is given up.
  public var ladderLagMilliseconds: Int64 = 3_000

  public init() {}
}

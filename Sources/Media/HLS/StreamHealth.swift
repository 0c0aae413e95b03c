/// How one of a stream's smaller pictures fares.
public struct RungHealth: Sendable, Equatable {
  /// Pixels of the shorter side.
  public var side: Int
  /// Whether it is being made now.
  public var isMade: Bool
  /// Milliseconds that its newest part is behind the stream's.
  public var lagMilliseconds: Int64
}

/// How a stream fares, for the studio: figures of the last few seconds and advice in sentences.
public struct StreamHealth: Sendable, Equatable {
  public enum State: String, Sendable {
    /// An encoder is connected; no picture yet.
    case waiting
    case live
    /// The encoder is gone; the grace runs.
    case interrupted
    case ended
  }

  public var state: State
  /// What the encoder calls itself, for example `FMLE/3.0 (compatible; FMSc/1.0)` for OBS.
  public var encoder: String
  /// RFC 6381, for example `avc1.64001f`; nil without a picture.
  public var videoCodec: String?
  /// RFC 6381, for example `mp4a.40.2`; nil without sound.
  public var audioCodec: String?
  /// Pixels; 0 until known.
  public var width: Int
  public var height: Int
  /// Over the last five seconds.
  public var bitrateBitsPerSecond: Int
  public var framesPerSecond: Double
  /// Between the last two keyframes; nil before the second.
  public var keyframeIntervalMilliseconds: Int64?
  /// Frames that came in and could not be shown: before a first keyframe, out of time, or malformed.
  public var droppedFrames: Int
  /// Since the newest frame came in; nil before the first.
  public var lastFrameAgeMilliseconds: Int64?
  /// Since this encoder connected; 0 while there is none.
  public var connectedMilliseconds: Int64
  /// How often an encoder took the stream up again.
  public var reconnects: Int
  /// Fragment streams open now.
  public var readers: Int
  /// Smaller pictures that are or were made of it, the largest first.
  public var rungs: [RungHealth]
  /// What the host should change, as sentences; empty when all is well.
  public var warnings: [String]
}

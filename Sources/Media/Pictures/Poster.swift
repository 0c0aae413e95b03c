public import NIOCore

/// What a stream looks like at the moment, as a picture.
public struct Poster: Sendable {
  public enum Size: String, Sendable, CaseIterable {
    /// At most 720 pixels on its shorter side.
    case large = "poster.jpg"
    /// At most 480, for cards.
    case small = "poster-small.jpg"

    var shorterSide: Int {
      switch self {
      case .large: 720
      case .small: 480
      }
    }
  }

  /// Of the picture it shows, on the show's clock.
  public let mediaTimeMilliseconds: Int64
  public let large: ByteBuffer
  public let small: ByteBuffer

  public func bytes(_ size: Size) -> ByteBuffer { size == .large ? large : small }
}

/// Limits of the making of posters, each with its default.
public struct PosterConfiguration: Sendable {
  /// Between two posters of one stream; 0 makes none.
  public var everySeconds: Int64 = 5
  /// Made at once, whatever number of streams comes in: each takes about 0.1 s of a core.
  public var atOnceMax = 1
  /// One that takes longer is given up.
  public var timeoutSeconds: Int64 = 10
  /// Bytes of one picture that is kept.
  public var bytesMax = 2 << 20
  /// Address space of the program that makes them, in MiB.
  public var memoryMebibytes = 1_024
  /// The program, found on the path.
  public var ffmpeg = "ffmpeg"

  public init() {}
}

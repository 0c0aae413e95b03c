internal import NIOCore

/// Picture or sound. A stream has at most one of each.
enum Track: Sendable, Equatable {
  case video
  case audio
}

/// One coded frame, wherever it came from: what every source is turned into, and all that the packager knows of
/// sources.
struct AccessUnit: Sendable, Equatable {
  var track: Track
  /// Decoding time in the source's own milliseconds, modulo 2³².
  var timestamp: UInt32
  /// Presentation time minus decoding time, in milliseconds. Zero for sound.
  var compositionOffset: Int32
  /// Decoding can start here: an IDR picture. True for all sound.
  var isKey: Bool
  /// The frame as an MP4 sample: length-prefixed NAL units, or one raw AAC frame.
  var payload: ByteBuffer
}

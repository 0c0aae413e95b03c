public import NIOCore

/// One picture that can be decoded by itself, as a whole MP4 file of one frame.
public struct Keyframe: Sendable {
  /// On the show's clock.
  public let mediaTimeMilliseconds: Int64
  /// Write them in order.
  public let bytes: [ByteBuffer]
}

extension LiveState {
  var keyframe: Keyframe? {
    guard !hasEnded, let key = ring.lastKey else { return nil }
    let fragment = ring[key]
    guard fragment.track == .video else { return nil }
    return Keyframe(
      mediaTimeMilliseconds: fragment.presentationTime * 1000 / Initialization.ticksPerSecond,
      bytes: [fragment.initialization.bytes, fragment.bytes])
  }
}

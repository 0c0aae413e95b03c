public import NIOCore
internal import Synchronization

/// One version of a playlist, shared by all who read it. What is made of it for all of them, like its gzip, is made
/// once and kept with it.
public final class PlaylistText: Sendable {
  public let bytes: ByteBuffer
  private let made = Mutex<ByteBuffer?>(nil)

  init(_ text: String) { bytes = ByteBuffer(string: text) }

  /// `bytes` as `pack` makes them. Whoever comes first packs; two at the same moment may both do so.
  public func packed(by pack: (ByteBuffer) -> ByteBuffer?) -> ByteBuffer? {
    if let known = made.withLock({ $0 }) { return known }
    guard let packed = pack(bytes) else { return nil }
    made.withLock { $0 = packed }
    return packed
  }
}

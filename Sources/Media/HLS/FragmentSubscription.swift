public import NIOCore

/// The endless fragment stream as one viewer reads it: the initialization segment, every fragment from the last
/// keyframe on, and so on until the stream ends. After a change of encoding a new initialization segment comes in
/// between.
///
/// A reader holds no queue of its own. One that falls more than `MediaConfiguration.readerLagMilliseconds` behind skips
/// to the next keyframe. Iterate once.
public struct FragmentSubscription: AsyncSequence, Sendable {
  public typealias Element = ByteBuffer
  public typealias Failure = Never

  let stream: LiveStream
  let reader: FragmentReader

  public func makeAsyncIterator() -> Iterator { Iterator(stream: stream, reader: reader) }

  public struct Iterator: AsyncIteratorProtocol {
    let stream: LiveStream
    let reader: FragmentReader

    /// Everything there is to write now, as one buffer; nil when the stream has ended or the task was cancelled.
    public mutating func next() async -> ByteBuffer? { await stream.next(for: reader) }

    /// The same; the isolation changes nothing, since a reader belongs to no actor.
    public mutating func next(isolation actor: isolated (any Actor)?) async -> ByteBuffer? {
      await stream.next(for: reader)
    }
  }
}

/// One viewer's place in the fragment stream. When the last reference goes (the response was written or abandoned), the
/// stream forgets it.
final class FragmentReader: Sendable {
  let id: UInt64
  private let leave: @Sendable (UInt64) -> Void

  init(id: UInt64, leave: @escaping @Sendable (UInt64) -> Void) {
    self.id = id
    self.leave = leave
  }

  deinit { leave(id) }
}

/// Wakes whoever looks after the outbox. Give `ring` to `Commerce` as its `changed`, and the bell to `Web`.
public struct Bell: Sendable {
  /// One element, however often it rang since the last was taken.
  let rings: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  public init() {
    (rings, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Does not wait for anything.
  public func ring() { continuation.yield() }
}

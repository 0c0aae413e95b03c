internal import NIOCore
internal import Synchronization

/// One stream as its viewers see it.
public final class LiveStream: Sendable {
  public let id: String

  init(id: String) { self.id = id }

  /// Answers a request for `path` below `/live/<stream>/`, for example `index.m3u8` or `stream`, with its decoded query.
  /// May wait, as LL-HLS asks; cancelling the task ends the wait.
  public func answer(_ path: String, query: [String: String] = [:]) async -> MediaAnswer {
    MediaAnswer(status: 404)
  }

  public func health() -> StreamHealth {
    StreamHealth(
      state: .waiting, encoder: "", videoCodec: nil, audioCodec: nil, width: 0, height: 0, bitrateBitsPerSecond: 0,
      framesPerSecond: 0, keyframeIntervalMilliseconds: nil, droppedFrames: 0, lastFrameAgeMilliseconds: nil,
      connectedMilliseconds: 0, reconnects: 0, readers: 0, warnings: [])
  }

  /// The newest frame's time on the show's clock.
  public func mediaTimeMilliseconds() -> Int64 { 0 }

  func next(for reader: FragmentReader) async -> ByteBuffer? { nil }
}

internal import Foundation
internal import NIOCore

/// What time it is, as the media side asks: durations by a clock that never jumps, dates by the wall clock.
struct MediaClock: Sendable {
  struct Reading: Sendable, Equatable {
    /// Milliseconds since some moment; never goes back.
    var steady: Int64
    /// Milliseconds since 1970, UTC.
    var wall: Int64
  }

  private let read: @Sendable () -> Reading

  init(_ read: @escaping @Sendable () -> Reading) { self.read = read }

  var now: Reading { read() }

  static let system = MediaClock {
    Reading(
      steady: Int64(NIODeadline.now().uptimeNanoseconds / 1_000_000),
      wall: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
  }
}

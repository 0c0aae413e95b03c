import Foundation
import Logging
import NIOCore
import Synchronization

@testable import Media

extension Segment {
  /// A camera's segments, a second each, on the show's clock from `start` milliseconds on.
  static func recorded(_ count: Int, from start: Int64 = 0, size: Int = 100) -> [Segment] {
    var packager = Packager.running(startMilliseconds: start)
    var segmenter = Segmenter(settings: .init())
    var camera = Camera()
    var segments: [Segment] = []
    while segments.count < count {
      for unit in camera.next() {
        for fragment in packager.receive(unit, at: .init(show: start + Int64(unit.timestamp), wall: 0)) {
          _ = segmenter.append(fragment)
        }
      }
      segments += segmenter.takeFinished()
    }
    return segments
  }
}

/// A disk that can be made to fail, or to hold every write until it is let go.
final class MoodyDisk: Sendable {
  struct Full: Error, CustomStringConvertible {
    var description: String { "writing: No space left on device" }
  }

  private struct Mood {
    var isFull = false
    var isStuck = false
    var free = Int64.max
  }

  private let mood = Mutex(Mood())
  private let lock = NSCondition()

  var isFull: Bool {
    get { mood.withLock { $0.isFull } }
    set { mood.withLock { $0.isFull = newValue } }
  }

  var free: Int64 {
    get { mood.withLock { $0.free } }
    set { mood.withLock { $0.free = newValue } }
  }

  var isStuck: Bool {
    get { mood.withLock { $0.isStuck } }
    set {
      mood.withLock { $0.isStuck = newValue }
      lock.lock()
      lock.broadcast()
      lock.unlock()
    }
  }

  var disk: RecordingDisk {
    RecordingDisk(
      write: { [self] file, bytes, offset in
        lock.lock()
        while isStuck { lock.wait() }
        lock.unlock()
        if isFull {
          // As a full disk does: some of it is written.
          let some = bytes.getSlice(at: bytes.readerIndex, length: bytes.readableBytes / 2) ?? bytes
          try RecordingDisk.system.write(file, some, offset)
          throw Full()
        }
        try RecordingDisk.system.write(file, bytes, offset)
      }, sync: { _ in }, free: { [self] _ in free })
  }
}

extension Recordings {
  static func scratch(_ scratch: Scratch, queueBytesMax: Int = 1 << 20, disk: RecordingDisk = .system) -> Recordings {
    var configuration = RecordingConfiguration()
    configuration.directory = scratch.directory.path
    configuration.queueBytesMax = queueBytesMax
    return Recordings(configuration: configuration, logger: Logger(label: "test") { _ in LogLines() }, disk: disk)
  }

  /// Waits until the index is as it should be; the test's time limit ends it.
  @discardableResult
  func index(of id: String, when isGood: (RecordingIndex) -> Bool) async throws -> RecordingIndex {
    while true {
      if let index = try await index(of: id), isGood(index) { return index }
      try await Task.sleep(for: .milliseconds(5))
    }
  }
}

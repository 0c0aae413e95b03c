internal import Foundation
internal import NIOCore

/// What recordings and clips take on disk, and what is left.
public struct RecordingRoom: Sendable, Equatable {
  public let recordingBytes: Int64
  public let clipBytes: Int64
  /// Of the disk that they are on.
  public let freeBytes: Int64
  public let totalBytes: Int64
}

extension Recordings {
  /// Looks at every file: as seldom as that is enough.
  public func room() async throws -> RecordingRoom {
    let (media, clips) = (configuration.directory, configuration.clipsDirectory)
    return try await blocking {
      let clipBytes = Self.bytes(below: clips)
      let isInside = clips.hasPrefix(media + "/")
      // The directory may not be there yet; what is above it is on the same disk.
      let place = FileManager.default.fileExists(atPath: media) ? media : (media as NSString).deletingLastPathComponent
      var figures = statvfs()
      let isKnown = statvfs(place, &figures) == 0
      let unit = UInt64(figures.f_frsize)
      return RecordingRoom(
        recordingBytes: max(0, Self.bytes(below: media) - (isInside ? clipBytes : 0)), clipBytes: clipBytes,
        freeBytes: isKnown
          ? Int64(clamping: UInt64(figures.f_bavail).multipliedReportingOverflow(by: unit).partialValue) : 0,
        totalBytes: isKnown
          ? Int64(clamping: UInt64(figures.f_blocks).multipliedReportingOverflow(by: unit).partialValue) : 0)
    }
  }

  private static func bytes(below path: String) -> Int64 {
    guard let walk = FileManager.default.enumerator(atPath: path) else { return 0 }
    var sum: Int64 = 0
    for case let name as String in walk {
      var figures = stat()
      guard stat("\(path)/\(name)", &figures) == 0, figures.st_mode & S_IFMT == S_IFREG else { continue }
      sum &+= Int64(figures.st_size)
    }
    return sum
  }
}

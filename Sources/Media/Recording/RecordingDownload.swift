internal import Foundation
public import NIOCore
internal import NIOPosix

/// A recording as one MP4 file, to be read in any order and from any place. Holds one of
/// `RecordingConfiguration.downloadsMax` places, which it gives back when it goes.
public final class RecordingDownload: Sendable {
  /// Bytes of the whole file.
  public var length: Int64 { plan.length }
  private let plan: DownloadPlan
  private let recordings: Recordings
  private let id: String

  /// Takes a place that was entered.
  fileprivate init(_ id: String, _ plan: DownloadPlan, _ recordings: Recordings) {
    self.id = id
    self.plan = plan
    self.recordings = recordings
  }

  deinit { recordings.leaveDownload() }

  /// At most `count` bytes from `place` on; none at the end.
  public func read(at place: Int64, _ count: Int) async throws -> ByteBuffer {
    let head = plan.head
    let headLength = Int64(head.readableBytes)
    if place < headLength {
      let length = min(count, Int(headLength - place))
      return head.getSlice(at: head.readerIndex + Int(place), length: length) ?? ByteBuffer()
    }
    guard let piece = plan.pieces.last(where: { $0.start <= place }), place < piece.start + piece.length else {
      return ByteBuffer()
    }
    let within = place - piece.start
    let length = Int(min(Int64(count), piece.length - within))
    let path = RecordingFiles.dataPath(recordings.directory(of: id), piece.file)
    return try await DownloadThreads.reading.runIfActive {
      let file = try RecordingDisk.open(path, O_RDONLY)
      defer { close(file) }
      return try RecordingDisk.read(file, piece.offset + within, length)
    }
  }
}

extension Recordings {
  /// A recording as one MP4; nil when as many are downloaded as may be, or there is none. Reads the recording once, for
  /// its samples, unless it was downloaded lately.
  public func download(_ id: String) async throws -> RecordingDownload? {
    guard let index = try await index(of: id), enterDownload() else { return nil }
    do {
      return RecordingDownload(id, try await plan(of: id, index), self)
    } catch {
      leaveDownload()
      throw error
    }
  }

  private func plan(of id: String, _ index: RecordingIndex) async throws -> DownloadPlan {
    if let known = knownPlan(of: id, records: index.records) { return known }
    return try await DownloadThreads.planning.runIfActive { [self] in
      // The one before in the line may have been for the same.
      if let known = knownPlan(of: id, records: index.records) { return known }
      let plan = try DownloadPlan(index, directory: directory(of: id))
      keep(plan, of: id)
      return plan
    }
  }
}

/// Downloads have threads of their own, as long as the program runs: whole recordings are read for them, and viewers who
/// watch one, or look back in a show, do not stand behind that. One at a time is planned, since a disk reads one fastest.
private enum DownloadThreads {
  static let planning = started(1)
  static let reading = started(2)

  private static func started(_ count: Int) -> NIOThreadPool {
    let pool = NIOThreadPool(numberOfThreads: count)
    pool.start()
    return pool
  }
}

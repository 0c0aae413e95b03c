internal import Foundation
public import NIOCore

/// A recording as one MP4 file, to be read in any order and from any place. Holds the sample table in memory and one of
/// `RecordingConfiguration.downloadsMax` places, which it gives back when it goes.
public final class RecordingDownload: Sendable {
  /// A stretch of a data file, and where it lies in the download.
  private struct Piece {
    var start: Int64
    var file: UInt32
    var offset: Int64
    var length: Int64
  }

  /// Bytes of the whole file.
  public let length: Int64
  private let head: ByteBuffer
  private let pieces: [Piece]
  private let recordings: Recordings
  private let id: String

  /// Takes a place that was entered; reads the recording once, for its samples.
  fileprivate init(_ id: String, _ index: RecordingIndex, _ recordings: Recordings) throws {
    self.id = id
    self.recordings = recordings
    var files: [UInt32: (start: Int64, end: Int64)] = [:]
    var order: [UInt32] = []
    for segment in index.segments {
      if files[segment.entry.file] == nil { order.append(segment.entry.file) }
      files[segment.entry.file, default: (segment.entry.offset, 0)].end = segment.entry.end
    }
    var pieces: [Piece] = []
    var media: Int64 = 0
    for file in order {
      guard let range = files[file] else { continue }
      pieces.append(Piece(start: media, file: file, offset: range.start, length: range.end - range.start))
      media += range.end - range.start
    }
    let head = try Self.head(index, pieces, directory: recordings.directory(of: id), mediaBytes: media)
    self.head = head
    let headLength = Int64(head.readableBytes)
    self.pieces = pieces.map {
      Piece(start: $0.start + headLength, file: $0.file, offset: $0.offset, length: $0.length)
    }
    length = headLength + media
  }

  deinit { recordings.leaveDownload() }

  private static func head(
    _ index: RecordingIndex, _ pieces: [Piece], directory: String, mediaBytes: Int64
  ) throws -> ByteBuffer {
    var head = ProgressiveHead(duration: index.duration, mediaBytes: mediaBytes)
    var segments = index.segments[...]
    var stretch: (start: Int64, position: Int64) = (0, 0)
    for piece in pieces {
      let file = try RecordingDisk.open(RecordingFiles.dataPath(directory, piece.file), O_RDONLY)
      defer { close(file) }
      let first = try RecordingDisk.read(file, 0, Int(piece.offset))
      let tracks = try FragmentDecoder.tracks(in: first)
      head.begin(tracks)
      while let segment = segments.first, segment.entry.file == piece.file {
        segments.removeFirst()
        if segment.isDiscontinuity || segment.number == 0 { stretch = (segment.entry.start, segment.position) }
        let bytes = try RecordingDisk.read(file, segment.entry.offset, segment.entry.length)
        head.add(
          try FragmentDecoder.samples(in: bytes), at: piece.start + segment.entry.offset - piece.offset, tracks,
          stretchStart: stretch.start, stretchPosition: stretch.position)
      }
    }
    return head.bytes()
  }

  /// At most `count` bytes from `place` on; none at the end.
  public func read(at place: Int64, _ count: Int) async throws -> ByteBuffer {
    let headLength = Int64(head.readableBytes)
    if place < headLength {
      let length = min(count, Int(headLength - place))
      return head.getSlice(at: head.readerIndex + Int(place), length: length) ?? ByteBuffer()
    }
    guard let piece = pieces.last(where: { $0.start <= place }), place < piece.start + piece.length else {
      return ByteBuffer()
    }
    let within = place - piece.start
    let length = Int(min(Int64(count), piece.length - within))
    let path = RecordingFiles.dataPath(recordings.directory(of: id), piece.file)
    return try await recordings.blocking {
      let file = try RecordingDisk.open(path, O_RDONLY)
      defer { close(file) }
      return try RecordingDisk.read(file, piece.offset + within, length)
    }
  }
}

extension Recordings {
  /// A recording as one MP4; nil when as many are downloaded as may be, or there is none.
  public func download(_ id: String) async throws -> RecordingDownload? {
    guard let index = try await index(of: id), enterDownload() else { return nil }
    do {
      return try await blocking { [self] in try RecordingDownload(id, index, self) }
    } catch {
      leaveDownload()
      throw error
    }
  }
}

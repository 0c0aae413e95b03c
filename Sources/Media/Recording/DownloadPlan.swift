internal import Foundation
internal import NIOCore

/// How a recording becomes one MP4 file: its head, with the sample table, and where the bytes behind it lie.
final class DownloadPlan: Sendable {
  /// A stretch of a data file, and where it lies in the download.
  struct Piece {
    var start: Int64
    var file: UInt32
    var offset: Int64
    var length: Int64
  }

  let head: ByteBuffer
  let pieces: [Piece]
  /// Bytes of the whole file.
  let length: Int64
  /// Records of the index it was made of: an index that has grown wants another.
  let records: Int

  /// Reads the whole recording once, for its samples.
  init(_ index: RecordingIndex, directory: String) throws {
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
    let head = try Self.head(index, pieces, directory: directory, mediaBytes: media)
    self.head = head
    let headLength = Int64(head.readableBytes)
    self.pieces = pieces.map {
      Piece(start: $0.start + headLength, file: $0.file, offset: $0.offset, length: $0.length)
    }
    length = headLength + media
    records = index.records
  }

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
}

internal import Foundation
internal import NIOCore

/// What `verify` found of one recording.
public struct RecordingReport: Sendable, Equatable {
  public var id: String
  public var summary: RecordingSummary?
  public var files = 0
  /// What is not as the index says, as sentences; empty when all is well.
  public var differences: [String] = []
  /// What is no difference but worth knowing: a gap, a tail that the next start cuts off.
  public var notes: [String] = []
}

extension Recordings {
  /// More differences than this are not told one by one.
  private static let differencesMax = 20

  /// Reads every byte of a recording and compares it with the index: checksums, sizes, and whether each segment follows
  /// from the one before. Changes nothing. May run beside a server that records.
  public func verify(_ id: String) async throws -> RecordingReport {
    let directory = directory(of: id)
    return try await blocking {
      var report = try Self.verify(id, directory)
      for side in Self.rungs(in: directory) {
        let folder = Playlist.Names.folder(ofRung: side)
        let rung = try Self.verify(id, "\(directory)/\(folder)")
        report.differences += rung.differences.map { "\(folder): \($0)" }
        report.notes += rung.notes.map { "\(folder): \($0)" }
      }
      return report
    }
  }

  private static func verify(_ id: String, _ directory: String) throws -> RecordingReport {
    var report = RecordingReport(id: id)
    func differs(_ sentence: String) {
      if report.differences.count < differencesMax { report.differences.append(sentence) }
    }
    let path = "\(directory)/\(RecordingFiles.indexName)"
    guard let size = RecordingDisk.size(path) else {
      differs("there is no index")
      return report
    }
    let file = try RecordingDisk.open(path, O_RDONLY)
    defer { close(file) }
    let entries = RecordingIndex.read(try RecordingDisk.read(file, 0, Int(clamping: size)))
    let torn = size - Int64(entries.count * RecordingEntry.bytes)
    // One write may be under way, or have been cut short by a crash; more than that is rot.
    if torn >= Int64(4 * RecordingEntry.bytes) {
      differs("\(torn) bytes of the index cannot be read, after record \(entries.count)")
    } else if torn > 0 {
      report.notes.append("the index has a torn tail of \(torn) bytes")
    }
    let index = RecordingIndex(entries)
    report.summary = index.summary
    report.files = index.initializations.count
    for gap in index.gaps {
      report.notes.append(
        "\(gap.lost) segments are missing at \(gap.start / 90) ms: they could not be written, or were not made")
    }
    let byFile = Dictionary(grouping: entries.filter { $0.kind != .gap }, by: \.file)
    for (file, entries) in byFile.sorted(by: { $0.key < $1.key }) {
      let found = try compare(entries, withFile: file, in: directory)
      for sentence in found.differences { differs(sentence) }
      guard let tail = found.tail else { continue }
      if file == index.lastFile { report.notes.append(tail) } else { differs(tail) }
    }
    for (before, after) in zip(index.segments, index.segments.dropFirst()) {
      let step = after.entry.start - before.entry.start - before.entry.duration
      if step < -Initialization.ticksPerSecond / 10 {
        differs("segment \(after.number) begins \(-step / 90) ms before the one before it ends")
      } else if step > Initialization.ticksPerSecond / 10, !after.isDiscontinuity {
        differs("\(step / 90) ms are missing before segment \(after.number), and no gap is noted")
      }
    }
    return report
  }

  private static func compare(
    _ entries: [RecordingEntry], withFile number: UInt32, in directory: String
  ) throws -> (differences: [String], tail: String?) {
    let path = RecordingFiles.dataPath(directory, number)
    guard let size = RecordingDisk.size(path) else { return (["\(number).mp4 is missing"], nil) }
    let file = try RecordingDisk.open(path, O_RDONLY)
    defer { close(file) }
    let end = entries.last?.end ?? 0
    var differences: [String] = []
    if size < end { differences.append("\(number).mp4 has \(size) bytes and should have \(end)") }
    for entry in entries {
      let bytes = try RecordingDisk.read(file, entry.offset, entry.length)
      guard bytes.readableBytes != entry.length || Checksum.of(bytes) != entry.checksum else { continue }
      differences.append("\(number).mp4 differs from its checksum at \(entry.offset), \(entry.length) bytes")
    }
    return (differences, size > end ? "\(number).mp4 has \(size - end) bytes that no record speaks of" : nil)
  }
}

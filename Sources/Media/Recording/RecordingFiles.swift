internal import Foundation
internal import NIOCore

/// One recording on disk, open for writing: `recording.index` and the data files `1.mp4`, `2.mp4` … beside it, each an
/// initialization segment and the segments that follow it, as they were on air.
///
/// Belongs to the one thread that writes.
final class RecordingFiles {
  static let indexName = "recording.index"

  /// Records looked at, from the last one back, for bytes that a power cut left unwritten: more than are written
  /// between two syncs.
  static let recordsCheckedMax = 256
  /// A crash leaves no more than what was written since the last sync. More that cannot be read is rot: who looks after
  /// the disk decides, and `haat recordings verify` tells.
  private static let recordsTornMax: Int64 = 16

  private let directory: String
  private let disk: RecordingDisk
  private let indexFile: Int32
  private var dataFile: Int32?
  /// What the data file begins with; another one begins another file.
  private var initialization: Initialization?
  private(set) var index: RecordingIndex

  static func dataPath(_ directory: String, _ file: UInt32) -> String { "\(directory)/\(file).mp4" }

  /// Opens what is there, cut to what is whole, or makes it.
  init(_ directory: String, disk: RecordingDisk) throws {
    self.directory = directory
    self.disk = disk
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    indexFile = try RecordingDisk.open("\(directory)/\(Self.indexName)", O_RDWR | O_CREAT)
    do {
      index = try Self.recover(directory, indexFile)
    } catch {
      close(indexFile)
      throw error
    }
  }

  deinit {
    if let dataFile { close(dataFile) }
    close(indexFile)
  }

  /// Reads the index and cuts what a crash left torn: records that are not whole, and records of bytes that are not
  /// there. What is before them is playable.
  private static func recover(_ directory: String, _ indexFile: Int32) throws -> RecordingIndex {
    let size = RecordingDisk.size("\(directory)/\(indexName)") ?? 0
    var entries = RecordingIndex.read(try RecordingDisk.read(indexFile, 0, Int(clamping: size)))
    guard size / Int64(RecordingEntry.bytes) - Int64(entries.count) < recordsTornMax else {
      throw DiskFault(sentence: "the index cannot be read beyond record \(entries.count); nothing was cut")
    }
    for _ in 0..<recordsCheckedMax {
      guard let last = entries.last, try !isWhole(last, in: directory) else { break }
      entries.removeLast()
    }
    guard ftruncate(indexFile, off_t(entries.count * RecordingEntry.bytes)) == 0 else {
      throw DiskFault("cutting the index")
    }
    let index = RecordingIndex(entries)
    if index.lastFile > 0 { _ = truncate(dataPath(directory, index.lastFile), off_t(index.lastFileEnd)) }
    return index
  }

  /// Throws when that cannot be found out: too many open files, or a disk in trouble, is no reason to cut anything.
  private static func isWhole(_ entry: RecordingEntry, in directory: String) throws -> Bool {
    if entry.kind == .gap { return true }
    let path = dataPath(directory, entry.file)
    guard RecordingDisk.size(path) != nil || errno != ENOENT else { return false }
    let file = try RecordingDisk.open(path, O_RDONLY)
    defer { close(file) }
    let bytes = try RecordingDisk.read(file, entry.offset, entry.length)
    return bytes.readableBytes == entry.length && Checksum.of(bytes) == entry.checksum
  }

  /// Writes a segment's bytes, and then their record. When it throws, nothing has changed but bytes that no record
  /// speaks of, and the next write goes over them.
  /// - Parameter gap: what was lost before it.
  func append(_ segment: Segment, after gap: RecordingEntry?) throws {
    guard let bytes = segment.bytes else { return }
    var grown = index
    var records = ByteBuffer()
    func note(_ entry: RecordingEntry, in index: inout RecordingIndex) throws {
      guard index.append(entry) else { throw DiskFault(sentence: "the recording has as many files as it may") }
      entry.write(to: &records)
    }
    if let gap { try note(gap, in: &grown) }
    var file = dataFile
    if initialization !== segment.initialization || file == nil {
      let number = grown.lastFile + 1
      let fresh = try RecordingDisk.open(Self.dataPath(directory, number), O_RDWR | O_CREAT | O_TRUNC)
      do {
        let head = segment.initialization.bytes
        try disk.write(fresh, head, 0)
        try note(
          RecordingEntry(
            kind: .initialization, file: number, length: head.readableBytes, start: max(0, segment.start),
            checksum: Checksum.of(head)), in: &grown)
      } catch {
        close(fresh)
        throw error
      }
      file = fresh
    }
    guard let file else { return }
    do {
      try disk.write(file, bytes, grown.lastFileEnd)
      try note(
        RecordingEntry(
          kind: .segment, file: grown.lastFile, offset: grown.lastFileEnd, length: bytes.readableBytes,
          start: max(0, segment.start), duration: segment.duration, isIndependent: segment.isIndependent,
          checksum: Checksum.of(bytes)), in: &grown)
      try disk.write(indexFile, records, Int64(index.records * RecordingEntry.bytes))
    } catch {
      if file != dataFile { close(file) }
      throw error
    }
    if let dataFile, dataFile != file {
      try? disk.sync(dataFile)
      close(dataFile)
    }
    dataFile = file
    initialization = segment.initialization
    index = grown
  }

  /// Notes what was lost since the last segment. When it throws, nothing has changed.
  func append(gap: RecordingEntry) throws {
    var grown = index
    guard grown.append(gap) else { throw DiskFault(sentence: "more is lost than an index can say") }
    var record = ByteBuffer()
    gap.write(to: &record)
    try disk.write(indexFile, record, Int64(index.records * RecordingEntry.bytes))
    index = grown
  }

  /// First the bytes, then the records that speak of them.
  func sync() throws {
    if let dataFile { try disk.sync(dataFile) }
    try disk.sync(indexFile)
  }
}

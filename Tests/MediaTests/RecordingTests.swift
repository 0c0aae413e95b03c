import Foundation
import NIOCore
import Testing

@testable import Media

@Suite struct RecordingTests {
  @Test func `records that are right one by one and too much together are not read`() {
    let long = RecordingEntry.ticksMax
    var buffer = ByteBuffer()
    RecordingEntry(kind: .initialization, file: 1, length: 10).write(to: &buffer)
    for number in 0..<3_000 {
      RecordingEntry(kind: .gap, start: 0, duration: long, lost: .max).write(to: &buffer)
      RecordingEntry(kind: .segment, file: 1, offset: 10 + Int64(number), length: 1, duration: long).write(to: &buffer)
    }
    let entries = RecordingIndex.read(buffer)
    #expect(entries.map(\.kind) == [.initialization, .gap, .segment])
    #expect(RecordingIndex(entries).summary?.lostSegments == Int(UInt32.max))
  }

  private static func write(_ segments: [Segment], to directory: String) throws {
    let files = try RecordingFiles(directory, disk: .system)
    for segment in segments { try files.append(segment, after: nil) }
    try files.sync()
  }

  @Test(.timeLimit(.minutes(1)))
  func `an index that rots is told of, and no picture is thrown away`() async throws {
    let scratch = try Scratch()
    let before = Recordings.scratch(scratch)
    before.begin("lamp")
    for segment in Segment.recorded(20, from: 0) { before.offer(segment, of: "lamp") }
    await before.closeAll()
    let media = try Data(contentsOf: scratch.file("lamp/1.mp4"))
    let index = scratch.file("lamp/\(RecordingFiles.indexName)")
    var bytes = try Data(contentsOf: index)
    bytes[8] ^= 0xFF
    try bytes.write(to: index)

    let after = Recordings.scratch(scratch)
    await #expect(throws: DiskFault.self) { try await after.finish("lamp") }
    #expect(try Data(contentsOf: scratch.file("lamp/1.mp4")) == media)
    #expect(try Data(contentsOf: index) == bytes)
  }

  @Test(.timeLimit(.minutes(1)))
  func `what was on air is on disk, byte for byte, and goes on after a restart`() async throws {
    let scratch = try Scratch()
    let first = Segment.recorded(3, from: 5_000)
    let before = Recordings.scratch(scratch)
    before.offer(first[0], of: "lamp")
    #expect(try await before.index(of: "lamp") == nil, "nobody said that it is to be recorded")
    before.begin("lamp")
    for segment in first { before.offer(segment, of: "lamp") }
    await before.closeAll()

    let second = Segment.recorded(2, from: 20_000)
    let after = Recordings.scratch(scratch)
    after.begin("lamp")
    for segment in second { after.offer(segment, of: "lamp") }
    let summary = try #require(try await after.finish("lamp"))
    #expect(summary.startMilliseconds == 5_000 && summary.endMilliseconds == 22_000)
    #expect(summary.durationMilliseconds == 5_000 && summary.segments == 5 && summary.lostSegments == 0)
    #expect(try await after.finish("lamp") == summary)

    let index = try #require(try await after.index(of: "lamp"))
    #expect(index.segments.map(\.number) == [0, 1, 2, 3, 4])
    #expect(index.segments.map(\.isDiscontinuity) == [false, false, false, true, false])
    for (segment, kept) in zip(first + second, index.segments) {
      #expect(try await after.bytes(of: kept.entry, in: "lamp") == segment.bytes)
    }
    let head = try #require(index.initializations[2])
    #expect(try await after.bytes(of: head, in: "lamp") == second[0].initialization.bytes)
    let report = try await after.verify("lamp")
    #expect(report.differences == [] && report.notes == [] && report.files == 2)
  }

  @Test func `cut at any byte, what is left of a recording is whole and goes on`() throws {
    let segments = Segment.recorded(3)
    let scratch = try Scratch()
    let whole = scratch.file("whole").path
    try Self.write(segments, to: whole)
    let index = try Data(contentsOf: URL(filePath: "\(whole)/\(RecordingFiles.indexName)"))
    let data = try Data(contentsOf: URL(filePath: "\(whole)/1.mp4"))
    let entries = RecordingIndex.read(ByteBuffer(bytes: index))
    #expect(entries.count == 4 && entries.last?.end == Int64(data.count))

    func recovered(_ index: Data, _ data: Data) throws -> RecordingIndex {
      let torn = scratch.file(UUID().uuidString).path
      try FileManager.default.createDirectory(atPath: torn, withIntermediateDirectories: true)
      try index.write(to: URL(filePath: "\(torn)/\(RecordingFiles.indexName)"))
      try data.write(to: URL(filePath: "\(torn)/1.mp4"))
      let files = try RecordingFiles(torn, disk: .system)
      let found = files.index
      // What comes next is written behind it, and all of it reads back.
      try files.append(segments[0], after: nil)
      let again = try RecordingFiles(torn, disk: .system)
      #expect(again.index == files.index && again.index.segments.count == found.segments.count + 1)
      return found
    }
    for length in 0...index.count {
      let found = try recovered(index.prefix(length), data)
      #expect(found == RecordingIndex(entries.prefix(length / RecordingEntry.bytes)))
    }
    for length in stride(from: 0, through: data.count, by: 211) {
      let found = try recovered(index, data.prefix(length))
      #expect(found == RecordingIndex(entries.prefix { $0.end <= Int64(length) }))
    }
    // A power cut may leave zeros where the last bytes should be.
    var zeros = data
    zeros.replaceSubrange((data.count - 50)..., with: Data(count: 50))
    #expect(try recovered(index, zeros).segments.count == 2)
  }

  @Test func `random bytes are no index, and do no harm`() {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<500 {
      let noise = random.bytes(Int.random(in: 0...400, using: &random))
      #expect(RecordingIndex.read(ByteBuffer(bytes: noise)).isEmpty)
    }
    var record = ByteBuffer()
    RecordingEntry(kind: .initialization, file: 1, length: 10).write(to: &record)
    for bit in 0..<(record.readableBytes * 8) {
      var flipped = record
      let place = bit / 8
      flipped.setInteger((record.getInteger(at: place, as: UInt8.self) ?? 0) ^ (1 << (bit % 8)), at: place)
      #expect(RecordingIndex.read(flipped).isEmpty)
    }
    #expect(RecordingIndex.read(record).count == 1)
  }

  @Test(.timeLimit(.minutes(1)))
  func `a full disk leaves a gap in the recording, and the rest is recorded when there is room again`() async throws {
    let scratch = try Scratch()
    let disk = MoodyDisk()
    let recordings = Recordings.scratch(scratch, disk: disk.disk)
    let segments = Segment.recorded(6)
    recordings.begin("lamp")
    recordings.offer(segments[0], of: "lamp")
    recordings.offer(segments[1], of: "lamp")
    try await recordings.index(of: "lamp") { $0.segments.count == 2 }
    disk.isFull = true
    recordings.offer(segments[2], of: "lamp")
    while recordings.trouble(of: "lamp") == nil { try await Task.sleep(for: .milliseconds(5)) }
    #expect(recordings.trouble(of: "lamp") == "writing: No space left on device")
    disk.isFull = false
    disk.free = 0
    recordings.offer(segments[3], of: "lamp")
    while recordings.trouble(of: "lamp")?.contains("freeBytesMin") != true {
      try await Task.sleep(for: .milliseconds(5))
    }
    disk.free = .max
    recordings.offer(segments[4], of: "lamp")
    recordings.offer(segments[5], of: "lamp")
    let index = try await recordings.index(of: "lamp") { $0.segments.count == 4 }
    #expect(recordings.trouble(of: "lamp") == nil)
    #expect(index.gaps.map(\.lost) == [2] && index.gaps.map(\.start) == [180_000] && index.gaps[0].duration == 180_000)
    #expect(index.segments.map(\.isDiscontinuity) == [false, false, true, false])
    let summary = try #require(try await recordings.finish("lamp"))
    #expect(summary.lostSegments == 2 && summary.lostMilliseconds == 2_000 && summary.durationMilliseconds == 4_000)
    let report = try await recordings.verify("lamp")
    #expect(report.differences == [] && report.notes.count == 1)
  }

  @Test(.timeLimit(.minutes(1)))
  func `a disk that stands still holds up nobody, and costs only what does not fit the queue`() async throws {
    let scratch = try Scratch()
    let disk = MoodyDisk()
    let segments = Segment.recorded(8)
    let size = try #require(segments[0].bytes?.readableBytes)
    let recordings = Recordings.scratch(scratch, queueBytesMax: size * 3 + size / 2, disk: disk.disk)
    recordings.begin("lamp")
    disk.isStuck = true
    // The first is in the writer's hands or in the queue; in either case no more than four can be kept.
    for segment in segments.dropLast() { recordings.offer(segment, of: "lamp") }
    disk.isStuck = false
    while recordings.trouble(of: "lamp") == nil { try await Task.sleep(for: .milliseconds(5)) }
    recordings.offer(segments[7], of: "lamp")
    let index = try await recordings.index(of: "lamp") { $0.segments.last?.entry.start == segments[7].start }
    #expect((4...5).contains(index.segments.count) && index.gaps.count == 1)
    #expect(index.segments.count + Int(index.gaps[0].lost) == 8)
    #expect(try await recordings.finish("lamp")?.lostSegments == Int(index.gaps[0].lost))
  }

  @Test(.timeLimit(.minutes(1)))
  func `verify finds what is not as it was written`() async throws {
    let scratch = try Scratch()
    let directory = scratch.file("lamp").path
    try Self.write(Segment.recorded(3), to: directory)
    let recordings = Recordings.scratch(scratch)
    let data = URL(filePath: "\(directory)/1.mp4")
    let bytes = try Data(contentsOf: data)
    #expect(try await recordings.verify("lamp").differences == [])

    var rotten = bytes
    rotten[bytes.count / 2] ^= 1
    try rotten.write(to: data)
    #expect(try await recordings.verify("lamp").differences.first?.contains("differs from its checksum") == true)
    try bytes.dropLast(10).write(to: data)
    #expect(try await recordings.verify("lamp").differences.first?.contains("and should have") == true)
    try FileManager.default.removeItem(at: data)
    #expect(try await recordings.verify("lamp").differences == ["1.mp4 is missing"])
    try bytes.write(to: data)
    let index = URL(filePath: "\(directory)/\(RecordingFiles.indexName)")
    try (Data(contentsOf: index) + Data(count: 20)).write(to: index)
    #expect(try await recordings.verify("lamp").notes == ["the index has a torn tail of 20 bytes"])
    try FileManager.default.removeItem(at: index)
    #expect(try await recordings.verify("lamp").differences == ["there is no index"])
  }

  @Test(.timeLimit(.minutes(1)))
  func `a name that leads elsewhere names no recording`() async throws {
    let recordings = Recordings.scratch(try Scratch())
    for name in ["", "..", "a/b", "../x", String(repeating: "a", count: 65), "é"] {
      recordings.begin(name)
      #expect(!recordings.isRecording(name))
      #expect(try await recordings.index(of: name) == nil)
    }
  }
}

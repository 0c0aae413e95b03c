import Foundation
import NIOCore
import Testing

@testable import Media

/// How a recording ends when its disk, or its show, is in the way.
@Suite(.timeLimit(.minutes(1))) struct RecordingEndTests {
  @Test func `what is lost at the very end is noted as a gap`() async throws {
    let scratch = try Scratch()
    let disk = MoodyDisk()
    let recordings = Recordings.scratch(scratch, disk: disk.disk)
    let segments = Segment.recorded(4)
    recordings.begin("lamp")
    for segment in segments.prefix(2) { recordings.offer(segment, of: "lamp") }
    try await recordings.index(of: "lamp") { $0.segments.count == 2 }
    disk.free = 0
    for segment in segments.suffix(2) { recordings.offer(segment, of: "lamp") }
    let summary = try #require(try await recordings.finish("lamp"))
    #expect(summary.segments == 2 && summary.lostSegments == 2 && summary.lostMilliseconds == 2_000)
    let index = try #require(try await Recordings.scratch(scratch).index(of: "lamp"))
    #expect(index.gaps.map(\.start) == [180_000] && index.gaps.map(\.duration) == [180_000])
    #expect(try await recordings.verify("lamp").differences == [])
  }

  @Test func `what even the note found no room for is told, and noted when there is room`() async throws {
    let scratch = try Scratch()
    let disk = MoodyDisk()
    let recordings = Recordings.scratch(scratch, disk: disk.disk)
    let segments = Segment.recorded(3)
    recordings.begin("lamp")
    for segment in segments.prefix(2) { recordings.offer(segment, of: "lamp") }
    try await recordings.index(of: "lamp") { $0.segments.count == 2 }
    disk.isFull = true
    recordings.offer(segments[2], of: "lamp")
    let told = try await recordings.finish("lamp")
    #expect(told?.lostSegments == 1)
    #expect(try await Recordings.scratch(scratch).index(of: "lamp")?.gaps == [])
    disk.isFull = false
    #expect(try await recordings.finish("lamp") == told)
    #expect(try await Recordings.scratch(scratch).index(of: "lamp")?.gaps.map(\.lost) == [1])
    #expect(try await recordings.finish("lamp") == told)
  }

  @Test func `a show of which nothing could be written has no recording, and no gap in one`() async throws {
    let scratch = try Scratch()
    let disk = MoodyDisk()
    disk.isFull = true
    let recordings = Recordings.scratch(scratch, disk: disk.disk)
    recordings.begin("lamp")
    for segment in Segment.recorded(2) { recordings.offer(segment, of: "lamp") }
    #expect(try await recordings.finish("lamp") == nil)
    #expect(try await recordings.all() == [])
  }

  @Test func `a recording whose volume is not there is not taken for an empty one`() async throws {
    let scratch = try Scratch()
    let recordings = Recordings.scratch(scratch)
    recordings.begin("lamp")
    for segment in Segment.recorded(2) { recordings.offer(segment, of: "lamp") }
    await recordings.closeAll()
    let volume = scratch.file("lamp").path
    try FileManager.default.moveItem(atPath: volume, toPath: volume + "-elsewhere")

    let after = Recordings.scratch(scratch)
    await #expect(throws: DiskFault.self) { try await after.finish("lamp", isExpected: true) }
    #expect(!FileManager.default.fileExists(atPath: volume), "nothing is made where the volume belongs")
    // Nor when it is the program that has it open.
    after.begin("lamp")
    await #expect(throws: DiskFault.self) { try await after.finish("lamp", isExpected: true) }
    try FileManager.default.removeItem(atPath: volume)
    try FileManager.default.moveItem(atPath: volume + "-elsewhere", toPath: volume)
    #expect(try await after.finish("lamp", isExpected: true)?.segments == 2)
  }

  @Test func `a recording does not begin again after its show has ended`() async throws {
    let recordings = Recordings.scratch(try Scratch())
    recordings.begin("lamp")
    for segment in Segment.recorded(2) { recordings.offer(segment, of: "lamp") }
    let summary = try #require(try await recordings.finish("lamp"))
    // The show ends between the moment at which its key was looked up and the one at which it would be recorded.
    #expect(try await !recordings.begin("lamp") { false })
    #expect(!recordings.isRecording("lamp"))
    #expect(try await recordings.finish("lamp") == summary)

    #expect(try await recordings.begin("brass") { true })
    #expect(recordings.isRecording("brass"))
    struct Gone: Error {}
    await #expect(throws: Gone.self) { try await recordings.begin("clay") { throw Gone() } }
    #expect(!recordings.isRecording("clay"))
  }
}

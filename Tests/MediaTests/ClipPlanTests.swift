import Testing

@testable import Media

/// Which bytes of a recording a clip is made from.
@Suite struct ClipPlanTests {
  /// Two seconds a segment from `start` milliseconds on, 1,000 bytes each; every other one begins with a keyframe.
  private static func entries(file: UInt32, from start: Int64, _ count: Int) -> [RecordingEntry] {
    var head = RecordingEntry(kind: .initialization)
    (head.file, head.length) = (file, 100)
    let segments = (0..<count).map { number in
      var entry = RecordingEntry(kind: .segment)
      (entry.file, entry.offset, entry.length) = (file, 100 + Int64(number) * 1_000, 1_000)
      (entry.start, entry.duration) = (start * 90 + Int64(number) * 180_000, 180_000)
      entry.isIndependent = number % 2 == 0
      return entry
    }
    return [head] + segments
  }

  /// From 1 s to 21 s, then away, and from 30 s to 50 s by another encoder.
  private static let index = RecordingIndex(entries(file: 1, from: 1_000, 10) + entries(file: 2, from: 30_000, 10))

  @Test func `a stretch is read from the keyframe before it to the end of its last segment`() throws {
    let plan = try ClipPlan(Self.index, from: 8_500, until: 12_000)
    #expect(plan.file == 1 && plan.initialization == Self.index.initializations[1])
    // 8.5 s is in the segment of 7 s, which needs that of 5 s; 12 s in that of 11 s.
    #expect(plan.bytes == 2_100..<6_100)
    #expect(plan.lead == 3_500 * 90 && plan.duration == 3_500 * 90)
    let second = try ClipPlan(Self.index, from: 30_000, until: 50_000)
    #expect(second.file == 2 && second.bytes == 100..<10_100 && second.lead == 0)
  }

  @Test func `a stretch that was interrupted is refused with the moment`() {
    #expect(throws: ClipPlan.Fault.interrupted(atMilliseconds: 30_000)) {
      try ClipPlan(Self.index, from: 15_000, until: 35_000)
    }
    #expect(throws: ClipPlan.Fault.interrupted(atMilliseconds: 25_000)) {
      try ClipPlan(Self.index, from: 25_000, until: 35_000)
    }
  }

  @Test(arguments: [(500, 5_000), (45_000, 50_001), (5_000, 5_000), (9_000, 5_000), (-1, 5_000), (0, .max)])
  func `what was not recorded is refused`(from: Int64, until: Int64) {
    #expect(throws: ClipPlan.Fault.outside) { try ClipPlan(Self.index, from: from, until: until) }
    #expect(throws: ClipPlan.Fault.outside) { try ClipPlan(RecordingIndex(), from: 1_000, until: 5_000) }
  }
}

import NIOCore
import Testing

@testable import Media

/// Encoders' clocks do what they like; the playlist keeps its rules, and viewers the picture.
@Suite(.timeLimit(.minutes(1))) struct SourceClockTests {
  /// - Parameters:
  ///   - shift: added to the camera's time, modulo 2³².
  private func film(
    _ stage: Stage, _ camera: inout Camera, by publisher: UInt64, milliseconds: Int64, shift: UInt32,
    _ checker: StreamChecker
  ) async throws {
    let end = camera.time + milliseconds
    while camera.time < end {
      let before = camera.time
      for var unit in camera.next() {
        unit.timestamp &+= shift
        stage.stream.receive(.unit(unit), from: publisher)
      }
      stage.time.advance(milliseconds: camera.time - before)
      if camera.time > 1_500 { try await checker.check(stage) }
    }
  }

  @Test(
    arguments: [
      ("wraps", UInt32.max - 2_999, UInt32.max - 2_999, 0), ("jumps an hour forward", 0, 3_600_000, 1),
      ("jumps an hour back", 4_000_000, 400_000, 1), ("jumps back half the circle", 1 << 31, 0, 1),
      ("leaves three seconds out", 1_000, 4_000, 1), ("leaves a second out", 1_000, 2_000, 0),
    ])
  func `a clock that does not run straight costs at most one discontinuity`(
    what: String, before: UInt32, after: UInt32, discontinuities: Int
  ) async throws {
    let stage = Stage()
    let checker = StreamChecker()
    let publisher = try #require(stage.connect())
    var camera = Camera()
    try await film(stage, &camera, by: publisher, milliseconds: 5_000, shift: before, checker)
    try await film(stage, &camera, by: publisher, milliseconds: 6_000, shift: after, checker)
    #expect(checker.whole.discontinuities == discontinuities)
    #expect(stage.stream.health().state == .live)
    stage.stream.end(reason: "test")
    try await checker.check(stage)
  }

  @Test(arguments: [true, false])
  func `sound alone and a picture alone keep the rules when the clock wraps`(hasPicture: Bool) async throws {
    let stage = Stage()
    let checker = StreamChecker()
    let publisher = try #require(
      stage.stream.attach(encoder: "test", mediaTimeMilliseconds: 60_000) { _ in })
    stage.stream.receive(hasPicture ? .video(.small) : .audio(.aac48), from: publisher)
    for frame in 0..<330 {
      let time = (UInt32.max - 3_000) &+ UInt32(hasPicture ? frame * 1000 / 30 : frame * 1024 / 48)
      let unit: AccessUnit = hasPicture ? .picture(time, key: frame % 30 == 0) : .sound(time)
      stage.stream.receive(.unit(unit), from: publisher)
      stage.time.advance(milliseconds: hasPicture ? (frame % 3 == 0 ? 34 : 33) : (frame % 3 == 0 ? 22 : 21))
      if frame > 200 { try await checker.check(stage) }
    }
    #expect(checker.whole.discontinuities == 0 && checker.whole.segments.count >= 3)
    #expect(stage.stream.health().videoCodec == (hasPicture ? "avc1.42c00d" : nil))
  }
}

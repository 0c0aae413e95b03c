import Foundation
import Logging
import NIOCore
import Testing

@testable import Media

/// Smaller pictures, made by a real ffmpeg of a real encoder's stream.
@Suite(.serialized) struct LadderTests {
  private static var configuration: MediaConfiguration {
    var configuration = MediaConfiguration()
    configuration.ladder = [LadderRung(side: 240, kilobits: 500), LadderRung(side: 144, kilobits: 200)]
    configuration.windowSeconds = 60
    return configuration
  }

  /// This process's own ffmpegs that make smaller pictures.
  private static let ladders = ["-P", "\(getpid())", "-f", "force_key_frames source"]

  private static func text(_ stream: LiveStream, _ path: String, _ query: [String: String] = [:]) async -> String {
    guard case .buffers(let buffers) = await stream.answer(path, query: query).body else { return "" }
    return buffers.map { String(buffer: $0) }.joined()
  }

  private static func until(_ isSo: () async throws -> Bool) async throws {
    while try await !isSo() { try await Task.sleep(for: .milliseconds(20)) }
  }

  /// Every variant's reloads, held against the rules of LL-HLS and against the stream's own. Used by one at a time.
  private final class Variants: @unchecked Sendable {
    let main = PlaylistChecker()
    let rungs = ["240p": PlaylistChecker(), "144p": PlaylistChecker()]
    private let stream: LiveStream

    init(_ stream: LiveStream) { self.stream = stream }

    func check() async throws {
      // The rungs first: they are never ahead of what is read of the stream after them.
      for (name, rung) in rungs {
        let text = await LadderTests.text(stream, "\(name).m3u8")
        if !text.isEmpty { #expect(rung.take(text) == [], "\(name): \(text)") }
      }
      let text = await LadderTests.text(stream, "live.m3u8")
      #expect(main.take(text) == [], "\(text)")
      for rung in rungs.values {
        guard let newest = rung.newest, let whole = main.newest else { continue }
        #expect(newest.target == whole.target && newest.partTarget == whole.partTarget)
        #expect(newest.control == whole.control)
        #expect(newest.discontinuity >= whole.discontinuity)
        for segment in newest.segments {
          guard let same = main.segments[segment.sequence] else { continue }
          #expect(segment.duration == same.duration && segment.date == same.date)
          #expect(segment.isDiscontinuity == same.isDiscontinuity)
        }
      }
    }

    /// Until so many more segments of the stream are there.
    func film(_ count: Int) async throws {
      let end = (main.segments.keys.max() ?? 0) + count
      try await LadderTests.until {
        try await check()
        return main.segments.keys.max() ?? 0 >= end
      }
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func `rungs follow a stream whose encoder comes back with another size and whose ffmpeg is killed`() async throws {
    let scratch = try Scratch()
    try await withServer(Self.configuration) { server, port, news in
      let publish = { (size: String) in FFmpegTests.publish(port, key: "good-lamp", size: size) }
      let variants = try await whileRunning("/usr/bin/ffmpeg", publish("640x360")) { _ in
        try await news.wait(for: .started("lamp"))
        let stream = try #require(server.stream("lamp"))
        try await Self.until { await Self.text(stream, "index.m3u8").contains("144p.m3u8") }
        let variants = Variants(stream)
        try await variants.film(4)
        let index = await Self.text(stream, "index.m3u8")
        #expect(index.contains("RESOLUTION=426x240,FRAME-RATE=30.000,AUDIO=\"sound\"\n240p.m3u8"))
        #expect(index.contains("RESOLUTION=256x144,FRAME-RATE=30.000,AUDIO=\"sound\"\n144p.m3u8"))
        #expect(!index.contains("BANDWIDTH=1,"))
        #expect(stream.health().rungs.map(\.side) == [240, 144] && stream.health().rungs.allSatisfy(\.isMade))
        // A blocking reload of a rung waits for the rung's own part.
        let last = try #require(variants.rungs["240p"]?.newest)
        let query = ["_HLS_msn": "\(last.last.sequence + 1)", "_HLS_part": "1"]
        let waited = ReadPlaylist(await Self.text(stream, "240p.m3u8", query))
        #expect(waited.problems == [] && waited.last.sequence > last.last.sequence)
        let killed = try await run("/usr/bin/pkill", ["-9"] + Self.ladders)
        #expect(killed.status == 0)
        try await Self.until {
          try await variants.check()
          return variants.rungs["144p"]?.newest?.segments.last?.isGap == true
        }
        try await Self.until {
          try await variants.check()
          return variants.rungs["144p"]?.newest?.segments.last?.isGap == false
        }
        return variants
      }
      let stream = try #require(server.stream("lamp"))
      try await whileRunning("/usr/bin/ffmpeg", publish("480x270")) { _ in
        try await news.wait(for: .resumed("lamp"))
        try await Self.until {
          try await variants.check()
          return variants.rungs["240p"]?.newest?.segments.suffix(2).allSatisfy { !$0.isGap } == true
            && variants.rungs["240p"]?.discontinuities == 1
        }
        server.disconnect("lamp")
      }
      try await Self.until {
        try await variants.check()
        return variants.rungs.values.allSatisfy { $0.newest?.hasEnded == true }
      }
      #expect(variants.rungs.values.allSatisfy { $0.discontinuities == 1 && $0.segments.count > 8 })
      for name in variants.rungs.keys.sorted() {
        try await Self.probe(stream, name, in: scratch)
      }
      try await Self.until { try await run("/usr/bin/pgrep", Self.ladders).status != 0 }
    }
  }

  /// Each segment begins with a keyframe, and ffprobe reads it without a warning; so does ffmpeg the whole.
  private static func probe(_ stream: LiveStream, _ name: String, in scratch: Scratch) async throws {
    let playlist = await text(stream, "\(name).m3u8")
    var map = ""
    var isGap = false
    var probed = 0
    for line in playlist.split(separator: "\n") {
      if line.hasPrefix("#EXT-X-MAP") { map = line.components(separatedBy: "\"")[1] }
      if line.hasPrefix("#EXT-X-GAP") { isGap = true }
      guard !line.hasPrefix("#") else { continue }
      defer { isGap = false }
      let answer = await stream.answer(String(line))
      guard !isGap else {
        #expect(answer.status == 404)
        continue
      }
      let head = await stream.answer(map)
      guard case .buffers(let start) = head.body, case .buffers(let media) = answer.body else { throw Unexpected() }
      let file = try scratch.write((start + media).flatMap { Array($0.readableBytesView) }, to: "segment.mp4")
      let read = try await run(
        "/usr/bin/ffprobe",
        ["-v", "warning", "-select_streams", "v", "-show_entries", "packet=flags", "-of", "csv=p=0", file])
      #expect(read.errors == "" && read.output.hasPrefix("K"), "\(line): \(read.errors)")
      // In the segment's own ticks: from a few pictures that came late ffmpeg guesses a rate too low for the rest.
      let decoded = try await run(
        "/usr/bin/ffmpeg", ["-v", "warning", "-copyts", "-i", file, "-enc_time_base", "-1", "-f", "null", "-"])
      #expect(decoded.errors == "", "\(line): \(decoded.errors)")
      probed += 1
    }
    #expect(probed > 5, "\(playlist)")
  }

  @Test(.timeLimit(.minutes(1)))
  func `a ladder that cannot be made costs the show nothing`() async throws {
    var configuration = Self.configuration
    configuration.laddersMax = 0
    let log = Notes()
    try await withServer(configuration, logger: log.logger) { server, port, news in
      try await whileRunning("/usr/bin/ffmpeg", FFmpegTests.publish(port, key: "good-lamp", size: "640x360")) { _ in
        try await news.wait(for: .started("lamp"))
        let stream = try #require(server.stream("lamp"))
        let variants = Variants(stream)
        try await variants.film(2)
        #expect(await !Self.text(stream, "index.m3u8").contains("240p"))
        #expect(await stream.answer("240p.m3u8").status == 404)
        #expect(log.text.contains("laddersMax"))
      }
    }
  }

  // MARK: The rules, without ffmpeg

  @Test func `a list of rungs is read, or it is none`() {
    #expect(LadderRung.ladder("") == [])
    #expect(LadderRung.ladder("360:700,720:2500")?.map(\.side) == [720, 360])
    for text in ["720", "720:", "a:b", "720:2500,", "720:2500,720:1", "0:100", "720:0", "1:1,2:1,3:1,4:1,5:1,6:1"] {
      #expect(LadderRung.ladder(text) == nil, "\(text)")
    }
  }

  @Test func `rungs are smaller than the picture, and H265 has one of its own size too`() throws {
    let rungs = [LadderRung(side: 720, kilobits: 2_500), LadderRung(side: 360, kilobits: 700)]
    #expect(Ladder.rungs(rungs, below: .large).map(\.side) == [720, 360])
    #expect(Ladder.rungs(rungs, below: .small).isEmpty)
    let hevc = try HEVCConfiguration(record: Recorded.hevc640x360)
    #expect(Ladder.rungs(rungs, below: .hevc(hevc)) == [LadderRung(side: 360, kilobits: 700)])
    #expect(Ladder.rungs(rungs, below: nil).isEmpty)
  }

  /// A stream's segments, and a rung that gets of its pictures what `isMade` says, so many pictures late.
  private static func follow(seconds: Int64, late: Int, isMade: (Int64) -> Bool) -> (Segmenter, Rung) {
    var (packager, camera) = (Packager.running(), Camera())
    var segmenter = Segmenter(settings: .init())
    var rung = Rung(side: 240, lagMilliseconds: 3_000, epoch: 0)
    rung.isFed = true
    var pending: [RungPicture] = []
    while camera.time < seconds * 1_000 {
      for unit in camera.next() {
        for fragment in packager.receive(unit) {
          _ = segmenter.append(fragment)
          guard fragment.track == .video else { continue }
          rung.configure(.small, within: fragment.initialization)
          let picture = RungPicture(
            presentationTime: fragment.presentationTime, duration: fragment.duration, isKey: fragment.isKey,
            payload: ByteBuffer(repeating: 7, count: 50))
          if isMade(fragment.presentationTime / 90) { pending.append(picture) }
        }
        if pending.count > late { rung.receive(pending.removeFirst()) }
        _ = rung.follow(segmenter)
      }
    }
    return (segmenter, rung)
  }

  @Test func `a rung has the stream's segments and parts under the same numbers, later`() {
    let (main, rung) = Self.follow(seconds: 9, late: 20) { _ in true }
    #expect(rung.segments.count > 6)
    for segment in rung.segments {
      let same = main.segment(segment.sequence)
      #expect(segment.start == same?.start && segment.duration == same?.duration && !segment.isGap)
      #expect(segment.parts.map(\.number) == same?.parts.map(\.number))
      #expect(segment.parts.map(\.isIndependent) == same?.parts.map(\.isIndependent))
      #expect(segment.sound.reduce(0) { $0 + $1.readableBytes } == same?.sound.reduce(0) { $0 + $1.readableBytes })
    }
    #expect((500...1_000).contains(rung.lag(behind: main)), "\(rung.lag(behind: main)) ms")
  }

  @Test func `what does not come in time is missing in the rung alone, and it goes on`() {
    let (main, rung) = Self.follow(seconds: 14, late: 0) { !(3_000..<5_000).contains($0) }
    let gaps = rung.segments.filter(\.isGap).map { $0.start / 90_000 }
    #expect(gaps == [3, 4])
    #expect(main.segments.allSatisfy { !$0.isGap } && rung.segments.last?.isGap == false)
    let gap = rung.segments.first { $0.isGap }
    #expect(gap?.bytes(of: .rung(240)) == nil && gap?.parts.allSatisfy { $0.isGap } == true)
  }

  @Test func `an FLV file is read in pieces of any size, and a strange one is refused`() throws {
    var file = ByteBuffer(bytes: bytes("464c560101 00000009 00000000"))
    func append(_ type: UInt8, _ body: [UInt8], time: UInt32) {
      file.writeInteger(type)
      file.writeUInt24(UInt32(body.count))
      file.writeUInt24(time & 0xff_ffff)
      file.writeInteger(UInt8(time >> 24))
      file.writeUInt24(0)
      file.writeBytes(body)
      file.writeInteger(UInt32(body.count + 11))
    }
    append(18, [2, 0, 0], time: 0)
    append(9, [0x17, 0, 0, 0, 0] + Recorded.avc320x180, time: 0)
    append(9, [0x17, 1, 0, 0, 0, 0, 0, 0, 2, 0x65, 1], time: 0x0123_4567)
    for size in [1, 7, 1_000] {
      var decoder = FLVFileDecoder(tagBytesMax: 1_000)
      var tags: [FLVTag] = []
      var rest = file
      while rest.readableBytes > 0 {
        tags += try decoder.received(rest.readSlice(length: min(size, rest.readableBytes)) ?? ByteBuffer())
      }
      #expect(tags.count == 3 && tags[0] == .nothing && tags[1] == .video(.small))
      guard case .unit(let unit) = tags[2] else { throw Unexpected() }
      #expect(unit.timestamp == 0x0123_4567 && unit.isKey)
    }
    var other = FLVFileDecoder(tagBytesMax: 1_000)
    #expect(throws: FLVFileDecoder.Fault.malformed) { try other.received(ByteBuffer(repeating: 0, count: 20)) }
    var small = FLVFileDecoder(tagBytesMax: 4)
    #expect(throws: FLVFileDecoder.Fault.tagTooLarge) { try small.received(file) }
  }
}

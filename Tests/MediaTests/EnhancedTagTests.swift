import Foundation
import NIOCore
import Testing

@testable import Media

/// Codecs by FourCC: tags as the specification has them, and whole films that other programs encoded and read back.
@Suite struct EnhancedTagTests {
  private func video(_ text: String, _ configuration: VideoConfiguration = .small) throws -> FLVTag {
    try FLVTag.video(ByteBuffer(bytes: bytes(text)), timestamp: 40, configuration: configuration)
  }

  private func unit(_ tag: FLVTag) throws -> AccessUnit {
    guard case .unit(let unit) = tag else { throw Unexpected() }
    return unit
  }

  @Test func `frames with and without a composition time are told apart, for each codec`() throws {
    let hevc = VideoConfiguration.hevc(try HEVCConfiguration(record: Recorded.hevc322x182))
    let av1 = VideoConfiguration.av1(try AV1Configuration(record: Recorded.av1320x180))
    let coded = try unit(video("91 68766331 000042 00000003 2601af", hevc))
    #expect((coded.compositionOffset, coded.isKey, coded.payload.readableBytes) == (66, true, 7))
    let plain = try unit(video("93 68766331 00000003 2601af", hevc))
    #expect((plain.compositionOffset, plain.isKey, plain.payload.readableBytes) == (0, true, 7))
    #expect(try unit(video("91 61766331 ffffde 00000002 6588")).compositionOffset == -34)
    let frame = try unit(video("91 61763031 1200 3203 10aabb", av1))
    #expect(frame.isKey && Array(frame.payload.readableBytesView) == bytes("3203 10aabb"), "without the delimiter")
    #expect(try !unit(video("a1 61763031 3203 30aabb", av1)).isKey)
  }

  @Test func `what is no picture is left out`() throws {
    for nothing in ["94 68766331 0200", "92 68766331", "d1 00", "93 68766331", "98 68766331 00"] {
      #expect(try video(nothing) == .nothing, "\(nothing)")
    }
    for broken in ["90 6876", "91 68766331 00", "97", "97 05 00", "97 ff 00", "96", "96 01 68766331"] {
      #expect(throws: FLVFault.truncated, "\(broken)") { try video(broken) }
    }
  }

  @Test func `a modifier is skipped, and of many tracks the first is taken`() throws {
    #expect(try unit(video("97 02 0a0b0c 03 61766331 00000002 6588")).isKey)
    #expect(try unit(video("96 03 61766331 00 00000002 6588")).isKey)
    #expect(try unit(video("96 13 61766331 00 000006 00000002 6588 01 000001 00")).payload.readableBytes == 6)
    #expect(try video("96 03 61766331 01 00000002 6588") == .nothing)
    let sound = try FLVTag.audio(ByteBuffer(bytes: bytes("91 6d703461 2121")), timestamp: 7)
    #expect(try unit(sound).payload.readableBytes == 2)
    #expect(try FLVTag.audio(ByteBuffer(bytes: bytes("90 6d703461 1190")), timestamp: 7) == .audio(.aac48))
    #expect(throws: FLVFault.unsupported("audio codec “Opus”; set the encoder to AAC")) {
      try FLVTag.audio(ByteBuffer(bytes: bytes("90 4f707573 00")), timestamp: 7)
    }
  }

  @Test(
    .timeLimit(.minutes(2)),
    arguments: [
      (
        "hvc1",
        [
          "libx265", "-x265-params", "log-level=none:info=0:open-gop=0:scenecut=0:keyint=30:min-keyint=30:bframes=2",
          "-tag:v", "hvc1",
        ], "hvcC"
      ),
      ("av01", ["libaom-av1", "-cpu-used", "8", "-usage", "realtime", "-g", "30"], "av1C"),
      ("avc1", ["libx264", "-g", "30", "-bf", "2"], "avcC"),
    ])
  func `a film in any codec is played back without a warning`(
    fourCC: String, encoder: [String], box: String
  ) async throws {
    let scratch = try Scratch()
    let film = scratch.file("film.mp4").path
    let made = try await run(
      "/usr/bin/ffmpeg",
      ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-t", "4", "-pix_fmt", "yuv420p", "-c:v"]
        + encoder + [
          "-movflags", "frag_every_frame+delay_moov+default_base_moof", "-video_track_timescale", "1000", film,
        ]
    )
    #expect(made.status == 0 && made.errors == "")
    let frames = FilmFrame.all(try Array(Data(contentsOf: URL(fileURLWithPath: film))))
    #expect(frames.count == 120)
    let record = try #require(FilmFrame.record(box, in: Array(try Data(contentsOf: URL(fileURLWithPath: film)))))

    let stage = Stage()
    let header = try FLVTag.video(
      ByteBuffer(bytes: [0x90] + Array(fourCC.utf8) + record), timestamp: 0, configuration: nil)
    guard case .video(let configuration) = header else { throw Unexpected() }
    let publisher = try #require(stage.connect(video: configuration, audio: nil))
    for (index, frame) in frames.enumerated() {
      let time = UInt32(index * 1000 / 30)
      let head: [UInt8] = [index % 30 == 0 ? 0x91 : 0xa1] + Array(fourCC.utf8)
      let offset =
        fourCC == "av01"
        ? [] : [UInt8(frame.offset >> 16 & 255), UInt8(frame.offset >> 8 & 255), UInt8(frame.offset & 255)]
      let tag = try FLVTag.video(
        ByteBuffer(bytes: head + offset + frame.bytes), timestamp: time, configuration: configuration)
      #expect(try unit(tag).isKey == (index % 30 == 0), "frame \(index)")
      stage.stream.receive(tag, from: publisher)
      stage.time.advance(milliseconds: 33)
    }
    guard case .buffers(let multivariant) = await stage.stream.answer("index.m3u8").body else { throw Unexpected() }
    let text = String(buffer: multivariant[0])
    #expect(text.contains("CODECS=\"\(configuration.codecString)\"") && text.contains("RESOLUTION=320x180"))
    stage.stream.end(reason: "test")

    let playlist = try await stage.playlist()
    let path = try await FFmpegTests.save(stage.stream, playlist: playlist, in: scratch)
    let played = try await run(
      "/usr/bin/ffmpeg", ["-v", "warning", "-xerror", "-allowed_extensions", "ALL", "-i", path, "-f", "null", "-"])
    #expect(played.errors == "" && played.status == 0)
    let probed = try await run(
      "/usr/bin/ffprobe",
      [
        "-v", "warning", "-allowed_extensions", "ALL", "-count_frames", "-show_entries",
        "stream=codec_tag_string,width,height,nb_read_frames", "-of", "csv=p=0", path,
      ])
    #expect(probed.errors == "")
    #expect(probed.output.hasPrefix("\(fourCC),320,180,120"), "\(probed.output)")
  }
}

/// A frame of a film that ffmpeg wrote with one fragment per frame.
struct FilmFrame {
  var bytes: [UInt8]
  /// Composition offset in the track's milliseconds.
  var offset: Int

  static func all(_ film: [UInt8]) -> [FilmFrame] {
    func number(_ start: Int, _ count: Int) -> Int { film[start..<start + count].reduce(0) { $0 << 8 | Int($1) } }
    var frames: [FilmFrame] = []
    var start = 0
    var offset = 0
    while start + 8 <= film.count, case let size = number(start, 4), size >= 8, start + size <= film.count {
      let box = film[start..<start + size]
      switch String(decoding: film[start + 4..<start + 8], as: UTF8.self) {
      case "moof":
        guard let trun = box.index(of: "trun") else { break }
        let flags = number(trun + 5, 3)
        // Sample count and data offset, then first flags, then duration, size, flags and offset of the only sample.
        var position = trun + 12
        for bit in [0x1, 0x4, 0x100, 0x200, 0x400] where flags & bit != 0 { position += 4 }
        offset = flags & 0x800 != 0 ? Int(Int32(truncatingIfNeeded: number(position, 4))) : 0
      case "mdat": frames.append(FilmFrame(bytes: Array(box.dropFirst(8)), offset: offset))
      default: break
      }
      start += size
    }
    return frames
  }

  /// The content of a box anywhere in the film.
  static func record(_ box: String, in film: [UInt8]) -> [UInt8]? {
    guard let start = film[...].index(of: box), start >= 4 else { return nil }
    let size = film[start - 4..<start].reduce(0) { $0 << 8 | Int($1) }
    guard size >= 8, start - 4 + size <= film.count else { return nil }
    return Array(film[start + 4..<start - 4 + size])
  }
}

extension ArraySlice<UInt8> {
  func index(of word: String) -> Int? {
    let wanted = Array(word.utf8)
    guard count >= wanted.count else { return nil }
    return (startIndex...endIndex - wanted.count).first { self[$0..<$0 + wanted.count].elementsEqual(wanted) }
  }
}

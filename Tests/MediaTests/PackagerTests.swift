import NIOCore
import Testing

@testable import Media

@Suite struct PackagerTests {
  @Test func `one picture is held, so that every duration is exact`() {
    var packager = Packager.running()
    #expect(packager.receive(.picture(0, key: true)).isEmpty)
    let first = packager.receive(.picture(33))
    #expect(first.map(\.duration) == [33 * 90])
    #expect(packager.receive(.picture(70)).map(\.duration) == [37 * 90])
    #expect(packager.flush().map(\.duration) == [37 * 90], "the last one lasts as long as the one before")
    #expect(packager.flush().isEmpty)
  }

  @Test func `nothing comes before the first keyframe, and it is counted`() {
    var packager = Packager.running()
    #expect(packager.receive(.picture(0)).isEmpty)
    #expect(packager.receive(.sound(10)).isEmpty)
    #expect(packager.droppedFrames == 2)
    _ = packager.receive(.picture(33, key: true))
    #expect(packager.receive(.picture(66)).map(\.isKey) == [true])
  }

  @Test func `headers may come in any order and again and again`() {
    var packager = Packager(startMilliseconds: 0)
    packager.configure(AudioConfiguration.aac48)
    packager.configure(VideoConfiguration.small)
    _ = packager.receive(.picture(0, key: true))
    packager.configure(VideoConfiguration.small)
    packager.configure(AudioConfiguration.aac48)
    _ = packager.receive(.picture(33))
    _ = packager.receive(.picture(66, key: true))
    #expect(packager.initialization?.number == 1)
    #expect(packager.initialization?.codecs == "avc1.42c00d,mp4a.40.2")
  }

  @Test func `a keyframe waits for promised sound for a second at most`() {
    var packager = Packager(startMilliseconds: 0)
    packager.configure(VideoConfiguration.small)
    for time in stride(from: 0, to: 990, by: 33) {
      #expect(packager.receive(.picture(UInt32(time), key: time == 0)).isEmpty)
    }
    let first = packager.receive(.picture(1_000))
    #expect(first.count == 30, "all that waited, less the one held")
    #expect(first.first?.decodeTime == 0)
    #expect(packager.initialization?.codecs == "avc1.42c00d")
  }

  @Test func `what was not promised is not waited for`() {
    var packager = Packager(startMilliseconds: 0)
    packager.promised(MediaPromise(.object([.init("videocodecid", .number(7))])))
    packager.configure(VideoConfiguration.small)
    _ = packager.receive(.picture(0, key: true))
    #expect(packager.receive(.picture(33)).count == 1)
  }

  @Test func `late sound joins at the next keyframe with a new initialization`() {
    var packager = Packager(startMilliseconds: 0)
    packager.promised(MediaPromise(.object([.init("videocodecid", .number(7))])))
    packager.configure(VideoConfiguration.small)
    _ = packager.receive(.picture(0, key: true))
    packager.configure(AudioConfiguration.aac48)
    #expect(packager.receive(.sound(20)).isEmpty)
    #expect(packager.receive(.picture(33)).count == 1)
    let rest = packager.receive(.picture(66, key: true))
    #expect(rest.map(\.initialization.number) == [1])
    #expect(packager.receive(.sound(70)).map(\.initialization.number) == [2])
    #expect(packager.initialization?.codecs == "avc1.42c00d,mp4a.40.2")
  }

  @Test func `a changed picture begins anew at its keyframe, without a gap in time`() {
    var packager = Packager.running()
    _ = packager.receive(.picture(0, key: true))
    _ = packager.receive(.picture(33))
    packager.configure(VideoConfiguration.large)
    #expect(packager.receive(.picture(50)).isEmpty, "cannot be decoded with either header")
    let last = packager.receive(.picture(66, key: true))
    #expect(last.map(\.decodeTime) == [33 * 90])
    let next = packager.receive(.picture(100))
    #expect(next.map(\.decodeTime) == [66 * 90])
    #expect(next.first?.initialization.video == .large)
    #expect(packager.droppedFrames == 1)
  }

  @Test func `another source begins anew on the show's clock`() {
    var packager = Packager.running()
    _ = packager.receive(.picture(40_000, key: true), at: .init(show: 1_000, wall: 0))
    #expect(packager.beginSource().map(\.decodeTime) == [90_000])
    packager.configure(VideoConfiguration.small)
    packager.configure(AudioConfiguration.aac48)
    _ = packager.receive(.picture(0, key: true), at: .init(show: 7_000, wall: 0))
    let first = packager.receive(.picture(40), at: .init(show: 7_040, wall: 0))
    #expect(first.map(\.decodeTime) == [630_000])
    #expect(first.first?.initialization.number == 2)
  }

  @Test func `a jump of the source's clock waits for a keyframe`() {
    var packager = Packager.running()
    _ = packager.receive(.picture(0, key: true), at: .init(show: 0, wall: 0))
    _ = packager.receive(.picture(33), at: .init(show: 33, wall: 0))
    #expect(packager.receive(.picture(90_000), at: .init(show: 66, wall: 0)).count == 1, "the held one")
    #expect(packager.receive(.picture(90_033), at: .init(show: 99, wall: 0)).isEmpty)
    _ = packager.receive(.picture(90_066, key: true), at: .init(show: 132, wall: 0))
    let next = packager.receive(.picture(90_100), at: .init(show: 166, wall: 0))
    #expect(next.map(\.decodeTime) == [132 * 90])
    #expect(next.first?.initialization.number == 2)
  }

  @Test func `sound alone is a stream too`() {
    var packager = Packager(startMilliseconds: 0)
    packager.configure(AudioConfiguration.aac48)
    var fragments: [Fragment] = []
    for index in 0..<100 { fragments += packager.receive(.sound(UInt32(index * 1024 / 48))) }
    #expect(packager.initialization?.codecs == "mp4a.40.2")
    #expect(fragments.count > 50)
    #expect(fragments.allSatisfy { $0.leads && $0.isKey && $0.duration == 1920 })
  }

  @Test func `presentation is decoding plus the signed offset`() {
    var packager = Packager.running()
    _ = packager.receive(.picture(100, key: true, offset: 66), at: .init(show: 100, wall: 0))
    _ = packager.receive(.picture(133, offset: -33), at: .init(show: 133, wall: 0))
    let second = packager.receive(.picture(166), at: .init(show: 166, wall: 0))
    #expect(second.map(\.presentationTime) == [100 * 90])
  }

  // MARK: Bytes

  /// The boxes of a level: type and content.
  private func boxes(_ bytes: [UInt8]) -> [(String, [UInt8])] {
    var all: [(String, [UInt8])] = []
    var rest = bytes[...]
    while rest.count >= 8 {
      let size = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
      guard size >= 8, size <= rest.count else { break }
      all.append(
        (String(decoding: rest.dropFirst(4).prefix(4), as: UTF8.self), Array(rest.dropFirst(8).prefix(size - 8))))
      rest = rest.dropFirst(size)
    }
    return all
  }

  @Test func `a fragment has the bytes of the specification`() throws {
    let sample = Fragment.Sample(
      track: 1, decodeTime: 0x1_0000_0002, duration: 3000, compositionOffset: -3060, flags: SampleFlags.dependent,
      payload: ByteBuffer(bytes: [0xab, 0xcd]))
    let plain = Array(Fragment.bytes(sample, sequence: 7, wallClock: nil).readableBytesView)
    #expect(
      plain
        == bytes(
          """
          00000068 6d6f6f66
            00000010 6d666864 00000000 00000007
            00000050 74726166
              00000010 74666864 00020000 00000001
              00000014 74666474 01000000 0000000100000002
              00000024 7472756e 01000f01 00000001 00000070 00000bb8 00000002 01010000 fffff40c
          0000000a 6d646174 abcd
          """))
    // 1970-01-01T00:00:00.5Z is 2,208,988,800.5 s after 1900.
    let timed = Array(Fragment.bytes(sample, sequence: 7, wallClock: 500).readableBytesView)
    #expect(
      Array(timed.prefix(32)) == bytes("00000020 70726674 01000002 00000001 83aa7e80 80000000 00000000fffff40e"))
    #expect(Array(timed.dropFirst(32)) == plain)
  }

  @Test func `an initialization segment has both tracks and their set-ups`() {
    let initialization = Initialization(number: 1, video: .large, audio: .aac44)
    let top = boxes(Array(initialization.bytes.readableBytesView))
    #expect(top.map(\.0) == ["ftyp", "moov"])
    let moov = boxes(top[1].1)
    #expect(moov.map(\.0) == ["mvhd", "trak", "trak", "mvex"])
    #expect(boxes(moov[3].1).map(\.0) == ["trex", "trex"])
    let all = Array(initialization.bytes.readableBytesView)
    #expect(all.contains(Recorded.avc1920x1080))
    #expect(all.contains(bytes("0580808002") + Recorded.aac44100))
  }
}

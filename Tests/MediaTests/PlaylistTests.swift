import NIOCore
import Testing

@testable import Media

@Suite struct PlaylistTests {
  private static let names = Playlist.Names(prefix: "x7")
  /// 2023-11-14T22:13:20Z
  private static let epoch: Int64 = 1_700_000_000_000

  private func segmenter(seconds: Double, camera: Camera = Camera(hasSound: false), window: Int64 = 16) -> Segmenter {
    var segmenter = Segmenter(settings: .init(windowSeconds: window))
    var camera = camera
    var packager = Packager.running()
    while Double(camera.time) < seconds * 1000 {
      for unit in camera.next() { for fragment in packager.receive(unit) { _ = segmenter.append(fragment) } }
    }
    return segmenter
  }

  private func text(_ segmenter: Segmenter, skip: MediaPlaylist.Skip = .nothing) -> String? {
    segmenter.playlist.map { Playlist.media($0, names: Self.names, epoch: Self.epoch, skip: skip) }
  }

  @Test func `there is no playlist before the first segment is whole`() {
    #expect(text(segmenter(seconds: 1.02)) == nil)
  }

  @Test func `a playlist of a stream that has just begun`() {
    // 10 pictures a second, a keyframe each second: parts of two pictures.
    let segmenter = segmenter(seconds: 1.7, camera: Camera(framesPerSecond: 10, keyEvery: 10, hasSound: false))
    #expect(
      text(segmenter) == """
        #EXTM3U
        #EXT-X-VERSION:9
        #EXT-X-TARGETDURATION:2
        #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.00000,CAN-SKIP-DATERANGES=YES,HOLD-BACK=6.00000,PART-HOLD-BACK=0.60600
        #EXT-X-PART-INF:PART-TARGET=0.20200
        #EXT-X-MEDIA-SEQUENCE:0
        #EXT-X-DISCONTINUITY-SEQUENCE:0
        #EXT-X-INDEPENDENT-SEGMENTS
        #EXT-X-MAP:URI="x7/i1.mp4"
        #EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:20.000Z
        #EXT-X-PART:DURATION=0.20000,URI="x7/p0.mp4",INDEPENDENT=YES
        #EXT-X-PART:DURATION=0.20000,URI="x7/p1.mp4"
        #EXT-X-PART:DURATION=0.20000,URI="x7/p2.mp4"
        #EXT-X-PART:DURATION=0.20000,URI="x7/p3.mp4"
        #EXT-X-PART:DURATION=0.20000,URI="x7/p4.mp4"
        #EXTINF:1.00000,
        x7/s0.mp4
        #EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:21.000Z
        #EXT-X-PART:DURATION=0.20000,URI="x7/p5.mp4",INDEPENDENT=YES
        #EXT-X-PART:DURATION=0.20000,URI="x7/p6.mp4"
        #EXT-X-PART:DURATION=0.20000,URI="x7/p7.mp4"
        #EXT-X-PRELOAD-HINT:TYPE=PART,URI="x7/p8.mp4"

        """)
  }

  @Test func `a break, a gap and the end are said`() {
    var segmenter = Segmenter(settings: .init(firstSequence: 40, firstDiscontinuitySequence: 3))
    var packager = Packager.running()
    func feed(_ fragments: [Fragment]) { for fragment in fragments { _ = segmenter.append(fragment) } }
    for time in stride(from: 0, through: 1_000, by: 100) {
      feed(packager.receive(.picture(UInt32(time), key: time % 1_000 == 0)))
    }
    // The encoder lost half a second of pictures, then its connection.
    feed(packager.receive(.picture(1_500)))
    feed(packager.beginSource())
    _ = segmenter.finishRun()
    packager.configure(VideoConfiguration.large)
    packager.configure(AudioConfiguration.aac48)
    for time in stride(from: 0, through: 200, by: 100) {
      feed(packager.receive(.picture(UInt32(time), key: time == 0), at: .init(show: 5_000 + Int64(time), wall: 0)))
    }
    feed(packager.flush())
    segmenter.end()
    #expect(
      text(segmenter) == """
        #EXTM3U
        #EXT-X-VERSION:9
        #EXT-X-TARGETDURATION:2
        #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.00000,CAN-SKIP-DATERANGES=YES,HOLD-BACK=6.00000,PART-HOLD-BACK=0.60600
        #EXT-X-PART-INF:PART-TARGET=0.20200
        #EXT-X-MEDIA-SEQUENCE:40
        #EXT-X-DISCONTINUITY-SEQUENCE:3
        #EXT-X-INDEPENDENT-SEGMENTS
        #EXT-X-MAP:URI="x7/i1.mp4"
        #EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:20.000Z
        #EXT-X-PART:DURATION=0.20000,URI="x7/p0.mp4",INDEPENDENT=YES
        #EXT-X-PART:DURATION=0.20000,URI="x7/p1.mp4"
        #EXT-X-PART:DURATION=0.20000,URI="x7/p2.mp4"
        #EXT-X-PART:DURATION=0.20000,URI="x7/p3.mp4"
        #EXT-X-PART:DURATION=0.20000,URI="x7/p4.mp4"
        #EXTINF:1.00000,
        x7/s40.mp4
        #EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:21.000Z
        #EXT-X-PART:DURATION=0.20200,URI="x7/p5.mp4",INDEPENDENT=YES
        #EXT-X-PART:DURATION=0.20200,URI="x7/p6.mp4",GAP=YES
        #EXT-X-PART:DURATION=0.09600,URI="x7/p7.mp4",GAP=YES
        #EXT-X-PART:DURATION=0.20200,URI="x7/p8.mp4"
        #EXT-X-PART:DURATION=0.20200,URI="x7/p9.mp4",GAP=YES
        #EXT-X-PART:DURATION=0.09600,URI="x7/p10.mp4",GAP=YES
        #EXTINF:1.00000,
        x7/s41.mp4
        #EXT-X-DISCONTINUITY
        #EXT-X-MAP:URI="x7/i2.mp4"
        #EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:25.000Z
        #EXT-X-PART:DURATION=0.20000,URI="x7/p11.mp4",INDEPENDENT=YES
        #EXT-X-PART:DURATION=0.10000,URI="x7/p12.mp4"
        #EXTINF:0.30000,
        x7/s42.mp4
        #EXT-X-ENDLIST

        """)
  }

  @Test func `an encoder that is gone again at once does not fix the targets`() throws {
    var segmenter = Segmenter(settings: .init())
    var packager = Packager.running()
    var camera = Camera(hasSound: false)
    for _ in 0..<10 { for unit in camera.next() { for part in packager.receive(unit) { _ = segmenter.append(part) } } }
    let isNews = segmenter.finishRun()
    #expect(!isNews)
    for part in packager.beginSource() { _ = segmenter.append(part) }
    packager.configure(VideoConfiguration.small)
    packager.configure(AudioConfiguration.aac48)
    camera = Camera(keyEvery: 150, hasSound: false)
    while camera.time <= 5_100 {
      for unit in camera.next() { for part in packager.receive(unit) { _ = segmenter.append(part) } }
    }
    #expect(segmenter.targetSeconds == 5)
    #expect(try #require(text(segmenter)).contains("INDEPENDENT-SEGMENTS"))
  }

  @Test func `a delta update leaves out what lies behind the skip boundary`() throws {
    let segmenter = segmenter(seconds: 20)
    let whole = try #require(text(segmenter)).split(separator: "\n")
    let delta = try #require(text(segmenter, skip: .segments)).split(separator: "\n")
    #expect(segmenter.segments.count == 16)
    #expect(delta.contains("#EXT-X-SKIP:SKIPPED-SEGMENTS=4"))
    #expect(Array(delta.suffix(60)) == Array(whole.suffix(60)))
    #expect(delta.filter { $0.hasPrefix("#EXTINF") }.count == 12)
    #expect(!delta.contains { $0.hasPrefix("#EXT-X-MAP") }, "the map of skipped segments still holds")
  }

  @Test func `a window too short for a delta update advertises none`() throws {
    let segmenter = segmenter(seconds: 60, camera: Camera(keyEvery: 250, hasSound: false))
    #expect(segmenter.targetSeconds == 8)
    let playlist = try #require(text(segmenter, skip: .segments))
    #expect(!playlist.contains("CAN-SKIP-UNTIL") && !playlist.contains("EXT-X-SKIP"))
  }

  @Test func `a keyframe interval beyond the target makes segments without a keyframe, and says so`() throws {
    var segmenter = Segmenter(settings: .init())
    var packager = Packager.running()
    // A scene change after two seconds, then none for ten.
    for frame in 0..<360 {
      let unit = AccessUnit.picture(UInt32(frame * 1000 / 30), key: frame == 0 || frame == 60)
      for fragment in packager.receive(unit) { _ = segmenter.append(fragment) }
    }
    #expect(segmenter.targetSeconds == 2)
    #expect(segmenter.segments.count >= 4)
    #expect(segmenter.segments.allSatisfy { $0.duration <= 2 * 90_000 + 45_000 })
    #expect(!(try #require(text(segmenter))).contains("INDEPENDENT-SEGMENTS"))
  }

  @Test(
    arguments: [(24, 208_333), (25, 200_000), (30, 200_000), (50, 200_000), (60, 200_000), (5, 200_000)]
      as [(Int64, Int64)])
  func `the part target fits the frames`(framesPerSecond: Int64, microseconds: Int64) {
    let times = (0...60).map { $0 * 1000 / framesPerSecond * 90 }
    let durations = zip(times, times.dropFirst()).map { $1 - $0 }
    let target = PartTarget.ticks(durations: durations, wanted: 18_000)
    #expect(abs(target - 180 - microseconds * 90 / 1000) <= 90)
  }

  @Test func `the part target of an unsteady camera leaves room for one frame`() {
    let target = PartTarget.ticks(durations: [3000, 3700, 3000, 3300, 3700, 3000, 3100, 3700], wanted: 18_000)
    #expect(target * 15 / 100 >= 3699)
  }

  @Test func `the multivariant playlist describes the stream, and its sound alone`() {
    let initialization = Initialization(number: 1, video: .large, audio: .aac48)
    let rate = Playlist.Rate(peak: 2_600_000, average: 2_400_000)
    #expect(
      Playlist.multivariant(
        initialization, whole: rate, sound: .init(peak: 99_000, average: 98_000), framesPerSecond: 29.97) == """
          #EXTM3U
          #EXT-X-VERSION:9
          #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Sound",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2"
          #EXT-X-STREAM-INF:BANDWIDTH=2600000,AVERAGE-BANDWIDTH=2400000,CODECS="avc1.640028,mp4a.40.2",RESOLUTION=1920x1080,FRAME-RATE=29.970,AUDIO="sound"
          live.m3u8
          #EXT-X-STREAM-INF:BANDWIDTH=99000,AVERAGE-BANDWIDTH=98000,CODECS="mp4a.40.2",AUDIO="sound"
          sound.m3u8

          """)
    let sound = Initialization(number: 1, video: nil, audio: .aac48)
    #expect(
      Playlist.multivariant(sound, whole: .init(peak: 9, average: 8), sound: nil, framesPerSecond: 0) == """
        #EXTM3U
        #EXT-X-VERSION:9
        #EXT-X-STREAM-INF:BANDWIDTH=9,AVERAGE-BANDWIDTH=8,CODECS="mp4a.40.2"
        live.m3u8

        """)
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
      (1_700_000_000_123, "2023-11-14T22:13:20.123Z"), (-1, "1969-12-31T23:59:59.999Z"),
    ] as [(Int64, String)])
  func `dates are right`(milliseconds: Int64, expected: String) {
    #expect(Playlist.dateTime(milliseconds) == expected)
  }
}

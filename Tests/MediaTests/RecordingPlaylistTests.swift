import Foundation
import NIOCore
import Testing

@testable import Media

@Suite struct RecordingPlaylistTests {
  /// Three seconds, a break, two seconds, a gap, one second; the show's clock reads 10 s at first.
  private static let index: RecordingIndex = {
    func segment(_ file: UInt32, _ offset: Int64, at seconds: Int64) -> RecordingEntry {
      RecordingEntry(
        kind: .segment, file: file, offset: offset, length: 100, start: seconds * 90_000, duration: 90_000,
        isIndependent: true, checksum: UInt32(seconds))
    }
    return RecordingIndex([
      RecordingEntry(kind: .initialization, file: 1, length: 50, checksum: 0xabc), segment(1, 50, at: 10),
      segment(1, 150, at: 11), segment(1, 250, at: 12),
      RecordingEntry(kind: .initialization, file: 2, length: 60, checksum: 0xdef), segment(2, 60, at: 30),
      segment(2, 160, at: 31),
      RecordingEntry(kind: .gap, start: 32 * 90_000, duration: 8 * 90_000, lost: 8), segment(2, 260, at: 40),
    ])
  }()

  @Test func `a replay is one playlist with every byte of the recording`() {
    #expect(
      RecordingPlaylist.replay(Self.index, epoch: 1_700_000_000_000) == """
        #EXTM3U
        #EXT-X-VERSION:7
        #EXT-X-TARGETDURATION:1
        #EXT-X-PLAYLIST-TYPE:VOD
        #EXT-X-MEDIA-SEQUENCE:0
        #EXT-X-INDEPENDENT-SEGMENTS
        #EXT-X-MAP:URI="i1-00000abc.mp4"
        #EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:30.000Z
        #EXTINF:1.00000,
        s0-0000000a.mp4
        #EXTINF:1.00000,
        s1-0000000b.mp4
        #EXTINF:1.00000,
        s2-0000000c.mp4
        #EXT-X-DISCONTINUITY
        #EXT-X-MAP:URI="i2-00000def.mp4"
        #EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:50.000Z
        #EXTINF:1.00000,
        s3-0000001e.mp4
        #EXTINF:1.00000,
        s4-0000001f.mp4
        #EXT-X-DISCONTINUITY
        #EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:14:00.000Z
        #EXTINF:1.00000,
        s5-00000028.mp4
        #EXT-X-ENDLIST

        """)
  }

  @Test func `looking back in a live show reaches as far as its window, and its numbers never fall`() {
    let text = RecordingPlaylist.lookBack(
      Self.index, windowSeconds: 2, epoch: 1_700_000_000_000, prefix: "../../replay/x/", hasEnded: false)
    #expect(
      text == """
        #EXTM3U
        #EXT-X-VERSION:7
        #EXT-X-TARGETDURATION:10
        #EXT-X-MEDIA-SEQUENCE:4
        #EXT-X-DISCONTINUITY-SEQUENCE:1
        #HAAT-MEDIA-EPOCH:1700000000000
        #EXT-X-INDEPENDENT-SEGMENTS
        #EXT-X-MAP:URI="../../replay/x/i2-00000def.mp4"
        #EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:51.000Z
        #EXTINF:1.00000,
        ../../replay/x/s4-0000001f.mp4
        #EXT-X-DISCONTINUITY
        #EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:14:00.000Z
        #EXTINF:1.00000,
        ../../replay/x/s5-00000028.mp4

        """)
    let all = RecordingPlaylist.lookBack(
      Self.index, windowSeconds: 7_200, epoch: 0, prefix: "", hasEnded: true)
    #expect(all.contains("#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n"))
    #expect(all.hasSuffix("#EXT-X-ENDLIST\n"))
    let one = RecordingPlaylist.lookBack(Self.index, windowSeconds: 3, epoch: 0, prefix: "", hasEnded: false)
    #expect(one.contains("#EXT-X-MEDIA-SEQUENCE:3\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n"))
    #expect(one.contains("#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"i2"))
  }

  @Test func `chapters are where their moment plays, not where the clock stood`() {
    let chapters = [(10_000, "Lamp"), (12_500, "Mug & <cup>\nblue"), (20_000, "Scarf"), (41_000, "Nothing")].map {
      RecordingPlaylist.Chapter(mediaTimeMilliseconds: $0, title: $1)
    }
    #expect(
      RecordingPlaylist.chapters(chapters, in: Self.index) == """
        WEBVTT

        1
        00:00:00.000 --> 00:00:02.500
        Lamp

        2
        00:00:02.500 --> 00:00:03.000
        Mug &amp; &lt;cup&gt; blue

        3
        00:00:03.000 --> 00:00:06.000
        Scarf

        """)
    #expect(Self.index.position(ofMediaTime: 0) == 0 && Self.index.position(ofMediaTime: .max) == Self.index.duration)
  }

  @Test func `a name opens only the bytes it was made for`() {
    let segment = Self.index.segments[3]
    #expect(RecordingPlaylist.entry(named: RecordingPlaylist.name(segment), in: Self.index) == segment.entry)
    #expect(RecordingPlaylist.entry(named: "i1-00000abc.mp4", in: Self.index)?.length == 50)
    for name in ["s3-0000001f.mp4", "s9-0000001e.mp4", "i3-00000abc.mp4", "s3.mp4", "x3-0000001e.mp4", "", "s-.mp4"] {
      #expect(RecordingPlaylist.entry(named: name, in: Self.index) == nil)
    }
  }

  /// What was made of it in 480 lines: without its third and its last second.
  private static let rung: RecordingIndex = {
    func segment(_ file: UInt32, _ offset: Int64, at seconds: Int64) -> RecordingEntry {
      RecordingEntry(
        kind: .segment, file: file, offset: offset, length: 10, start: seconds * 90_000, duration: 90_000,
        isIndependent: true, checksum: UInt32(seconds))
    }
    return RecordingIndex([
      RecordingEntry(kind: .initialization, file: 1, length: 5, checksum: 0x1), segment(1, 5, at: 10),
      segment(1, 15, at: 11), RecordingEntry(kind: .gap, start: 12 * 90_000, duration: 90_000, lost: 1),
      RecordingEntry(kind: .initialization, file: 2, length: 6, checksum: 0x2), segment(2, 6, at: 30),
      segment(2, 16, at: 31),
    ])
  }()

  @Test func `a smaller picture agrees with the stream's own, which stands in where something of it is missing`() {
    let whole = RecordingPlaylist.replay(Self.index, epoch: 1_700_000_000_000)
    let rung = RecordingPlaylist.replay(
      Self.rung, in: "480p", beside: Self.index, standsIn: true, epoch: 1_700_000_000_000)
    let expected =
      whole
      .replacing("i1-00000abc.mp4", with: "480p/i1-00000001.mp4")
      .replacing("s0-0000000a.mp4", with: "480p/s0-0000000a.mp4")
      .replacing(
        "s1-0000000b.mp4\n", with: "480p/s1-0000000b.mp4\n#EXT-X-MAP:URI=\"i1-00000abc.mp4\"\n"
      )
      .replacing("i2-00000def.mp4", with: "480p/i2-00000002.mp4")
      .replacing("s3-0000001e.mp4", with: "480p/s2-0000001e.mp4")
      .replacing("s4-0000001f.mp4", with: "480p/s3-0000001f.mp4")
      .replacing(
        "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM",
        with: "#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"i2-00000def.mp4\"\n#EXT-X-PROGRAM")
    #expect(rung == expected)
  }

  @Test func `what cannot stand in is said to be missing`() {
    let rung = RecordingPlaylist.replay(Self.rung, in: "480p", beside: Self.index, standsIn: false, epoch: 0)
    #expect(rung.contains("#EXT-X-VERSION:8\n"))
    #expect(rung.components(separatedBy: "#EXT-X-GAP\n#EXTINF").count == 3)
  }
}

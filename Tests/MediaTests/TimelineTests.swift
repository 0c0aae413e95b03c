import NIOCore
import Testing

@testable import Media

@Suite struct TimelineTests {
  private func timeline(at now: Int64 = 10_000, source: Int64 = 0, audioLeads: Bool = false) -> Timeline {
    var timeline = Timeline(startMilliseconds: now)
    timeline.anchor(source: source, now: now, audioLeads: audioLeads)
    return timeline
  }

  @Test func `a source's clock wraps and goes on`() {
    var timeline = Timeline(startMilliseconds: 0)
    #expect(timeline.unwrapped(0xffff_fff0) == 0xffff_fff0)
    #expect(timeline.unwrapped(0x10) == 0x1_0000_0010)
    #expect(timeline.unwrapped(0xffff_fffe) == 0xffff_fffe)
    #expect(timeline.unwrapped(0x20) == 0x1_0000_0020)
  }

  @Test func `a source starts now on the show's clock, wherever its own stands`() {
    var timeline = timeline(at: 10_000, source: 777_000)
    #expect(timeline.placeVideo(source: 777_000) == .at(10_000))
    #expect(timeline.placeVideo(source: 777_033) == .at(10_033))
  }

  @Test func `sound whose clock jumps on and on is left out, and nothing overflows`() {
    var timeline = timeline()
    _ = timeline.placeVideo(source: 0)
    var raw: UInt32 = 0
    for _ in 0..<70_000 {
      raw &+= 0x7fff_ffff
      let source = timeline.unwrapped(raw)
      #expect(timeline.placeAudio(source: source, sampleRate: 96_000, samples: 1024) == .drop)
    }
    #expect(timeline.placeAudio(source: .max, sampleRate: 96_000, samples: 1024) == .drop)
  }

  @Test func `another source goes on where the show's clock is, and never before what was sent`() {
    var timeline = timeline()
    _ = timeline.placeVideo(source: 0)
    timeline.extend(to: 10_033)
    timeline.beginSource()
    timeline.anchor(source: 500, now: 14_000, audioLeads: false)
    #expect(timeline.placeVideo(source: 500) == .at(14_000))
    timeline.extend(to: 20_000)
    timeline.beginSource()
    timeline.anchor(source: 0, now: 15_000, audioLeads: false)
    #expect(timeline.placeVideo(source: 0) == .at(20_000), "the first one sent faster than real time")
  }

  @Test func `a source that keeps its pace keeps its offset after a break`() {
    var timeline = timeline()
    _ = timeline.placeVideo(source: 0)
    // Three seconds are missing, in its clock and in ours alike; the frame came 200 ms late.
    #expect(timeline.placeVideo(source: 3_000) == .jump)
    timeline.anchor(source: 3_000, now: 13_200, audioLeads: false)
    #expect(timeline.placeVideo(source: 3_000) == .at(13_000))
    // Its clock jumps by an hour, ours does not.
    #expect(timeline.placeVideo(source: 3_603_000) == .jump)
    timeline.anchor(source: 3_603_000, now: 13_300, audioLeads: false)
    #expect(timeline.placeVideo(source: 3_603_000) == .at(13_300))
  }

  @Test func `frames at one time are a millisecond apart, and large steps are breaks`() {
    var timeline = timeline()
    #expect(timeline.placeVideo(source: 0) == .at(10_000))
    #expect(timeline.placeVideo(source: 0) == .at(10_001))
    #expect(timeline.placeVideo(source: -400) == .at(10_002))
    #expect(timeline.placeVideo(source: 2_002) == .at(12_002))
    #expect(timeline.placeVideo(source: 4_003) == .jump)
    #expect(timeline.placeVideo(source: 1_000) == .jump)
  }

  @Test func `sound is counted in samples however its milliseconds jitter`() {
    var timeline = timeline(at: 0)
    _ = timeline.placeVideo(source: 0)
    var sources: [Int64] = [0, 21, 43, 60, 90, 107]
    sources = sources.map { $0 }
    let places = sources.map { timeline.placeAudio(source: $0, sampleRate: 48_000, samples: 1024) }
    #expect(places == [.at(0), .at(1024), .at(2048), .at(3072), .at(4096), .at(5120)])
  }

  @Test func `sound off by more than 100 ms is put right, forwards by a gap, backwards by leaving out`() {
    var timeline = timeline(at: 0)
    _ = timeline.placeVideo(source: 0)
    #expect(timeline.placeAudio(source: 0, sampleRate: 48_000, samples: 1024) == .at(0))
    #expect(timeline.placeAudio(source: 121, sampleRate: 48_000, samples: 1024) == .at(1024), "99.7 ms off")
    #expect(timeline.placeAudio(source: 300, sampleRate: 48_000, samples: 1024) == .at(14_400))
    // Expected at 321 ms.
    #expect(timeline.placeAudio(source: 200, sampleRate: 48_000, samples: 1024) == .drop)
    #expect(timeline.placeAudio(source: 230, sampleRate: 48_000, samples: 1024) == .at(15_424))
  }

  @Test func `sound before the picture, or far from it, is left out`() {
    var timeline = timeline(at: 10_000, source: 1_000)
    #expect(timeline.placeAudio(source: 1_000, sampleRate: 48_000, samples: 1024) == .drop, "no picture placed yet")
    _ = timeline.placeVideo(source: 1_000)
    #expect(timeline.placeAudio(source: 990, sampleRate: 48_000, samples: 1024) == .drop)
    #expect(timeline.placeAudio(source: 12_000, sampleRate: 48_000, samples: 1024) == .drop)
    #expect(timeline.placeAudio(source: 1_010, sampleRate: 48_000, samples: 1024) == .at(480_480))
  }

  @Test func `sound alone decides itself when time has jumped`() {
    var timeline = timeline(at: 0, audioLeads: true)
    #expect(timeline.placeAudio(source: 0, sampleRate: 48_000, samples: 1024) == .at(0))
    #expect(timeline.placeAudio(source: 5_000, sampleRate: 48_000, samples: 1024) == .jump)
  }
}

/// Puts a source's clock, which starts anywhere, wraps, jumps and jitters, onto the show's own, in milliseconds.
///
/// One track leads: the picture, or the sound where there is no picture. Only the leading track decides that time has
/// jumped; sound that does not fit the picture is left out.
struct Timeline {
  /// A larger step of the leading track is a break: the packager starts anew at the next keyframe.
  static let stepMaxMilliseconds: Int64 = 2_000
  /// Steps back up to here are jitter, and are taken as the smallest step forward.
  static let stepBackMaxMilliseconds: Int64 = 500
  /// RTMP's milliseconds jitter, so sound is counted in samples, and put right only when the count is off by more.
  static let audioDriftMaxMilliseconds: Int64 = 100
  /// How far the source may be off the show's clock and still keep its own pace after a break.
  static let offsetErrorMaxMilliseconds: Int64 = 2_000
  /// No show's clock comes near it (500 years); counted in samples it still fits 64 bits.
  static let timeMaxMilliseconds: Int64 = 1 << 44

  enum Placement: Equatable {
    /// Video: milliseconds. Audio: samples. On the show's clock.
    case at(Int64)
    case drop
    case jump
  }

  private var newestRaw: UInt32?
  private var newest: Int64 = 0
  /// Show time minus source time; nil before the first anchor of a source.
  private var offset: Int64?
  private var start: Int64 = 0
  private var lastVideo: Int64?
  private var nextSample: Int64?
  private var audioLeads = false
  /// Show time up to which there is media. Nothing is ever placed before it after a new anchor.
  private(set) var end: Int64

  init(startMilliseconds: Int64) { end = startMilliseconds }

  /// Another source, with a clock of its own, takes over.
  mutating func beginSource() {
    newestRaw = nil
    offset = nil
    forgetTracks()
  }

  /// Source time without the wrap at 2³² (about 49.7 days): the signed distance to the newest is what counts.
  mutating func unwrapped(_ raw: UInt32) -> Int64 {
    guard let previous = newestRaw else {
      newestRaw = raw
      newest = Int64(raw)
      return newest
    }
    let time = newest &+ Int64(Int32(bitPattern: raw &- previous))
    newestRaw = raw
    newest = time
    return time
  }

  /// Begins a run with the unit of source time `source`, which came in when the show's clock read `now`. The run starts
  /// where the source's own pace leads if that is close to the clock, else now; never before `end`.
  mutating func anchor(source: Int64, now: Int64, audioLeads: Bool) {
    forgetTracks()
    self.audioLeads = audioLeads
    if let offset, case let paced = source &+ offset,
      abs(paced &- now) <= Self.offsetErrorMaxMilliseconds,
      paced >= end - Self.audioDriftMaxMilliseconds
    {
      // Sound may have run a little ahead of the picture that begins here.
      start = max(paced, end)
    } else {
      start = max(now, end)
      offset = start &- source
    }
  }

  mutating func placeVideo(source: Int64) -> Placement {
    guard let offset else { return .jump }
    var time = source &+ offset
    if let last = lastVideo {
      let step = time &- last
      guard step >= -Self.stepBackMaxMilliseconds, step <= Self.stepMaxMilliseconds else { return .jump }
      // Two frames at one time have no duration between them.
      time = max(time, last + 1)
    } else {
      time = max(time, start)
    }
    lastVideo = time
    end = max(end, time + 1)
    return .at(time)
  }

  mutating func placeAudio(source: Int64, sampleRate: Int, samples: Int) -> Placement {
    guard let offset, sampleRate > 0 else { return .jump }
    let time = source &+ offset
    // Sound that does not lead is never anchored anew, so its source may jump on and on.
    guard time.magnitude < Self.timeMaxMilliseconds.magnitude else { return audioLeads ? .jump : .drop }
    let position = max(0, time) * Int64(sampleRate) / 1000
    let drift = Self.audioDriftMaxMilliseconds * Int64(sampleRate) / 1000
    if audioLeads, let next = nextSample {
      let step = (position - next) * 1000 / Int64(sampleRate)
      guard step >= -Self.stepBackMaxMilliseconds, step <= Self.stepMaxMilliseconds else { return .jump }
    } else if !audioLeads {
      guard time >= start, let video = lastVideo, abs(time - video) <= 10_000 else { return .drop }
    }
    var place = nextSample ?? position
    if position - place > drift {
      place = position
    } else if place - position > drift {
      // The count is ahead: the source lost or slowed. Leaving frames out lets its clock catch up.
      return .drop
    }
    nextSample = place + Int64(samples)
    end = max(end, (place + Int64(samples)) * 1000 / Int64(sampleRate) + 1)
    return .at(place)
  }

  /// The last frame turned out to last until `time`.
  mutating func extend(to time: Int64) { end = max(end, time) }

  private mutating func forgetTracks() {
    lastVideo = nil
    nextSample = nil
  }
}

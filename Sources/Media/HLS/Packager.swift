internal import NIOCore

/// Access units in, fragments out, both in order. Pure: what time it is comes with each unit.
///
/// Holds back one video frame, because only the next one tells how long it lasts, and estimated durations make players
/// stall. Begins, and begins anew after a break or a change of encoding, at a keyframe and with a new `Initialization`.
struct Packager {
  /// How long a keyframe waits for a promised track that does not come.
  static let promiseMilliseconds: Int64 = 1_000
  /// Units kept while waiting for a track; more than any encoder sends in that time.
  static let openingUnitsMax = 1_024

  /// When a unit came in: `show` on the show's clock, `wall` since 1970, both in milliseconds.
  struct Arrival: Sendable {
    var show: Int64
    var wall: Int64
  }

  private struct Opening {
    var since: Int64?
    var units: [(unit: AccessUnit, source: Int64, arrival: Arrival)] = []
    var hasKey = false
  }

  private struct Held {
    var unit: AccessUnit
    var time: Int64
    var arrival: Arrival
  }

  private(set) var timeline: Timeline
  private(set) var initialization: Initialization?
  private(set) var droppedFrames = 0
  private var video: VideoConfiguration?
  private var audio: AudioConfiguration?
  private var promise: MediaPromise?
  /// Not nil until the run begins.
  private var opening: Opening? = Opening()
  /// A source that has begun without a track once does not wait for it again.
  private var hasBegun = false
  private var held: Held?
  private var lastDuration: Int64 = 33
  private var initializations = 0
  private var fragments: UInt32 = 0

  init(startMilliseconds: Int64) { timeline = Timeline(startMilliseconds: startMilliseconds) }

  /// Another publisher takes over; nothing the last one said holds.
  mutating func beginSource() -> [Fragment] {
    let rest = flush()
    timeline.beginSource()
    video = nil
    audio = nil
    promise = nil
    hasBegun = false
    opening = Opening()
    return rest
  }

  /// Time up to `milliseconds` on the show's clock has been declared empty: nothing is placed before it any more.
  mutating func leaveGap(until milliseconds: Int64) { timeline.extend(to: milliseconds) }

  mutating func configure(_ configuration: VideoConfiguration) { video = configuration }

  mutating func configure(_ configuration: AudioConfiguration) { audio = configuration }

  mutating func promised(_ promise: MediaPromise) { self.promise = promise }

  /// The held frame, when no other will follow it.
  mutating func flush() -> [Fragment] {
    guard let held, let initialization else { return [] }
    self.held = nil
    return [fragment(of: held, lasting: lastDuration, initialization)]
  }

  mutating func receive(_ unit: AccessUnit, at arrival: Arrival) -> [Fragment] {
    let source = timeline.unwrapped(unit.timestamp)
    if opening == nil, mustReopen(for: unit) {
      let rest = flush()
      opening = Opening()
      return rest + open(with: unit, source: source, at: arrival)
    }
    if opening != nil { return open(with: unit, source: source, at: arrival) }
    return place(unit, source: source, at: arrival)
  }

  /// A changed configuration waits for the frame at which decoding can start anew.
  private func mustReopen(for unit: AccessUnit) -> Bool {
    guard let initialization, initialization.video != video || initialization.audio != audio else { return false }
    return video == nil ? unit.track == .audio : unit.track == .video && unit.isKey
  }

  // MARK: Before the run

  private mutating func open(with unit: AccessUnit, source: Int64, at arrival: Arrival) -> [Fragment] {
    guard var opening else { return [] }
    let since = opening.since ?? arrival.show
    opening.since = since
    switch unit.track {
    case .video where video != nil && (opening.hasKey || unit.isKey):
      if !opening.hasKey { opening.units.removeAll() }
      opening.hasKey = true
      opening.units.append((unit, source, arrival))
    case .audio where audio != nil && (opening.hasKey || video == nil):
      opening.units.append((unit, source, arrival))
      // Without a picture so far, only the newest sound matters.
      if !opening.hasKey, !canBegin(opening, now: arrival.show), opening.units.count > 1 { opening.units.removeFirst() }
    default:
      droppedFrames += 1
    }
    self.opening = opening
    guard canBegin(opening, now: arrival.show), let first = opening.units.first else { return [] }
    self.opening = nil
    hasBegun = true
    initializations += 1
    let begun = Initialization(number: initializations, video: opening.hasKey ? video : nil, audio: audio)
    initialization = begun
    timeline.anchor(source: first.source, now: first.arrival.show, audioLeads: begun.video == nil)
    return opening.units.flatMap { place($0.unit, source: $0.source, at: $0.arrival) }
  }

  private func canBegin(_ opening: Opening, now: Int64) -> Bool {
    guard let since = opening.since else { return false }
    if opening.hasKey {
      guard let first = opening.units.first, let last = opening.units.last else { return false }
      // Faster than real time, or in it: a second of either is long enough.
      let waited = max(now - first.arrival.show, last.source - first.source)
      return audio != nil || hasBegun || promise?.audio == false || waited >= Self.promiseMilliseconds
        || opening.units.count >= Self.openingUnitsMax
    }
    guard audio != nil, video == nil else { return false }
    return hasBegun || promise?.video == false || now - since >= Self.promiseMilliseconds
  }

  // MARK: The run

  private mutating func place(_ unit: AccessUnit, source: Int64, at arrival: Arrival) -> [Fragment] {
    guard let initialization else { return [] }
    switch unit.track {
    case .video:
      guard initialization.video == video, video != nil else {
        droppedFrames += 1
        return []
      }
      switch timeline.placeVideo(source: source) {
      case .at(let time):
        let next = Held(unit: unit, time: time, arrival: arrival)
        let before = held
        held = next
        guard let before else { return [] }
        lastDuration = time - before.time
        return [fragment(of: before, lasting: lastDuration, initialization)]
      case .drop:
        droppedFrames += 1
        return []
      case .jump:
        return breakRun(unit, source: source, at: arrival)
      }
    case .audio:
      guard let audio, initialization.audio == audio else {
        droppedFrames += 1
        return []
      }
      switch timeline.placeAudio(source: source, sampleRate: audio.sampleRate, samples: audio.samplesPerFrame) {
      case .at(let sample): return [fragment(of: unit, sample: sample, audio, initialization)]
      case .drop:
        droppedFrames += 1
        return []
      case .jump:
        return breakRun(unit, source: source, at: arrival)
      }
    }
  }

  private mutating func breakRun(_ unit: AccessUnit, source: Int64, at arrival: Arrival) -> [Fragment] {
    let rest = flush()
    opening = Opening()
    return rest + open(with: unit, source: source, at: arrival)
  }

  private mutating func fragment(of held: Held, lasting duration: Int64, _ initialization: Initialization) -> Fragment {
    // Milliseconds to ticks.
    let scale = Initialization.ticksPerSecond / 1000
    let offset = Int64(held.unit.compositionOffset) * scale
    timeline.extend(to: held.time + duration)
    fragments &+= 1
    let sample = Fragment.Sample(
      track: Initialization.videoTrack, decodeTime: UInt64(max(0, held.time * scale)),
      duration: UInt32(truncatingIfNeeded: duration * scale), compositionOffset: Int32(truncatingIfNeeded: offset),
      flags: held.unit.isKey ? SampleFlags.independent : SampleFlags.dependent, payload: held.unit.payload)
    return Fragment(
      bytes: Fragment.bytes(sample, sequence: fragments, wallClock: held.unit.isKey ? held.arrival.wall : nil),
      initialization: initialization, track: .video, leads: true, isKey: held.unit.isKey,
      decodeTime: held.time * scale, presentationTime: held.time * scale + offset, duration: duration * scale)
  }

  private mutating func fragment(
    of unit: AccessUnit, sample: Int64, _ audio: AudioConfiguration, _ initialization: Initialization
  ) -> Fragment {
    let leads = initialization.video == nil
    fragments &+= 1
    let described = Fragment.Sample(
      track: Initialization.audioTrack, decodeTime: UInt64(max(0, sample)),
      duration: UInt32(truncatingIfNeeded: audio.samplesPerFrame), compositionOffset: 0,
      flags: SampleFlags.independent, payload: unit.payload)
    let rate = Int64(audio.sampleRate)
    let start = sample * Initialization.ticksPerSecond / rate
    let end = (sample + Int64(audio.samplesPerFrame)) * Initialization.ticksPerSecond / rate
    return Fragment(
      bytes: Fragment.bytes(described, sequence: fragments, wallClock: nil), initialization: initialization,
      track: .audio, leads: leads, isKey: leads, decodeTime: start, presentationTime: start, duration: end - start)
  }
}

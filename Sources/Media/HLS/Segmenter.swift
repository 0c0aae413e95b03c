internal import NIOCore

/// A stretch of about 200 ms, downloadable as soon as it is whole.
struct Part: Sendable {
  /// Counts through the whole stream; names that began again in every segment would make a hint ambiguous.
  var number: Int
  /// Ticks.
  var duration: Int64
  var isIndependent: Bool
  /// Nothing to download: the source left a gap.
  var isGap: Bool
  var buffers: [ByteBuffer]
  /// Of `buffers`, those that are sound, while the segment is being written; then `sound` has it.
  var soundIndexes: [Int] = []
  /// The sound alone, as slices of the segment.
  var sound: [ByteBuffer] = []
  /// The numbers of `buffers` in the `FragmentRing`, while the segment is being written.
  var numbers: [Int?] = []

  /// What there is to download.
  func bytes(of rendition: Rendition) -> [ByteBuffer] {
    switch rendition {
    case .whole, .rung: buffers
    case .sound: soundIndexes.isEmpty ? sound : soundIndexes.map { buffers[$0] }
    }
  }
}

struct Segment: Sendable {
  /// Media sequence number.
  var sequence: Int
  var initialization: Initialization
  var isDiscontinuity: Bool
  /// Begins with a keyframe.
  var isIndependent: Bool
  /// Presentation time of its first frame, ticks on the show's clock.
  var start: Int64
  /// Ticks.
  var duration: Int64 = 0
  var parts: [Part] = []
  /// Joined once, when the segment is whole; its parts become slices of it. Nil for a gap.
  var bytes: ByteBuffer?
  /// The sound alone, as slices of `bytes`.
  var sound: [ByteBuffer] = []
  /// There was no source: nothing to download, but time passed (`EXT-X-GAP`).
  var isGap = false

  /// Nil when there is nothing to download.
  func bytes(of rendition: Rendition) -> [ByteBuffer]? {
    switch rendition {
    case .whole, .rung: bytes.map { [$0] }
    case .sound: sound.isEmpty ? nil : sound
    }
  }
}

/// Makes segments and parts of fragments, and keeps those that can be asked for. Pure.
struct Segmenter {
  struct Settings: Sendable {
    var partMilliseconds: Int64 = 200
    var segmentMilliseconds: Int64 = 1_000
    var windowSeconds: Int64 = 16
    /// The first media sequence number, and how many discontinuities lie before it. Neither may ever fall, even when
    /// the server starts again: a caller without a memory derives it from a clock that does not go back.
    var firstSequence = 0
    var firstDiscontinuitySequence = 0
  }

  /// A first segment that has no second keyframe by then is taken as it is.
  static let targetSecondsMax: Int64 = 10
  /// At least as long as `Timeline`'s longest step, so that no single frame is longer than a segment may be.
  static let targetSecondsMin: Int64 = 2
  /// Of a source that breaks again and again, no more than so many are kept, however short they are.
  static let segmentsMax = 512
  private static let gatheredBytes = 96 << 10
  private static let ticksPerSecond = Initialization.ticksPerSecond

  private let settings: Settings
  /// Declared once, after the first segment, and never changed (RFC 8216bis §4.4.3.1). Nil until then.
  private(set) var targetSeconds: Int64?
  private(set) var wholeRate = BitrateMeter()
  private(set) var soundRate = BitrateMeter()
  /// Of the first segment, for the multivariant playlist; 0 without a picture.
  private(set) var framesPerSecond = 0.0
  /// Ticks. Fixed together with `targetSeconds`.
  private(set) var partTarget: Int64
  /// Whole segments in the playlist, oldest first.
  private(set) var segments: [Segment] = []
  /// The segment being written; its `parts` are whole. Nil before its first frame.
  private(set) var current: Segment?
  /// The number of the part being written, which is the one hinted at.
  private(set) var nextPartNumber = 0
  private(set) var discontinuitySequence: Int
  private(set) var hasEnded = false

  /// Fragments of what was joined since that was last asked: their numbers, and where they lie now.
  private var joined: [(Int, ByteBuffer)] = []
  /// Whole since they were last taken, for a recording.
  private var finished: [Segment] = []
  /// Left the playlist, but still downloadable.
  private var expired: [Segment] = []
  private var nextSequence: Int
  /// Fragments before the targets are known, and the ticks of those that lead.
  private var opening: [Fragment] = []
  private var openingLength: Int64 = 0
  /// How many at the front of `opening` lie in common buffers.
  private var gathered = 0
  private var openPart = OpenPart()
  private var lastInitialization: Initialization?

  private struct OpenPart {
    var buffers: [ByteBuffer] = []
    /// Which of `buffers` are sound.
    var sound: [Int] = []
    var numbers: [Int?] = []
    var duration: Int64 = 0
    var isIndependent = false
    /// Of its frames, in ticks.
    var shortest = Int64.max / 3

    mutating func append(_ fragment: Fragment) {
      if fragment.leads { shortest = min(shortest, fragment.duration) }
      if fragment.track == .audio { sound.append(buffers.count) }
      buffers.append(fragment.bytes)
      numbers.append(fragment.number)
    }
  }

  init(settings: Settings) {
    self.settings = settings
    nextSequence = settings.firstSequence
    discontinuitySequence = settings.firstDiscontinuitySequence
    partTarget = settings.partMilliseconds * Self.ticksPerSecond / 1000
  }

  /// The media sequence number of the segment being written, or to be written next.
  var currentSequence: Int { current?.sequence ?? nextSequence }

  /// - Returns: whether there is something new to read in the playlist.
  mutating func append(_ fragment: Fragment) -> Bool {
    guard !hasEnded else { return false }
    guard targetSeconds != nil else { return appendToOpening(fragment) }
    let before = (nextPartNumber, nextSequence)
    place(fragment)
    return before != (nextPartNumber, nextSequence)
  }

  /// The source is gone or about to change: what there is becomes a segment.
  mutating func finishRun() -> Bool {
    guard !hasEnded else { return false }
    let before = (nextPartNumber, nextSequence)
    if targetSeconds == nil {
      if openingLength >= segmentMin { declareTargets() } else { forgetOpening() }
    }
    closeSegment()
    openPart = OpenPart()
    return before != (nextPartNumber, nextSequence)
  }

  /// Nobody sends: what passes meanwhile, up to `time` on the show's clock in ticks, is said to be a gap. Players then
  /// see a playlist that goes on (§6.2.1 asks for a new part within every part target), and do not take the stream for
  /// dead.
  ///
  /// - Returns: where the gap ends so far; nil when it has not grown.
  mutating func fillGap(until time: Int64) -> Int64? {
    guard !hasEnded, let target = targetSeconds, let initialization = lastInitialization else { return nil }
    if let current, !current.isGap { closeSegment() }
    openPart = OpenPart()
    var end: Int64?
    while let position = (current ?? segments.last).map({ $0.start + $0.duration }), position + partTarget <= time {
      if current == nil {
        current = Segment(
          sequence: nextSequence, initialization: initialization, isDiscontinuity: false, isIndependent: true,
          start: position, isGap: true)
        nextSequence += 1
      }
      let number = takePartNumber()
      current?.parts.append(
        Part(number: number, duration: partTarget, isIndependent: false, isGap: true, buffers: []))
      current?.duration += partTarget
      end = position + partTarget
      if let length = current?.duration, length + partTarget > target * Self.ticksPerSecond { closeSegment() }
    }
    return end
  }

  /// No more will come.
  mutating func end() {
    _ = finishRun()
    hasEnded = true
  }

  /// The segments that became whole since this was last asked, without gaps.
  mutating func takeFinished() -> [Segment] {
    guard !finished.isEmpty else { return [] }
    defer { finished = [] }
    return finished
  }

  /// Where the fragments lie of what became whole since this was last asked.
  mutating func takeJoined() -> [(Int, ByteBuffer)] {
    guard !joined.isEmpty else { return [] }
    defer { joined = [] }
    return joined
  }

  // MARK: The first segment

  /// What breaks off before a segment is long enough is left out of the playlists: an encoder that is gone again at
  /// once says nothing of the pace of the one that will stay.
  private mutating func appendToOpening(_ fragment: Fragment) -> Bool {
    let changes = opening.last.map { $0.initialization !== fragment.initialization } ?? false
    let isWhole = fragment.leads && fragment.isKey && openingLength >= segmentMin
    if changes && openingLength < segmentMin {
      forgetOpening()
    } else if changes || isWhole || openingLength >= Self.targetSecondsMax * Self.ticksPerSecond {
      declareTargets()
      place(fragment)
      return targetSeconds != nil
    }
    opening.append(fragment)
    if fragment.leads { openingLength += fragment.duration }
    gatherOpening()
    return false
  }

  private mutating func declareTargets() {
    let durations = opening.filter(\.leads).map(\.duration)
    guard openingLength > 0 else { return forgetOpening() }
    // EXTINF is compared rounded to whole seconds; up to 0.45 s over is left to jitter.
    let seconds = (openingLength + Self.ticksPerSecond * 55 / 100) / Self.ticksPerSecond
    targetSeconds = min(max(seconds, Self.targetSecondsMin), Self.targetSecondsMax)
    if opening.contains(where: { $0.track == .video }) {
      framesPerSecond = Double(durations.count) * Double(Self.ticksPerSecond) / Double(openingLength)
    }
    partTarget = PartTarget.ticks(durations: durations, wanted: partTarget)
    for fragment in opening { place(fragment) }
    forgetOpening()
  }

  /// Seconds of frames, each a buffer of its own, would stay the heap's size for good.
  private mutating func gatherOpening() {
    let loose = gathered..<opening.count
    guard opening[loose].reduce(0, { $0 + $1.bytes.readableBytes }) > Self.gatheredBytes else { return }
    for (index, bytes) in zip(loose, opening[loose].map(\.bytes).inOneBuffer()) {
      opening[index].bytes = bytes
      if let number = opening[index].number { joined.append((number, bytes)) }
    }
    gathered = opening.count
  }

  private mutating func forgetOpening() {
    gathered = 0
    opening.removeAll()
    openingLength = 0
  }

  // MARK: Afterwards

  private var segmentMin: Int64 { settings.segmentMilliseconds * Self.ticksPerSecond / 1000 }

  private var segmentMax: Int64 {
    (targetSeconds ?? Self.targetSecondsMax) * Self.ticksPerSecond + Self.ticksPerSecond * 45 / 100
  }

  private mutating func place(_ fragment: Fragment) {
    if let last = lastInitialization, last !== fragment.initialization { finishBefore(fragment) }
    if current?.isGap == true { closeSegment() }
    lastInitialization = fragment.initialization
    guard fragment.leads else {
      // Sound beside a picture takes no time of its own.
      openPart.append(fragment)
      return
    }
    if let segment = current {
      let length = segment.duration + openPart.duration
      let isDue = fragment.isKey && length >= segmentMin
      if isDue || length + fragment.duration > segmentMax { closeSegment() }
    }
    if openPart.duration > 0, openPart.duration + fragment.duration > partTarget, !isHole(fragment) { closePart() }
    if current == nil { openSegment(with: fragment) }
    openPart.append(fragment)
    openPart.duration += fragment.duration
    if fragment.isKey { openPart.isIndependent = true }
    // The next frame would not fit: no need to wait for it.
    if isLongEnough, openPart.duration + fragment.duration > partTarget { closePart() }
  }

  /// §4.4.4.9: a part within a segment lasts 85 % of the target or more.
  private var isLongEnough: Bool { openPart.duration * 100 >= partTarget * 85 }

  /// Whether a frame lasts long because others were lost, where a part made without it would be too short. It then ends
  /// the part it does not fit into, and what is beyond the target is a gap.
  private func isHole(_ fragment: Fragment) -> Bool {
    if fragment.duration > partTarget { return true }
    return !isLongEnough && fragment.duration * 2 > openPart.shortest * 3
  }

  private mutating func finishBefore(_ fragment: Fragment) {
    closeSegment()
    openPart = OpenPart()
  }

  private mutating func openSegment(with fragment: Fragment) {
    let previous = segments.last?.initialization
    current = Segment(
      sequence: nextSequence, initialization: fragment.initialization,
      isDiscontinuity: previous.map { $0 !== fragment.initialization } ?? false, isIndependent: fragment.isKey,
      start: fragment.presentationTime)
    nextSequence += 1
  }

  private mutating func closePart() {
    guard openPart.duration > 0 else { return }
    let length = openPart.duration
    openPart.buffers = openPart.buffers.inOneBuffer()
    for (number, bytes) in zip(openPart.numbers, openPart.buffers) {
      if let number { joined.append((number, bytes)) }
    }
    // §4.4.4.9: no part is longer than the target. What is beyond was never sent by the source.
    var parts = [
      Part(
        number: takePartNumber(), duration: min(length, partTarget), isIndependent: openPart.isIndependent,
        isGap: false, buffers: openPart.buffers, soundIndexes: openPart.sound,
        numbers: openPart.numbers)
    ]
    var rest = length - partTarget
    while rest > 0 {
      parts.append(
        Part(number: takePartNumber(), duration: min(rest, partTarget), isIndependent: false, isGap: true, buffers: []))
      rest -= partTarget
    }
    current?.parts += parts
    current?.duration += length
    openPart = OpenPart()
  }

  private mutating func takePartNumber() -> Int {
    defer { nextPartNumber += 1 }
    return nextPartNumber
  }

  private mutating func closeSegment() {
    // Sound that came after the last frame belongs with the next one.
    closePart()
    guard var segment = current else { return }
    current = nil
    guard segment.duration > 0 else {
      nextSequence -= 1
      return
    }
    if !segment.isGap { join(&segment) }
    segments.append(segment)
    if !segment.isGap { finished.append(segment) }
    if finished.count > Self.segmentsMax { finished.removeFirst() }
    trim()
  }

  /// What there was of each fragment is in one buffer from now on.
  private mutating func join(_ segment: inout Segment) {
    joined += segment.join()
    let target = (targetSeconds ?? Self.targetSecondsMin) * Self.ticksPerSecond
    wholeRate.add(bytes: segment.bytes?.readableBytes ?? 0, ticks: segment.duration, target: target)
    let soundBytes = segment.sound.reduce(0) { $0 + $1.readableBytes }
    if soundBytes > 0 { soundRate.add(bytes: soundBytes, ticks: segment.duration, target: target) }
  }

  // MARK: The window

  /// Ticks, at least what §6.2.2 asks for (three target durations) with one to spare.
  private var window: Int64 {
    max(settings.windowSeconds, 4 * (targetSeconds ?? Self.targetSecondsMin)) * Self.ticksPerSecond
  }

  private mutating func trim() {
    var length = segments.reduce(0) { $0 + $1.duration }
    while let first = segments.first, length - first.duration >= window || segments.count > Self.segmentsMax {
      segments.removeFirst()
      length -= first.duration
      if first.isDiscontinuity { discontinuitySequence += 1 }
      expired.append(first)
    }
    // §6.2.2: a removed segment stays for its own length and that of the longest playlist that held it.
    var kept = expired.reduce(0) { $0 + $1.duration }
    while let first = expired.first, kept - first.duration >= window + first.duration {
      expired.removeFirst()
      kept -= first.duration
    }
    // Parts are listed for three target durations (§4.4.4.9), and stay as long again.
    var age: Int64 = current?.duration ?? 0
    Self.forgetParts(of: &segments, beyond: 2 * partsListed, age: &age)
    Self.forgetParts(of: &expired, beyond: 2 * partsListed, age: &age)
  }

  private static func forgetParts(of segments: inout [Segment], beyond limit: Int64, age: inout Int64) {
    for index in segments.indices.reversed() {
      if age > limit { segments[index].parts.removeAll() }
      age += segments[index].duration
    }
  }

  /// How far from the live edge parts are listed, in ticks.
  var partsListed: Int64 { 3 * (targetSeconds ?? Self.targetSecondsMin) * Self.ticksPerSecond }

  /// How far from the live edge a delta update may not skip (§4.4.3.8: at least six target durations), in ticks. Nil
  /// when the window is too short for a skip ever to happen.
  var skipUntil: Int64? {
    let until = 6 * (targetSeconds ?? Self.targetSecondsMin) * Self.ticksPerSecond
    return until < window ? until : nil
  }

  // MARK: Asking

  func segment(_ sequence: Int) -> Segment? {
    segments.last { $0.sequence == sequence } ?? expired.last { $0.sequence == sequence }
  }

  func part(_ number: Int) -> Part? {
    if let part = current?.parts.last(where: { $0.number == number }) { return part }
    for kept in [segments, expired] {
      for segment in kept.reversed() {
        guard let first = segment.parts.first else { return nil }
        if number >= first.number { return segment.parts.first { $0.number == number } }
      }
    }
    return nil
  }

  func initialization(_ number: Int) -> Initialization? {
    if let last = lastInitialization, last.number == number { return last }
    let kept =
      segments.last { $0.initialization.number == number } ?? expired.last { $0.initialization.number == number }
    return kept?.initialization
  }
}

/// What the multivariant playlist says of the whole.
extension Segmenter {
  var newestInitialization: Initialization? { current?.initialization ?? segments.last?.initialization }

  /// §6.2.5.2: how many parts ahead a request may be: three, or as many as make three seconds.
  var advancePartLimit: Int {
    partTarget < Initialization.ticksPerSecond
      ? Int((3 * Initialization.ticksPerSecond + partTarget - 1) / max(1, partTarget)) : 3
  }
}

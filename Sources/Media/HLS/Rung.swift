internal import NIOCore

/// A smaller picture of the stream's own, as it comes from the ladder. Times are ticks on the show's clock.
struct RungPicture: Sendable {
  var presentationTime: Int64
  var duration: Int64
  var isKey: Bool
  /// Length-prefixed NAL units.
  var payload: ByteBuffer
}

/// One rung of the ladder as viewers see it. Pure.
///
/// It has no structure of its own: segment by segment and part by part it follows the `Segmenter`, under the same
/// numbers, with pictures of its own and the very bytes of the stream's sound. So all variants agree in durations,
/// discontinuities and dates (RFC 8216bis §6.2.4) whatever becomes of the program that makes the pictures. It is
/// behind by as long as that takes; what does not come within `lag` is said to be missing (`GAP`), here only.
struct Rung: Sendable {
  /// Pictures that wait for their part; more than any stream has in `lag`.
  static let waitingMax = 1_024
  private static let tolerance: Int64 = 90

  let side: Int
  /// Wall clock, milliseconds since 1970, at show time 0.
  private let epoch: Int64
  /// How far behind the stream a part may be, in ticks.
  private let lag: Int64
  private(set) var segments: [Segment] = []
  private(set) var current: Segment?
  private(set) var rate = BitrateMeter()
  /// The number of the part that comes next; nil before the first picture.
  private(set) var nextPart: Int?
  /// Whether pictures are being made. What is missing while none are is not waited for.
  var isFed = false
  private(set) var newestInitialization: Initialization?
  private var expired: [Segment] = []
  private var finished: [Segment] = []
  private var initializations: [Int: Initialization] = [:]
  private var waiting: [RungPicture] = []
  private var fragments: UInt32 = 0
  /// The end of the newest picture.
  private var end = Int64.min

  init(side: Int, lagMilliseconds: Int64, epoch: Int64) {
    self.side = side
    self.epoch = epoch
    lag = lagMilliseconds * Initialization.ticksPerSecond / 1000
  }

  /// Something can be played of it, and its rate has been measured.
  var isOffered: Bool { segments.contains { !$0.isGap } }

  // MARK: Pictures in

  /// How to decode the pictures that come now; they belong to what `main` sets up. Nothing when that had another set-up
  /// here before: a second would be a discontinuity that the stream itself does not have.
  mutating func configure(_ video: VideoConfiguration, within main: Initialization) {
    guard initializations[main.number] == nil else { return }
    let own = Initialization(number: main.number, video: video, audio: main.audio)
    initializations[main.number] = own
    newestInitialization = own
  }

  /// Whether pictures so set up may come within `main`.
  func takes(_ video: VideoConfiguration, within main: Initialization) -> Bool {
    initializations[main.number].map { $0.video == video } ?? true
  }

  /// In order of time; what is late is left out.
  mutating func receive(_ picture: RungPicture) {
    guard picture.presentationTime >= end, waiting.count < Self.waitingMax else { return }
    waiting.append(picture)
    end = picture.presentationTime + picture.duration
  }

  // MARK: Following

  /// Takes over what the stream has got meanwhile and there are pictures for.
  /// - Returns: whether there is something new to read in the playlist.
  mutating func follow(_ main: Segmenter) -> Bool {
    guard nextPart != nil || begin(main) else { return false }
    var hasChanged = false
    while let number = nextPart, let place = main.place(ofPart: number) {
      guard let part = part(at: place, main) else { break }
      if current?.sequence != place.segment.sequence { open(place.segment) }
      current?.parts.append(part)
      current?.duration += part.duration
      nextPart = number + 1
      hasChanged = true
      closeIfWhole(main)
    }
    if closeIfWhole(main) { hasChanged = true }
    trim(main)
    return hasChanged
  }

  /// Where the first picture is a segment's first: before it nothing could be decoded.
  private mutating func begin(_ main: Segmenter) -> Bool {
    guard let first = waiting.first else { return false }
    let all = main.segments + [main.current].compactMap(\.self)
    guard let segment = all.first(where: { $0.start >= first.presentationTime - Self.tolerance }),
      let number = segment.parts.first?.number
    else { return false }
    nextPart = number
    return true
  }

  /// The part's own bytes, a gap, or nil when it is worth waiting.
  private mutating func part(at place: Segmenter.Place, _ main: Segmenter) -> Part? {
    var part = place.part
    let partEnd = place.start + part.duration
    part.soundIndexes = []
    part.sound = []
    part.buffers = []
    while let first = waiting.first, first.presentationTime < place.start - Self.tolerance { waiting.removeFirst() }
    guard !part.isGap, let own = initializations[place.segment.initialization.number] else {
      if !part.isGap, isWorthWaiting(partEnd, main) { return nil }
      return Self.gap(part)
    }
    guard end >= partEnd - Self.tolerance else { return isWorthWaiting(partEnd, main) ? nil : Self.gap(part) }
    let count = waiting.prefix { $0.presentationTime < partEnd - Self.tolerance }.count
    // A segment that was begun without a set-up is lost as a whole: its address may not name another one afterwards.
    let hasOtherMap = current.map { $0.sequence == place.segment.sequence && $0.initialization !== own } ?? false
    guard count > 0, !hasOtherMap else { return Self.gap(part) }
    for picture in waiting.prefix(count) {
      part.buffers.append(fragment(of: picture, own))
    }
    part.isIndependent = waiting[..<count].contains(where: \.isKey)
    waiting.removeFirst(count)
    let sound = place.part.bytes(of: .sound)
    part.soundIndexes = Array(part.buffers.count..<part.buffers.count + sound.count)
    part.buffers += sound
    return part
  }

  private func isWorthWaiting(_ partEnd: Int64, _ main: Segmenter) -> Bool { isFed && main.wholeUntil - partEnd < lag }

  private static func gap(_ part: Part) -> Part {
    var part = part
    part.isGap = true
    part.isIndependent = false
    return part
  }

  private mutating func fragment(of picture: RungPicture, _ own: Initialization) -> ByteBuffer {
    fragments &+= 1
    let sample = Fragment.Sample(
      track: Initialization.videoTrack, decodeTime: UInt64(max(0, picture.presentationTime)),
      duration: UInt32(truncatingIfNeeded: picture.duration), compositionOffset: 0,
      flags: picture.isKey ? SampleFlags.independent : SampleFlags.dependent, payload: picture.payload)
    let wallClock = epoch + picture.presentationTime * 1000 / Initialization.ticksPerSecond
    return Fragment.bytes(sample, sequence: fragments, wallClock: picture.isKey ? wallClock : nil)
  }

  private mutating func open(_ main: Segment) {
    var segment = main
    segment.parts = []
    segment.duration = 0
    segment.bytes = nil
    segment.sound = []
    // A gap has nothing to set up.
    if let own = initializations[main.initialization.number] ?? newestInitialization { segment.initialization = own }
    current = segment
  }

  /// Once the stream's segment is whole and all of its parts are here.
  @discardableResult
  private mutating func closeIfWhole(_ main: Segmenter) -> Bool {
    guard var segment = current, main.current?.sequence != segment.sequence,
      let whole = main.segments.last(where: { $0.sequence == segment.sequence }),
      whole.parts.last.map({ $0.number < nextPart ?? 0 }) ?? true
    else { return false }
    current = nil
    segment.duration = whole.duration
    // What is there of a segment can be had, as of one of the stream's own that lost frames.
    segment.isGap = segment.parts.allSatisfy(\.isGap)
    segment.isIndependent = segment.parts.first?.isIndependent ?? false
    if !segment.isGap {
      segment.join()
      let target = (main.targetSeconds ?? Segmenter.targetSecondsMin) * Initialization.ticksPerSecond
      rate.add(bytes: segment.bytes?.readableBytes ?? 0, ticks: segment.duration, target: target)
    }
    segments.append(segment)
    // Where the stream itself has nothing, nothing of it is missing here.
    if !whole.isGap { finished.append(segment) }
    return true
  }

  /// The segments that became whole since this was last asked, those that are missing among them.
  mutating func takeFinished() -> [Segment] {
    guard !finished.isEmpty else { return [] }
    defer { finished.removeAll() }
    return finished
  }

  /// What left the stream's playlist leaves this one, and what can no more be asked for of the stream is let go.
  private mutating func trim(_ main: Segmenter) {
    guard let first = main.segments.first?.sequence ?? main.current?.sequence else { return }
    while let oldest = segments.first, oldest.sequence < first {
      expired.append(oldest)
      segments.removeFirst()
    }
    while let oldest = expired.first, !main.keeps(sequence: oldest.sequence) { expired.removeFirst() }
    let kept = main.partsKeptFrom
    for index in segments.indices where segments[index].sequence < kept { segments[index].parts.removeAll() }
    for index in expired.indices where expired[index].sequence < kept { expired[index].parts.removeAll() }
    let oldest = expired.first ?? segments.first ?? current
    if let number = oldest?.initialization.number, let newest = newestInitialization?.number {
      initializations = initializations.filter { $0.key >= number || $0.key == newest }
    }
  }

  // MARK: Asking

  /// How far it is behind the stream, in milliseconds.
  func lag(behind main: Segmenter) -> Int64 {
    guard let last = current ?? segments.last else { return 0 }
    return max(0, main.wholeUntil - last.start - last.duration) * 1000 / Initialization.ticksPerSecond
  }

  /// The stream's playlist as far as it is followed; nil before there is something to play.
  func playlist(like main: MediaPlaylist) -> MediaPlaylist? {
    guard let nextPart, isOffered || main.hasEnded else { return nil }
    var playlist = main
    playlist.rendition = .rung(side)
    playlist.segments = segments
    playlist.current = current
    playlist.nextPartNumber = nextPart
    let first = segments.first?.sequence ?? current?.sequence ?? 0
    // Those between the stream's first segment and the first here.
    playlist.discontinuitySequence += main.segments.count { $0.sequence < first && $0.isDiscontinuity }
    playlist.hasEnded = main.hasEnded && current == nil && segments.last?.sequence == main.segments.last?.sequence
    return playlist
  }

  func segment(_ sequence: Int) -> Segment? {
    segments.last { $0.sequence == sequence } ?? expired.last { $0.sequence == sequence }
  }

  func part(_ number: Int) -> Part? {
    for segment in [current].compactMap(\.self) + segments.reversed() + expired.reversed() {
      if let part = segment.parts.first(where: { $0.number == number }) { return part }
    }
    return nil
  }

  func initialization(_ number: Int) -> Initialization? { initializations[number] }
}

extension Segmenter {
  /// A part within its segment.
  struct Place {
    var segment: Segment
    var part: Part
    /// Presentation time at which it begins, ticks.
    var start: Int64
  }

  /// Where a part is that is whole; nil while it is not, or when it was long ago.
  func place(ofPart number: Int) -> Place? {
    for segment in [current].compactMap(\.self) + segments.reversed() {
      guard let first = segment.parts.first, number >= first.number else { continue }
      var start = segment.start
      for part in segment.parts {
        if part.number == number { return Place(segment: segment, part: part, start: start) }
        start += part.duration
      }
      return nil
    }
    return nil
  }

  /// The end of the newest whole part, ticks.
  var wholeUntil: Int64 { (current ?? segments.last).map { $0.start + $0.duration } ?? 0 }

  /// Whether a segment can still be asked for.
  func keeps(sequence: Int) -> Bool { segment(sequence) != nil }

  /// The first segment whose parts can still be asked for.
  var partsKeptFrom: Int { segments.first { !$0.parts.isEmpty }?.sequence ?? currentSequence }
}

/// Playlists as text, RFC 8216bis. Pure.
enum Playlist {
  /// Where things are, relative to the playlist.
  struct Names: Sendable {
    /// Random, new for each session of the server, so that what it names can be cached for ever.
    let prefix: String

    static let media = "live.m3u8"

    func initialization(_ number: Int) -> String { "\(prefix)/i\(number).mp4" }
    func segment(_ sequence: Int) -> String { "\(prefix)/s\(sequence).mp4" }
    func part(_ number: Int) -> String { "\(prefix)/p\(number).mp4" }
  }

  /// - Parameters:
  ///   - peak: bits per second of the busiest segment.
  ///   - average: bits per second over all segments.
  static func multivariant(_ initialization: Initialization, peak: Int, average: Int, framesPerSecond: Double) -> String
  {
    var attributes = ["BANDWIDTH=\(peak)", "AVERAGE-BANDWIDTH=\(average)", "CODECS=\"\(initialization.codecs)\""]
    if let size = initialization.video?.size {
      attributes.append("RESOLUTION=\(size.width)x\(size.height)")
      if framesPerSecond > 0 { attributes.append("FRAME-RATE=\(decimal(Int64(framesPerSecond * 1000), per: 1000))") }
    }
    return """
      #EXTM3U
      #EXT-X-VERSION:9
      #EXT-X-STREAM-INF:\(attributes.joined(separator: ","))
      \(Names.media)

      """
  }

  /// - Parameters:
  ///   - epoch: wall clock, milliseconds since 1970, at show time 0.
  ///   - skips: answers `_HLS_skip=YES`: what lies far back is left out, if anything does.
  /// - Returns: nil before the first segment is whole.
  static func media(_ segmenter: Segmenter, names: Names, epoch: Int64, skips: Bool = false) -> String? {
    guard let target = segmenter.targetSeconds, let first = segmenter.segments.first ?? segmenter.current else {
      return nil
    }
    var text = """
      #EXTM3U
      #EXT-X-VERSION:9
      #EXT-X-TARGETDURATION:\(target)
      #EXT-X-SERVER-CONTROL:\(serverControl(segmenter, target: target))
      #EXT-X-PART-INF:PART-TARGET=\(seconds(segmenter.partTarget))
      #EXT-X-MEDIA-SEQUENCE:\(first.sequence)
      #EXT-X-DISCONTINUITY-SEQUENCE:\(segmenter.discontinuitySequence)

      """
    // True of the whole playlist or not said: a keyframe interval beyond the target makes segments without a keyframe.
    if segmenter.segments.allSatisfy(\.isIndependent), segmenter.current?.isIndependent ?? true {
      text += "#EXT-X-INDEPENDENT-SEGMENTS\n"
    }
    var distances: [Int64] = []
    var distance = segmenter.current?.duration ?? 0
    for segment in segmenter.segments.reversed() {
      distances.append(distance)
      distance += segment.duration
    }
    distances.reverse()

    var skipped = 0
    if skips, let until = segmenter.skipUntil {
      // §6.2.5.1: a segment further from the end than CAN-SKIP-UNTIL, by its start.
      skipped = zip(segmenter.segments, distances).prefix { $0.duration + $1 > until && $1 > until }.count
      if skipped > 0 { text += "#EXT-X-SKIP:SKIPPED-SEGMENTS=\(skipped)\n" }
    }
    var map: Initialization? = skipped > 0 ? segmenter.segments[skipped - 1].initialization : nil
    for (segment, distance) in zip(segmenter.segments, distances).dropFirst(skipped) {
      writeHead(of: segment, map: &map, names: names, epoch: epoch, to: &text)
      if distance <= segmenter.partsListed { writeParts(of: segment, names: names, to: &text) }
      text += "#EXTINF:\(seconds(segment.duration)),\n\(names.segment(segment.sequence))\n"
    }
    if let current = segmenter.current {
      writeHead(of: current, map: &map, names: names, epoch: epoch, to: &text)
      writeParts(of: current, names: names, to: &text)
    }
    if segmenter.hasEnded {
      text += "#EXT-X-ENDLIST\n"
    } else {
      text += "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"\(names.part(segmenter.nextPartNumber))\"\n"
    }
    return text
  }

  private static func serverControl(_ segmenter: Segmenter, target: Int64) -> String {
    let skip = segmenter.skipUntil.map { "CAN-SKIP-UNTIL=\(seconds($0))," } ?? ""
    let holdBack = seconds(3 * target * Initialization.ticksPerSecond)
    return "CAN-BLOCK-RELOAD=YES,\(skip)HOLD-BACK=\(holdBack),PART-HOLD-BACK=\(seconds(3 * segmenter.partTarget))"
  }

  private static func writeHead(
    of segment: Segment, map: inout Initialization?, names: Names, epoch: Int64, to text: inout String
  ) {
    if segment.isDiscontinuity { text += "#EXT-X-DISCONTINUITY\n" }
    if map !== segment.initialization {
      text += "#EXT-X-MAP:URI=\"\(names.initialization(segment.initialization.number))\"\n"
      map = segment.initialization
    }
    let wallClock = epoch + segment.start * 1000 / Initialization.ticksPerSecond
    text += "#EXT-X-PROGRAM-DATE-TIME:\(dateTime(wallClock))\n"
  }

  private static func writeParts(of segment: Segment, names: Names, to text: inout String) {
    for part in segment.parts {
      text += "#EXT-X-PART:DURATION=\(seconds(part.duration)),URI=\"\(names.part(part.number))\""
      if part.isIndependent { text += ",INDEPENDENT=YES" }
      if part.isGap { text += ",GAP=YES" }
      text += "\n"
    }
  }

  /// Ticks as decimal seconds, five places: exact to a tick.
  static func seconds(_ ticks: Int64) -> String {
    decimal((ticks * 100_000 + Initialization.ticksPerSecond / 2) / Initialization.ticksPerSecond, per: 100_000)
  }

  /// `value / scale` with as many places as `scale`, a power of ten, has zeros.
  private static func decimal(_ value: Int64, per scale: Int64) -> String {
    let fraction = String(value % scale + scale).dropFirst()
    return "\(value / scale).\(fraction)"
  }

  /// RFC 3339 with milliseconds, UTC.
  static func dateTime(_ milliseconds: Int64) -> String {
    let day = milliseconds >= 0 ? milliseconds / 86_400_000 : (milliseconds - 86_399_999) / 86_400_000
    let time = milliseconds - day * 86_400_000
    // Days to a date of the Gregorian calendar, in years that begin in March so that the leap day is the last.
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let date = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func digits(_ value: Int64, _ count: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    return """
      \(digits(year, 4))-\(digits(month, 2))-\(digits(date, 2))T\(digits(time / 3_600_000, 2)):\
      \(digits(time / 60_000 % 60, 2)):\(digits(time / 1000 % 60, 2)).\(digits(time % 1000, 3))Z
      """
  }
}

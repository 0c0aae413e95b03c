/// Playlists as text, RFC 8216bis. Pure.
enum Playlist {
  /// Where things are, relative to the playlist.
  struct Names: Sendable {
    /// Random, new for each session of the server, so that what it names can be cached for ever.
    let prefix: String

    /// The folder of the sound's own segments.
    static let sound: Substring = "sound"

    static func media(_ rendition: Rendition) -> String {
      switch rendition {
      case .whole: "live.m3u8"
      case .sound: "sound.m3u8"
      case .rung(let side): "\(folder(ofRung: side)).m3u8"
      }
    }

    /// Of a rung's own segments: `480p`.
    static func folder(ofRung side: Int) -> String { "\(side)p" }

    func initialization(_ number: Int, _ rendition: Rendition = .whole) -> String {
      "\(folder(rendition))i\(number).mp4"
    }
    func segment(_ sequence: Int, _ rendition: Rendition = .whole) -> String { "\(folder(rendition))s\(sequence).mp4" }
    func part(_ number: Int, _ rendition: Rendition = .whole) -> String { "\(folder(rendition))p\(number).mp4" }

    private func folder(_ rendition: Rendition) -> String {
      switch rendition {
      case .whole: "\(prefix)/"
      case .sound: "\(prefix)/\(Self.sound)/"
      case .rung(let side): "\(prefix)/\(Self.folder(ofRung: side))/"
      }
    }
  }

  /// What the multivariant playlist says of one rendition.
  struct Rate: Sendable {
    /// Bits per second.
    var peak: Int
    var average: Int
  }

  /// A rung of the ladder, as the multivariant playlist says it.
  struct RungVariant: Sendable {
    var side: Int
    var initialization: Initialization
    var rate: Rate
  }

  /// - Parameters:
  ///   - sound: the sound alone; listed as a variant of its own beside a picture, nil where there is none.
  ///   - rungs: smaller pictures with the same sound, the largest first.
  static func multivariant(
    _ initialization: Initialization, whole: Rate, sound: Rate?, framesPerSecond: Double, rungs: [RungVariant] = []
  ) -> String {
    var text = "#EXTM3U\n#EXT-X-VERSION:9\n"
    func described(_ variant: Initialization, _ rate: Rate) -> [String] {
      var attributes = attributes(rate, codecs: variant.codecs, size: variant.video?.size)
      if variant.video != nil, framesPerSecond > 0 {
        attributes.append("FRAME-RATE=\(decimal(Int64(framesPerSecond * 1000), per: 1000))")
      }
      return attributes
    }
    let pictures =
      [(described(initialization, whole), Rendition.whole)]
      + rungs.map { (described($0.initialization, $0.rate), .rung($0.side)) }
    guard initialization.video != nil, let audio = initialization.audio, let sound else {
      return text + pictures.map { streamInfo($0.0, Names.media($0.1)) }.joined()
    }
    // Without an address: the sound is in the variants themselves (§4.4.6.2.1).
    let channels = max(1, audio.channels)
    text +=
      "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"sound\",NAME=\"Sound\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"\(channels)\"\n"
    for (attributes, rendition) in pictures {
      text += streamInfo(attributes + ["AUDIO=\"sound\""], Names.media(rendition))
    }
    text += streamInfo(
      attributes(sound, codecs: audio.codecString, size: nil) + ["AUDIO=\"sound\""], Names.media(.sound))
    return text
  }

  /// Of a variant, RFC 8216bis §4.4.6.2.
  static func attributes(_ rate: Rate, codecs: String, size: (width: Int, height: Int)?) -> [String] {
    ["BANDWIDTH=\(rate.peak)", "AVERAGE-BANDWIDTH=\(rate.average)", "CODECS=\"\(codecs)\""]
      + (size.map { ["RESOLUTION=\($0.width)x\($0.height)"] } ?? [])
  }

  static func streamInfo(_ attributes: [String], _ address: String) -> String {
    "#EXT-X-STREAM-INF:\(attributes.joined(separator: ","))\n\(address)\n"
  }

  /// - Parameters:
  ///   - epoch: wall clock, milliseconds since 1970, at show time 0.
  ///   - skip: what lies far back and is to be left out, if anything does.
  static func media(
    _ playlist: MediaPlaylist, names: Names, epoch: Int64, skip: MediaPlaylist.Skip = .nothing
  ) -> String {
    let distances = distances(in: playlist)
    let skipped = skip == .nothing ? 0 : skippable(playlist, distances)
    // Nothing can be left out but together with segments: the tag that says so has to name some.
    let skipsRanges = skipped > 0 && skip == .segmentsAndDateRanges
    let first = playlist.segments.first ?? playlist.current
    var text = """
      #EXTM3U
      #EXT-X-VERSION:\(skipsRanges ? 10 : 9)
      #EXT-X-TARGETDURATION:\(playlist.targetSeconds)
      #EXT-X-SERVER-CONTROL:\(serverControl(playlist))
      #EXT-X-PART-INF:PART-TARGET=\(seconds(playlist.partTarget))
      #EXT-X-MEDIA-SEQUENCE:\(first?.sequence ?? 0)
      #EXT-X-DISCONTINUITY-SEQUENCE:\(playlist.discontinuitySequence)

      """
    // True of the whole playlist or not said: a keyframe interval beyond the target makes segments without a keyframe.
    if playlist.rendition == .sound
      || playlist.segments.allSatisfy(\.isIndependent) && (playlist.current?.isIndependent ?? true)
    {
      text += "#EXT-X-INDEPENDENT-SEGMENTS\n"
    }
    if skipped > 0 {
      text += "#EXT-X-SKIP:SKIPPED-SEGMENTS=\(skipped)"
      if skipsRanges {
        text += ",RECENTLY-REMOVED-DATERANGES=\"\(playlist.dateRangesRemoved.joined(separator: "\t"))\""
      }
      text += "\n"
    }
    for range in playlist.dateRanges where !(skipsRanges && playlist.dateRangesKnown.contains(range.id)) {
      write(range, epoch: epoch, to: &text)
    }
    let writer = SegmentWriter(rendition: playlist.rendition, names: names, epoch: epoch)
    var map: Initialization? = writer.map(before: playlist.segments.prefix(skipped))
    for (segment, distance) in zip(playlist.segments, distances).dropFirst(skipped) {
      writer.writeHead(of: segment, map: &map, to: &text)
      if distance <= playlist.partsListed { writer.writeParts(of: segment, to: &text) }
      writer.writeEnd(of: segment, to: &text)
    }
    if let current = playlist.current {
      writer.writeHead(of: current, map: &map, to: &text)
      writer.writeParts(of: current, to: &text)
    }
    if playlist.hasEnded {
      text += "#EXT-X-ENDLIST\n"
    } else {
      let hint = names.part(playlist.nextPartNumber, playlist.rendition)
      text += "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"\(hint)\"\n"
      for other in playlist.reports {
        text += "#EXT-X-RENDITION-REPORT:URI=\"\(Names.media(other.rendition))\",LAST-MSN=\(other.sequence)"
        if let part = other.part { text += ",LAST-PART=\(part)" }
        text += "\n"
      }
    }
    return text
  }

  /// Of each whole segment, from its end to the end of the playlist.
  private static func distances(in playlist: MediaPlaylist) -> [Int64] {
    var distances: [Int64] = []
    distances.reserveCapacity(playlist.segments.count)
    var distance = playlist.current?.duration ?? 0
    for segment in playlist.segments.reversed() {
      distances.append(distance)
      distance += segment.duration
    }
    distances.reverse()
    return distances
  }

  /// How many segments lie beyond the skip boundary as a whole (§6.2.5.1); none once the stream is over.
  private static func skippable(_ playlist: MediaPlaylist, _ distances: [Int64]) -> Int {
    guard let until = playlist.skipUntil, !playlist.hasEnded else { return 0 }
    return distances.prefix { $0 > until }.count
  }

  private static func serverControl(_ playlist: MediaPlaylist) -> String {
    let skip = playlist.skipUntil.map { "CAN-SKIP-UNTIL=\(seconds($0)),CAN-SKIP-DATERANGES=YES," } ?? ""
    let holdBack = seconds(3 * playlist.targetSeconds * Initialization.ticksPerSecond)
    return "CAN-BLOCK-RELOAD=YES,\(skip)HOLD-BACK=\(holdBack),PART-HOLD-BACK=\(seconds(3 * playlist.partTarget))"
  }

  private static func write(_ range: DateRange, epoch: Int64, to text: inout String) {
    let start = epoch + range.startMilliseconds
    text += "#EXT-X-DATERANGE:ID=\"\(range.id)\",CLASS=\"\(range.className)\",START-DATE=\"\(dateTime(start))\""
    if let end = range.endMilliseconds {
      text += ",DURATION=\(decimal(end - range.startMilliseconds, per: 1000))"
    }
    if let end = range.plannedEndMilliseconds {
      text += ",PLANNED-DURATION=\(decimal(end - range.startMilliseconds, per: 1000))"
    }
    for attribute in range.attributes { text += ",X-\(attribute.name)=\"\(attribute.value)\"" }
    text += "\n"
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

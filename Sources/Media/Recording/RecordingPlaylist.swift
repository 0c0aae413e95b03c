internal import NIOCore

/// Playlists and chapters of a recording as text (RFC 8216bis, WebVTT). Pure.
public enum RecordingPlaylist {
  /// Addresses name the bytes' checksum: what is cached under one is never something else, also when a crash took a
  /// segment and another was recorded in its place.
  public static func name(_ segment: RecordedSegment) -> String {
    "s\(segment.number)-\(hexadecimal(segment.entry.checksum)).mp4"
  }

  public static func name(initialization entry: RecordingEntry) -> String {
    "i\(entry.file)-\(hexadecimal(entry.checksum)).mp4"
  }

  /// The entry that a name speaks of; nil for none of this recording's.
  public static func entry(named name: some StringProtocol, in index: RecordingIndex) -> RecordingEntry? {
    guard name.utf8.count <= 40, name.hasSuffix(".mp4"), let kind = name.first else { return nil }
    let parts = name.dropFirst().dropLast(4).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let number = UInt32(parts[0]), let checksum = UInt32(parts[1], radix: 16) else {
      return nil
    }
    let entry: RecordingEntry? =
      switch kind {
      case "i": index.initializations[number]
      case "s": Int(number) < index.segments.count ? index.segments[Int(number)].entry : nil
      default: nil
      }
    return entry?.checksum == checksum ? entry : nil
  }

  /// The whole recording, to be played from any place.
  /// - Parameter epoch: wall clock, milliseconds since 1970, at show time 0.
  public static func replay(_ index: RecordingIndex, epoch: Int64) -> String {
    let longest = index.segments.map(\.entry.duration).max() ?? 0
    let target = (longest + Initialization.ticksPerSecond / 2) / Initialization.ticksPerSecond
    var text = """
      #EXTM3U
      #EXT-X-VERSION:7
      #EXT-X-TARGETDURATION:\(max(1, target))
      #EXT-X-PLAYLIST-TYPE:VOD
      #EXT-X-MEDIA-SEQUENCE:0

      """
    if index.segments.allSatisfy(\.entry.isIndependent) { text += "#EXT-X-INDEPENDENT-SEGMENTS\n" }
    write(index.segments[...], of: index, epoch: epoch, prefix: "", to: &text)
    return text + "#EXT-X-ENDLIST\n"
  }

  /// A live show to look back in: a plain live playlist whose segments are those of the recording, beside the
  /// low-latency one, which stays small. A comment says the epoch, so that our player knows which media time a
  /// date is.
  /// - Parameters:
  ///   - windowSeconds: how far back it goes.
  ///   - prefix: where the segments are, relative to the playlist.
  public static func lookBack(
    _ index: RecordingIndex, windowSeconds: Int64, epoch: Int64, prefix: String, hasEnded: Bool
  ) -> String {
    let from = index.duration - windowSeconds * Initialization.ticksPerSecond
    let shown = index.segments.drop { $0.position + $0.entry.duration <= from }
    let first = shown.first
    // No segment is longer than the segmenter's longest. What the encoder's pace is may change with the next encoder;
    // the target duration may not (§4.4.3.1).
    var text = """
      #EXTM3U
      #EXT-X-VERSION:7
      #EXT-X-TARGETDURATION:\(Segmenter.targetSecondsMax)
      #EXT-X-MEDIA-SEQUENCE:\(first?.number ?? 0)
      #EXT-X-DISCONTINUITY-SEQUENCE:\((first?.discontinuities ?? 0) - (first?.isDiscontinuity == true ? 1 : 0))
      #HAAT-MEDIA-EPOCH:\(epoch)

      """
    if shown.allSatisfy(\.entry.isIndependent) { text += "#EXT-X-INDEPENDENT-SEGMENTS\n" }
    write(shown, of: index, epoch: epoch, prefix: prefix, to: &text)
    return hasEnded ? text + "#EXT-X-ENDLIST\n" : text
  }

  private static func write(
    _ segments: ArraySlice<RecordedSegment>, of index: RecordingIndex, epoch: Int64, prefix: String,
    to text: inout String
  ) {
    var file: UInt32?
    for segment in segments {
      if segment.isDiscontinuity { text += "#EXT-X-DISCONTINUITY\n" }
      if file != segment.entry.file, let head = index.initializations[segment.entry.file] {
        text += "#EXT-X-MAP:URI=\"\(prefix)\(name(initialization: head))\"\n"
      }
      if file == nil || segment.isDiscontinuity {
        let wallClock = epoch + segment.entry.start * 1000 / Initialization.ticksPerSecond
        text += "#EXT-X-PROGRAM-DATE-TIME:\(Playlist.dateTime(wallClock))\n"
      }
      file = segment.entry.file
      // A comment to other players: ours has to fetch what is before it to show it.
      if !segment.entry.isIndependent { text += "#HAAT-DEPENDENT\n" }
      text += "#EXTINF:\(Playlist.seconds(segment.entry.duration)),\n\(prefix)\(name(segment))\n"
    }
  }

  /// A chapter of a recording: where it begins in the show, and its title.
  public struct Chapter: Sendable, Equatable {
    public var mediaTimeMilliseconds: Int64
    public var title: String

    public init(mediaTimeMilliseconds: Int64, title: String) {
      self.mediaTimeMilliseconds = mediaTimeMilliseconds
      self.title = title
    }
  }

  /// Chapters as WebVTT, each lasting until the next. Times are those of the recording as it plays, without its holes.
  /// - Parameter chapters: in order of time.
  public static func chapters(_ chapters: [Chapter], in index: RecordingIndex) -> String {
    let starts = chapters.map { index.position(ofMediaTime: $0.mediaTimeMilliseconds) / 90 }
    var text = "WEBVTT\n"
    for (number, chapter) in chapters.enumerated() {
      let end = number + 1 < starts.count ? starts[number + 1] : index.duration / 90
      guard end > starts[number] else { continue }
      text += "\n\(number + 1)\n\(cueTime(starts[number])) --> \(cueTime(end))\n\(cueText(chapter.title))\n"
    }
    return text
  }

  /// `hh:mm:ss.ttt`.
  private static func cueTime(_ milliseconds: Int64) -> String {
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let fraction = String(milliseconds % 1000 + 1000).dropFirst()
    let seconds = milliseconds / 1000
    return "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60)).\(fraction)"
  }

  /// WebVTT's cue text: one line, and nothing that could be taken for markup or for the arrow.
  private static func cueText(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return line.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }

  private static func hexadecimal(_ value: UInt32) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: 8 - text.count) + text
  }
}

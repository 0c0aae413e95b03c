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
    replay(index, epoch: epoch) { Piece($0, of: index, prefix: "") }
  }

  /// The same in a smaller picture that was made of the stream while it was on air. It agrees with the stream's own
  /// recording in every segment's number, length and place (§6.2.4).
  /// - Parameters:
  ///   - rung: what was recorded of it. Where something is missing, the stream's own picture stands in.
  ///   - folder: where its segments are, relative to the playlist.
  ///   - standsIn: Who plays the one plays the other too. Where not, what is missing is said to be (`GAP`).
  static func replay(
    _ rung: RecordingIndex, in folder: String, beside index: RecordingIndex, standsIn: Bool, epoch: Int64
  ) -> String {
    let made = Dictionary(rung.segments.map { ($0.entry.start, $0) }) { first, _ in first }
    return replay(index, epoch: epoch) { segment in
      if let own = made[segment.entry.start] { return Piece(own, of: rung, prefix: "\(folder)/") }
      var piece = Piece(segment, of: index, prefix: "")
      piece.isGap = !standsIn
      return piece
    }
  }

  /// What a segment's place in a playlist says of its bytes.
  private struct Piece {
    var address: String
    var map: String?
    var isIndependent: Bool
    var isGap = false

    init(_ segment: RecordedSegment, of index: RecordingIndex, prefix: String) {
      address = prefix + name(segment)
      map = index.initializations[segment.entry.file].map { prefix + name(initialization: $0) }
      isIndependent = segment.entry.isIndependent
    }
  }

  private static func replay(
    _ index: RecordingIndex, epoch: Int64, piece: (RecordedSegment) -> Piece
  ) -> String {
    let pieces = index.segments.map(piece)
    let longest = index.segments.map(\.entry.duration).max() ?? 0
    let target = (longest + Initialization.ticksPerSecond / 2) / Initialization.ticksPerSecond
    var text = """
      #EXTM3U
      #EXT-X-VERSION:\(pieces.contains(where: \.isGap) ? 8 : 7)
      #EXT-X-TARGETDURATION:\(max(1, target))
      #EXT-X-PLAYLIST-TYPE:VOD
      #EXT-X-MEDIA-SEQUENCE:0

      """
    if pieces.allSatisfy(\.isIndependent) { text += "#EXT-X-INDEPENDENT-SEGMENTS\n" }
    write(zip(index.segments, pieces), epoch: epoch, to: &text)
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
    write(zip(shown, shown.map { Piece($0, of: index, prefix: prefix) }), epoch: epoch, to: &text)
    return hasEnded ? text + "#EXT-X-ENDLIST\n" : text
  }

  private static func write(
    _ segments: some Sequence<(RecordedSegment, Piece)>, epoch: Int64, to text: inout String
  ) {
    var map: String?
    var isFirst = true
    for (segment, piece) in segments {
      if segment.isDiscontinuity { text += "#EXT-X-DISCONTINUITY\n" }
      if map != piece.map, let new = piece.map {
        text += "#EXT-X-MAP:URI=\"\(new)\"\n"
        map = new
      }
      if isFirst || segment.isDiscontinuity {
        let wallClock = epoch + segment.entry.start * 1000 / Initialization.ticksPerSecond
        text += "#EXT-X-PROGRAM-DATE-TIME:\(Playlist.dateTime(wallClock))\n"
      }
      isFirst = false
      if piece.isGap { text += "#EXT-X-GAP\n" }
      // A comment to other players: ours has to fetch what is before it to show it.
      if !piece.isIndependent { text += "#HAAT-DEPENDENT\n" }
      text += "#EXTINF:\(Playlist.seconds(segment.entry.duration)),\n\(piece.address)\n"
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

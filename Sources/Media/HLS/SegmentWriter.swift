/// The lines of a media playlist that belong to segments, RFC 8216bis §4.4.4. Pure.
struct SegmentWriter {
  let rendition: Rendition
  let names: Playlist.Names
  /// Wall clock, milliseconds since 1970, at show time 0.
  let epoch: Int64

  /// The set-up that is in force after `segments`.
  func map(before segments: some BidirectionalCollection<Segment>) -> Initialization? {
    segments.last { hasMap($0.initialization) }?.initialization
  }

  /// What applies to a segment applies to its first part too, and stands before it (§4.4.4.9).
  func writeHead(of segment: Segment, map: inout Initialization?, to text: inout String) {
    if segment.isDiscontinuity { text += "#EXT-X-DISCONTINUITY\n" }
    if map !== segment.initialization, hasMap(segment.initialization) {
      text += "#EXT-X-MAP:URI=\"\(names.initialization(segment.initialization.number, rendition))\"\n"
      map = segment.initialization
    }
    let wallClock = epoch + segment.start * 1000 / Initialization.ticksPerSecond
    text += "#EXT-X-PROGRAM-DATE-TIME:\(Playlist.dateTime(wallClock))\n"
  }

  func writeParts(of segment: Segment, to text: inout String) {
    for part in segment.parts {
      text += "#EXT-X-PART:DURATION=\(Playlist.seconds(part.duration)),URI=\"\(names.part(part.number, rendition))\""
      let isGap = part.isGap || rendition == .sound && part.sound.isEmpty && part.soundIndexes.isEmpty
      if isGap {
        text += ",GAP=YES"
      } else if part.isIndependent || rendition == .sound {
        text += ",INDEPENDENT=YES"
      }
      text += "\n"
    }
  }

  func writeEnd(of segment: Segment, to text: inout String) {
    if segment.isGap || rendition == .sound && segment.sound.isEmpty { text += "#EXT-X-GAP\n" }
    text += "#EXTINF:\(Playlist.seconds(segment.duration)),\n\(names.segment(segment.sequence, rendition))\n"
  }

  private func hasMap(_ initialization: Initialization) -> Bool {
    rendition != .sound || initialization.soundBytes != nil
  }
}

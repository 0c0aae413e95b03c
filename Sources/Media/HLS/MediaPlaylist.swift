/// One of the ways a stream is offered. All have the same segments and parts under the same numbers, so that they
/// always agree in durations, discontinuities and dates.
enum Rendition: Hashable, Sendable, CaseIterable {
  /// Picture and sound, as the encoder sends them.
  case whole
  /// The same sound's own fragments, for those who cannot spare the bytes of a picture, or do not look.
  case sound
}

/// Everything a media playlist says. `Playlist` writes it and knows nothing else, so whoever keeps older segments
/// extends a playlist by putting them in front of `segments` and lowering the two sequence numbers.
struct MediaPlaylist: Sendable {
  var rendition = Rendition.whole
  var targetSeconds: Int64
  /// Ticks, like all lengths here.
  var partTarget: Int64
  /// How far from the live edge parts are listed.
  var partsListed: Int64
  /// How far from the live edge a delta update may not skip (RFC 8216bis §4.4.3.8); nil when none is offered.
  var skipUntil: Int64?
  /// Discontinuities before `segments`.
  var discontinuitySequence: Int
  /// Whole segments, oldest first, numbered without a hole.
  var segments: [Segment]
  /// The one being written, with its whole parts.
  var current: Segment?
  /// The part that is hinted at.
  var nextPartNumber: Int
  var hasEnded: Bool
  /// What happened in the show, oldest first.
  var dateRanges: [DateRange] = []
  /// Of `dateRanges`, those that a delta update may leave out, because they were there long ago.
  var dateRangesKnown: Set<String> = []
  /// Left the playlist within the skip boundary.
  var dateRangesRemoved: [String] = []
  /// The others the multivariant playlist names.
  var reports: [Rendition] = []

  /// Where the newest part is, for rendition reports; nil part when there is none yet.
  var last: (sequence: Int, part: Int?) {
    if let current, !current.parts.isEmpty { return (current.sequence, current.parts.count - 1) }
    guard let segment = segments.last else { return (current?.sequence ?? 0, nil) }
    return (segment.sequence, segment.parts.isEmpty ? nil : segment.parts.count - 1)
  }

  /// What a client that reloads asks to be left out, RFC 8216bis §6.2.5.1.
  enum Skip: Hashable, Sendable, CaseIterable {
    case nothing
    /// `_HLS_skip=YES`
    case segments
    /// `_HLS_skip=v2`
    case segmentsAndDateRanges
  }
}

extension Segmenter {
  /// What there is to say now; nil before the first segment is whole.
  var playlist: MediaPlaylist? {
    guard let targetSeconds, !segments.isEmpty || current != nil else { return nil }
    return MediaPlaylist(
      targetSeconds: targetSeconds, partTarget: partTarget, partsListed: partsListed, skipUntil: skipUntil,
      discontinuitySequence: discontinuitySequence, segments: segments, current: current,
      nextPartNumber: nextPartNumber, hasEnded: hasEnded)
  }
}

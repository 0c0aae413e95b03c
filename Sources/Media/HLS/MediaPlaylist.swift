/// One of the ways a stream is offered. All have the same segments and parts under the same numbers, so that they
/// always agree in durations, discontinuities and dates.
enum Rendition: Hashable, Sendable {
  /// Picture and sound, as the encoder sends them.
  case whole
  /// The same sound's own fragments, for those who cannot spare the bytes of a picture, or do not look.
  case sound
  /// The picture made smaller, see `Rung`, with the same sound; named by its shorter side in pixels.
  case rung(Int)
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
  /// Where the others are that the multivariant playlist names.
  var reports: [Report] = []

  /// What a rendition report says (RFC 8216bis §4.4.5.4).
  struct Report: Sendable {
    var rendition: Rendition
    var sequence: Int
    /// Nil while there is none yet.
    var part: Int?
  }

  /// Where this one is.
  var report: Report {
    if let current, !current.parts.isEmpty {
      return Report(rendition: rendition, sequence: current.sequence, part: current.parts.count - 1)
    }
    guard let segment = segments.last else {
      return Report(rendition: rendition, sequence: current?.sequence ?? 0, part: nil)
    }
    return Report(
      rendition: rendition, sequence: segment.sequence, part: segment.parts.isEmpty ? nil : segment.parts.count - 1)
  }

  /// The media sequence number of the segment being written, or to be written next.
  var currentSequence: Int { current?.sequence ?? segments.last.map { $0.sequence + 1 } ?? 0 }

  /// Whether it holds what a blocking reload waits for (§6.2.5.2).
  func holds(sequence: Int, part: Int?) -> Bool {
    guard let part else { return sequence < currentSequence }
    if sequence < currentSequence {
      guard let whole = segments.last(where: { $0.sequence == sequence }), !whole.parts.isEmpty,
        part >= whole.parts.count
      else { return true }
      // Past the end of that segment: means the first part of the following one.
      return holds(sequence: sequence + 1, part: 0)
    }
    return sequence == currentSequence && part < (current?.parts.count ?? 0)
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

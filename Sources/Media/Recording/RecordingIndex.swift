internal import NIOCore

/// A segment as it lies in a recording.
public struct RecordedSegment: Sendable, Equatable {
  /// Counts from 0 through the recording, however often the encoder or the server began anew.
  public var number: Int
  public var entry: RecordingEntry
  /// It does not follow from the one before: another encoding, a break in time, or something was lost.
  public var isDiscontinuity: Bool
  /// Where it plays in the recording as a whole, without its holes, in ticks.
  public var position: Int64
  /// Discontinuities before and with it.
  var discontinuities: Int
}

/// What a recording holds, in order. A pure value: made of bytes, or of one record after the other.
public struct RecordingIndex: Sendable, Equatable {
  /// A new file begins with every change of encoding and every encoder that comes back.
  static let filesMax: UInt32 = 10_000

  public private(set) var segments: [RecordedSegment] = []
  /// The heads of the data files, by file.
  public private(set) var initializations: [UInt32: RecordingEntry] = [:]
  public private(set) var gaps: [RecordingEntry] = []
  /// All records.
  private(set) var records = 0
  private(set) var lastFile: UInt32 = 0
  /// How long the last file is, as far as the records say.
  private(set) var lastFileEnd: Int64 = 0
  /// Bytes of media.
  public private(set) var bytes: Int64 = 0
  /// How long its gaps are together, in ticks. Like every sum here it is bounded: an index may be anybody's file.
  private var lost: Int64 = 0
  private var hasGap = false

  public init() {}

  /// Takes a record that fits what is here.
  /// - Returns: false, and nothing is changed, for one that does not: it is not what was written.
  mutating func append(_ entry: RecordingEntry) -> Bool {
    switch entry.kind {
    case .initialization:
      guard entry.file == lastFile + 1, entry.file <= Self.filesMax, entry.offset == 0, entry.length > 0 else {
        return false
      }
      lastFile = entry.file
      initializations[entry.file] = entry
    case .segment:
      let last = segments.last
      guard entry.file == lastFile, lastFile > 0, entry.offset == lastFileEnd, entry.length > 0, entry.duration > 0,
        entry.end <= RecordingEntry.ticksMax, duration + entry.duration <= RecordingEntry.ticksMax
      else { return false }
      let isDiscontinuity = last.map { $0.entry.file != entry.file || hasGap } ?? false
      segments.append(
        RecordedSegment(
          number: segments.count, entry: entry, isDiscontinuity: isDiscontinuity,
          position: last.map { $0.position + $0.entry.duration } ?? 0,
          discontinuities: (last?.discontinuities ?? 0) + (isDiscontinuity ? 1 : 0)))
      hasGap = false
    case .gap:
      guard lost + entry.duration <= RecordingEntry.ticksMax else { return false }
      gaps.append(entry)
      lost += entry.duration
      hasGap = true
    }
    records += 1
    if entry.kind != .gap {
      lastFileEnd = entry.end
      bytes += Int64(entry.length)
    }
    return true
  }

  /// The records at the front of `bytes`, as far as they are whole and fit each other.
  static func read(_ bytes: ByteBuffer) -> [RecordingEntry] {
    var rest = bytes
    var index = RecordingIndex()
    var entries: [RecordingEntry] = []
    while let entry = RecordingEntry.read(from: &rest), index.append(entry) { entries.append(entry) }
    return entries
  }

  init(_ entries: some Sequence<RecordingEntry>) {
    for entry in entries where !append(entry) { break }
  }

  /// How long it plays, in ticks.
  public var duration: Int64 { segments.last.map { $0.position + $0.entry.duration } ?? 0 }

  /// Where a moment of the show plays, in ticks from the recording's beginning: what lies in a hole plays at its end,
  /// what lies before or after all at the nearest end.
  public func position(ofMediaTime milliseconds: Int64) -> Int64 {
    let ticks = max(0, min(milliseconds, RecordingEntry.ticksMax / 90)) * Initialization.ticksPerSecond / 1000
    var low = 0
    var high = segments.count
    while low < high {
      let middle = (low + high) / 2
      if segments[middle].entry.start <= ticks { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return 0 }
    let segment = segments[low - 1]
    return segment.position + min(ticks - segment.entry.start, segment.entry.duration)
  }

  public var summary: RecordingSummary? {
    guard let first = segments.first, let last = segments.last else { return nil }
    let scale = Initialization.ticksPerSecond / 1000
    return RecordingSummary(
      startMilliseconds: first.entry.start / scale, endMilliseconds: (last.entry.start + last.entry.duration) / scale,
      durationMilliseconds: duration / scale, bytes: bytes, segments: segments.count,
      lostSegments: gaps.reduce(0) { $0 + Int($1.lost) },
      lostMilliseconds: lost / scale)
  }
}

/// A recording in figures. Times are milliseconds.
public struct RecordingSummary: Sendable, Equatable {
  /// Media time of its first frame.
  public var startMilliseconds: Int64
  /// Media time of its end.
  public var endMilliseconds: Int64
  /// How long it plays, without its holes.
  public var durationMilliseconds: Int64
  public var bytes: Int64
  public var segments: Int
  /// What was on air and could not be written.
  public var lostSegments: Int
  public var lostMilliseconds: Int64
}

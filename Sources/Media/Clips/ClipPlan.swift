/// Where in a recording the bytes lie that a clip is made from. Pure.
public struct ClipPlan: Sendable, Equatable {
  let initialization: RecordingEntry
  let file: UInt32
  /// Bytes of the file, from a keyframe on.
  let bytes: Range<Int64>
  /// From that keyframe to the clip's beginning, in ticks.
  let lead: Int64
  /// Ticks.
  let duration: Int64

  /// Why a stretch cannot be cut out.
  public enum Fault: Error, Equatable {
    /// Nothing was recorded there.
    case outside
    /// The stream was interrupted, or another one, at this moment within it: milliseconds of media time.
    case interrupted(atMilliseconds: Int64)
  }

  /// - Parameters:
  ///   - from: milliseconds of media time; so is `until`, without it.
  public init(_ index: RecordingIndex, from: Int64, until: Int64) throws {
    let scale = Initialization.ticksPerSecond / 1000
    guard from >= 0, until > from, until <= RecordingEntry.ticksMax / scale else { throw Fault.outside }
    let (start, end) = (from * scale, until * scale)
    let segments = index.segments
    guard let first = segments.lastIndex(where: { $0.entry.start <= start }),
      let last = segments[first...].firstIndex(where: { $0.entry.start + $0.entry.duration >= end }),
      let key = segments[...first].lastIndex(where: \.entry.isIndependent),
      let initialization = index.initializations[segments[first].entry.file]
    else { throw Fault.outside }
    guard start < segments[first].entry.start + segments[first].entry.duration else {
      throw Fault.interrupted(atMilliseconds: from)
    }
    if let broken = segments[(key + 1)..<(last + 1)].first(where: \.isDiscontinuity) {
      throw Fault.interrupted(atMilliseconds: broken.entry.start / scale)
    }
    self.initialization = initialization
    file = segments[first].entry.file
    bytes = segments[key].entry.offset..<segments[last].entry.end
    lead = start - segments[key].entry.start
    duration = end - start
  }
}

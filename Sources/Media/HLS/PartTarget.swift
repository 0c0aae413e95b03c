/// The declared length of LL-HLS parts. RFC 8216bis §4.4.3.7 and §4.4.4.9 bind it from both sides: no part may be
/// longer, and all but the last of a segment must be at least 85 % as long; so it has to fit the frames.
enum PartTarget {
  /// Timestamps in milliseconds make one frame's length vary by this much either way, in ticks.
  static let jitter: Int64 = 180

  /// - Parameters:
  ///   - durations: of the first segment's frames, in ticks.
  ///   - wanted: the length aimed for, in ticks.
  /// - Returns: ticks.
  static func ticks(durations: [Int64], wanted: Int64) -> Int64 {
    guard let longest = durations.max(), let shortest = durations.min(), longest > 0 else { return wanted }
    let mean = durations.reduce(0, +) / Int64(durations.count)
    if longest - shortest <= jitter {
      // A steady pace: the nearest whole number of frames.
      let frames = max(1, (wanted + mean / 2) / max(1, mean))
      return frames * mean + jitter
    }
    // An unsteady one: as long as it takes for one frame, the longest usual one, to be less than 15 %. The longest
    // tenth are gaps, not the pace.
    let usual = durations.sorted()[durations.count * 9 / 10]
    return max(wanted, min(usual, wanted) * 100 / 15)
  }
}

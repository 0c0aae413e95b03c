/// BANDWIDTH and AVERAGE-BANDWIDTH of one rendition, as RFC 8216bis §4.4.6.2 defines them, over all that was ever sent:
/// what has been declared as the most is not taken back. Pure.
struct BitrateMeter {
  private var recent: [(bits: Double, ticks: Int64)] = []
  private var peak = 0.0
  private var bits = 0.0
  private var ticks: Int64 = 0

  /// - Parameter target: the target duration, in ticks.
  mutating func add(bytes: Int, ticks length: Int64, target: Int64) {
    guard length > 0 else { return }
    bits += Double(bytes) * 8
    ticks += length
    recent.append((Double(bytes) * 8, length))
    // The peak is that of any run of segments between half and one and a half target durations.
    var run = (bits: 0.0, ticks: Int64(0))
    var used = 0
    for segment in recent.reversed() {
      run.bits += segment.bits
      run.ticks += segment.ticks
      if run.ticks * 2 > target * 3, used > 0 { break }
      used += 1
      if run.ticks * 2 >= target { peak = max(peak, Self.rate(run.bits, run.ticks)) }
    }
    recent.removeFirst(recent.count - used)
  }

  /// Bits per second, at least 1. Nothing is declared lower than the average.
  var declared: Playlist.Rate {
    let average = ticks > 0 ? Self.rate(bits, ticks) : 1
    return Playlist.Rate(peak: Int(max(peak, average, 1).rounded(.up)), average: Int(max(average, 1).rounded(.up)))
  }

  private static func rate(_ bits: Double, _ ticks: Int64) -> Double {
    bits * Double(Initialization.ticksPerSecond) / Double(ticks)
  }
}

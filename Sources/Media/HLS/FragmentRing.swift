internal import NIOCore

/// The newest fragments in order, numbered through the whole stream, for readers that take every one. Pure.
///
/// Reaches back to the last keyframe, where a new reader begins, and at least as far as a reader may lag. A keyframe
/// longer ago than `keySecondsMax` is let go: new readers then wait for the next one.
struct FragmentRing {
  static let keySecondsMax: Int64 = 30

  private var fragments: [Fragment] = []
  /// How many at the front of `fragments` are gone already; removing them one by one would move all the others.
  private var gone = 0
  /// The number of `fragments[0]`.
  private var base = 0
  /// Ticks.
  private let lag: Int64
  private(set) var lastKey: Int?

  init(lagMilliseconds: Int64) { lag = lagMilliseconds * Initialization.ticksPerSecond / 1000 }

  /// The number of the oldest fragment here, and of the one that comes next.
  var start: Int { base + gone }
  var end: Int { base + fragments.count }

  /// Decoding time of the newest, in ticks.
  var newest: Int64? { fragments.last?.decodeTime }

  subscript(_ number: Int) -> Fragment { fragments[number - base] }

  /// The same bytes lie elsewhere too, from now on: one copy of them is enough.
  mutating func replace(_ number: Int, with bytes: ByteBuffer) {
    if (start..<end).contains(number) { fragments[number - base].bytes = bytes }
  }

  mutating func append(_ fragment: Fragment) {
    if fragment.isKey { lastKey = end }
    fragments.append(fragment)
    if let key = lastKey,
      fragment.decodeTime - self[key].decodeTime > Self.keySecondsMax * Initialization.ticksPerSecond
    {
      lastKey = nil
    }
    let kept = lastKey ?? end - 1
    while start < kept, fragment.decodeTime - self[start].decodeTime > lag {
      fragments[gone].bytes = ByteBuffer()
      gone += 1
    }
    guard gone >= 64, gone * 2 >= fragments.count else { return }
    fragments.removeFirst(gone)
    base += gone
    gone = 0
  }
}

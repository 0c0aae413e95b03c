internal import NIOCore

/// Counts what comes in from a publisher over the last five seconds. Pure.
struct HealthMeter {
  private static let slots = 10
  private static let slotMilliseconds: Int64 = 500

  private struct Slot {
    var number: Int64 = -1
    var bytes = 0
    var frames = 0
  }

  private var ring = [Slot](repeating: Slot(), count: slots)
  private let began: Int64
  private(set) var lastFrame: Int64?
  /// Between the last two keyframes, by their own clock.
  private(set) var keyframeInterval: Int64?
  private var lastKey: UInt32?
  private var lastFrameTimestamp: UInt32?
  /// Milliseconds from the decoding of a keyframe to its showing: what B-frames cost at least.
  private(set) var reorderMilliseconds: Int32 = 0

  /// `now`, here and below, is steady milliseconds.
  init(now: Int64) { began = now }

  mutating func count(_ unit: AccessUnit, now: Int64) {
    let number = now / Self.slotMilliseconds
    let index = Int(number % Int64(Self.slots))
    guard index >= 0 else { return }
    if ring[index].number != number { ring[index] = Slot(number: number) }
    ring[index].bytes += unit.payload.readableBytes
    lastFrame = now
    guard unit.track == .video else { return }
    ring[index].frames += 1
    guard unit.isKey else { return }
    reorderMilliseconds = unit.compositionOffset
    if let lastKey { keyframeInterval = Int64(Int32(bitPattern: unit.timestamp &- lastKey)) }
    lastKey = unit.timestamp
  }

  /// Bits and pictures per second.
  func rates(now: Int64) -> (bits: Int, frames: Double) {
    let current = now / Self.slotMilliseconds
    // The slot being filled is left out once there are others.
    let oldest = current - Int64(Self.slots) + 1
    let whole = ring.filter { $0.number >= oldest && $0.number < current }
    let first = max(oldest * Self.slotMilliseconds, began)
    let span = current * Self.slotMilliseconds - first
    guard span > 0 else {
      let open = ring.filter { $0.number == current }
      let length = max(1, now - began)
      return (
        open.reduce(0) { $0 + $1.bytes } * 8_000 / Int(length),
        Double(open.reduce(0) { $0 + $1.frames }) * 1000 / Double(length)
      )
    }
    return (
      whole.reduce(0) { $0 + $1.bytes } * 8_000 / Int(span),
      Double(whole.reduce(0) { $0 + $1.frames }) * 1000 / Double(span)
    )
  }

  /// Milliseconds of the source's own time from the last keyframe to `timestamp`.
  func sinceKeyframe(_ timestamp: UInt32) -> Int64? { lastKey.map { Int64(Int32(bitPattern: timestamp &- $0)) } }
}

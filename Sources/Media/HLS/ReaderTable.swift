internal import NIOCore

/// Where each reader of the fragment stream is. Pure; a reader costs these few bytes, however slow it is.
struct ReaderTable {
  /// A reader that was away gets what it missed in pieces of about this size.
  static let joinedBytesMax = 256 << 10

  private struct Place {
    /// The next fragment to read.
    var next: Int
    /// What was there when it came is a gift, and is not counted as lag.
    var joinedAt: Int
    var awaitsKey: Bool
    var initialization: Initialization?
    var waiter: CheckedContinuation<[ByteBuffer]?, Never>?
  }

  private var places: [UInt64: Place] = [:]
  private var waiting: [UInt64] = []
  private var nextID: UInt64 = 0
  private let lag: Int64
  /// How often a reader was too slow and skipped to a keyframe.
  private(set) var skips = 0

  init(lagMilliseconds: Int64) { lag = lagMilliseconds * Initialization.ticksPerSecond / 1000 }

  var count: Int { places.count }
  var waitingCount: Int { waiting.count }

  mutating func join(_ ring: FragmentRing) -> UInt64 {
    nextID += 1
    places[nextID] = Place(next: ring.lastKey ?? ring.end, joinedAt: ring.end, awaitsKey: ring.lastKey == nil)
    return nextID
  }

  /// Returns the continuation to resume, if it was waiting.
  mutating func leave(_ id: UInt64) -> CheckedContinuation<[ByteBuffer]?, Never>? {
    places.removeValue(forKey: id)?.waiter
  }

  /// What a reader has not read yet, uncopied; nil when there is nothing, or no such reader.
  mutating func take(_ id: UInt64, from ring: FragmentRing) -> [ByteBuffer]? {
    guard var place = places[id] else { return nil }
    defer { places[id] = place }
    if isTooFarBehind(place, ring) {
      skips += 1
      // The newest keyframe if the reader has not had it, else the next to come.
      if let key = ring.lastKey, key > place.next {
        place.next = key
      } else {
        place.next = ring.end
        place.awaitsKey = true
      }
      place.joinedAt = ring.end
    }
    if place.awaitsKey {
      while place.next < ring.end, !ring[place.next].isKey { place.next += 1 }
      guard place.next < ring.end else { return nil }
      place.awaitsKey = false
    }
    guard place.next < ring.end else { return nil }

    let first = ring[place.next]
    if place.next + 1 == ring.end, first.initialization === place.initialization {
      place.next += 1
      return [first.bytes]
    }
    var pieces: [ByteBuffer] = []
    var size = 0
    while place.next < ring.end, size < Self.joinedBytesMax {
      let fragment = ring[place.next]
      if fragment.initialization !== place.initialization {
        place.initialization = fragment.initialization
        pieces.append(fragment.initialization.bytes)
        size += fragment.initialization.bytes.readableBytes
      }
      pieces.append(fragment.bytes)
      size += fragment.bytes.readableBytes
      place.next += 1
    }
    return pieces
  }

  private func isTooFarBehind(_ place: Place, _ ring: FragmentRing) -> Bool {
    guard place.next >= ring.start else { return true }
    let unread = max(place.next, place.joinedAt)
    guard unread < ring.end, let newest = ring.newest else { return false }
    return newest - ring[unread].decodeTime > lag
  }

  /// False when there is no such reader; then the continuation is not kept.
  mutating func wait(_ id: UInt64, _ continuation: CheckedContinuation<[ByteBuffer]?, Never>) -> Bool {
    guard places[id] != nil else { return false }
    places[id]?.waiter = continuation
    waiting.append(id)
    return true
  }

  /// Who can go on now, and with what. Resume them outside of any lock.
  mutating func wake(_ ring: FragmentRing) -> [(CheckedContinuation<[ByteBuffer]?, Never>, [ByteBuffer]?)] {
    var woken: [(CheckedContinuation<[ByteBuffer]?, Never>, [ByteBuffer]?)] = []
    woken.reserveCapacity(waiting.count)
    var still: [UInt64] = []
    for id in waiting {
      guard let waiter = places[id]?.waiter else { continue }
      guard let pieces = take(id, from: ring) else {
        still.append(id)
        continue
      }
      places[id]?.waiter = nil
      woken.append((waiter, pieces))
    }
    waiting = still
    return woken
  }

  /// The stream is over: everyone who waits.
  mutating func wakeAll() -> [CheckedContinuation<[ByteBuffer]?, Never>] {
    defer { waiting.removeAll() }
    return waiting.compactMap { id in
      defer { places[id]?.waiter = nil }
      return places[id]?.waiter
    }
  }
}

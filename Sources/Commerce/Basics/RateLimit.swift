import Synchronization

/// At most so many at once, and then one each so many milliseconds, per key: the generic cell rate algorithm
/// (ITU-T I.371), which needs one number per key.
///
/// It lives in memory, of at most `keysMax` keys. When they are all in use a new key takes the place of one that has been
/// quiet long enough to have a whole burst again, which changes nothing for that one. Only `looksMax` places are looked
/// at for it, going round, so that a flood of made-up keys costs no more than any other; if none of them is quiet, the
/// new key is refused.
public final class RateLimit: Sendable {
  private struct Table {
    var next: [String: Int64] = [:]
    /// Every key of `next`, each once.
    var places: [String] = []
    /// Where to look next for one that is quiet.
    var hand = 0
  }

  private static let looksMax = 64

  private let burst: Int64
  private let interval: Int64
  private let keysMax: Int
  private let table = Mutex(Table())

  /// - Parameters:
  ///   - burst: how many may come at once, at least 1.
  ///   - everyMilliseconds: how long until one more may come.
  public init(burst: Int, everyMilliseconds: Int64, keysMax: Int = 100_000) {
    self.burst = Int64(max(1, burst))
    interval = max(1, everyMilliseconds)
    self.keysMax = max(1, keysMax)
  }

  /// Takes one for `key`. Nil when it was there to take, or else the milliseconds to wait for it.
  public func take(_ key: String, at now: Moment) -> Int64? {
    table.withLock { table in
      let time = now.milliseconds
      // Further ahead than this only when the clock was set back, and that is nobody's fault.
      let latest = time + burst * interval
      if table.next[key] == nil {
        guard makeRoom(for: key, from: time, to: latest, in: &table) else { return interval }
      }
      let due = min(max(table.next[key] ?? time, time), latest)
      let wait = due - time - (burst - 1) * interval
      guard wait <= 0 else {
        table.next[key] = due
        return wait
      }
      table.next[key] = due + interval
      return nil
    }
  }

  /// The milliseconds that `take` would have to wait; nil when there is one to take. Takes nothing.
  public func wait(_ key: String, at now: Moment) -> Int64? {
    table.withLock { table in
      guard let due = table.next[key] else { return nil }
      let time = now.milliseconds
      let wait = min(max(due, time), time + burst * interval) - time - (burst - 1) * interval
      return wait > 0 ? wait : nil
    }
  }

  /// Takes as many for `key` as are there, at most `most`, and gives how many: what is too much is left.
  public func take(upTo most: Int64, _ key: String, at now: Moment) -> Int64 {
    guard most > 0 else { return 0 }
    return table.withLock { table in
      let time = now.milliseconds
      let latest = time + burst * interval
      if table.next[key] == nil {
        guard makeRoom(for: key, from: time, to: latest, in: &table) else { return 0 }
      }
      let due = min(max(table.next[key] ?? time, time), latest)
      let taken = min(most, (latest - due) / interval)
      table.next[key] = due + taken * interval
      return taken
    }
  }

  /// Gives a new key its place. False when there is none.
  private func makeRoom(for key: String, from time: Int64, to latest: Int64, in table: inout Table) -> Bool {
    guard table.places.count >= keysMax else {
      table.places.append(key)
      return true
    }
    for _ in 0..<min(Self.looksMax, keysMax) {
      let place = table.hand
      table.hand = (place + 1) % keysMax
      let due = table.next[table.places[place]] ?? time
      guard due <= time || due > latest else { continue }
      table.next[table.places[place]] = nil
      table.places[place] = key
      return true
    }
    return false
  }
}

import Foundation

/// What was done in a while, and how it stood in it: what the operator's charts are drawn of.
public struct StatusFigures: Sendable, Equatable {
  /// The most at once.
  public var streams: Int64 = 0
  public var viewers: Int64 = 0
  /// Calls that waited for the writer of the database.
  public var databaseQueued: Int64 = 0

  /// What is waiting in the installation's queues; of a while, the most.
  public var mailsWaiting: Int64 = 0
  public var pushesWaiting: Int64 = 0
  public var webhooksWaiting: Int64 = 0

  /// How often it happened.
  public var orders: Int64 = 0
  public var messages: Int64 = 0
  public var requests: Int64 = 0
  /// Requests that were answered with a fault of ours.
  public var failures: Int64 = 0
  public var databaseWrites: Int64 = 0
  public var databaseCommits: Int64 = 0
  public var mailsLeft: Int64 = 0
  public var mailsRefused: Int64 = 0
  public var pushesLeft: Int64 = 0
  public var webhooksTaken: Int64 = 0
  public var webhooksRefused: Int64 = 0
  public var paymentTroubles: Int64 = 0

  /// How long pages and the API took to answer; and orders alone.
  public var answers = Spread()
  public var checkouts = Spread()

  public init() {}

  private typealias Number = any WritableKeyPath<StatusFigures, Int64> & Sendable
  private typealias Durations = any WritableKeyPath<StatusFigures, Spread> & Sendable

  /// Several processes have each their own.
  private static let peaks: [(String, Number)] = [
    ("streams", \.streams), ("viewers", \.viewers), ("databaseQueued", \.databaseQueued),
  ]
  /// All processes see the same.
  private static let levels: [(String, Number)] = [
    ("mailsWaiting", \.mailsWaiting), ("pushesWaiting", \.pushesWaiting), ("webhooksWaiting", \.webhooksWaiting),
  ]
  private static let sums: [(String, Number)] = [
    ("orders", \.orders), ("messages", \.messages), ("requests", \.requests), ("failures", \.failures),
    ("databaseWrites", \.databaseWrites), ("databaseCommits", \.databaseCommits), ("mailsLeft", \.mailsLeft),
    ("mailsRefused", \.mailsRefused), ("pushesLeft", \.pushesLeft), ("webhooksTaken", \.webhooksTaken),
    ("webhooksRefused", \.webhooksRefused), ("paymentTroubles", \.paymentTroubles),
  ]
  private static let spreads: [(String, Durations)] = [("answers", \.answers), ("checkouts", \.checkouts)]

  /// What is later, of the same process or processes.
  public mutating func follow(_ later: StatusFigures) {
    for (_, path) in Self.peaks + Self.levels { self[keyPath: path] = max(self[keyPath: path], later[keyPath: path]) }
    add(later)
  }

  /// What another process did meanwhile.
  public mutating func join(_ other: StatusFigures) {
    for (_, path) in Self.peaks { self[keyPath: path] &+= other[keyPath: path] }
    for (_, path) in Self.levels { self[keyPath: path] = max(self[keyPath: path], other[keyPath: path]) }
    add(other)
  }

  private mutating func add(_ other: StatusFigures) {
    for (_, path) in Self.sums { self[keyPath: path] &+= other[keyPath: path] }
    for (_, path) in Self.spreads { self[keyPath: path].add(other[keyPath: path]) }
  }

  /// Of counts since a process began: what came since an earlier look. What stood, stands.
  public func since(_ earlier: StatusFigures) -> StatusFigures {
    var rest = self
    for (_, path) in Self.sums { rest[keyPath: path] = max(0, rest[keyPath: path] &- earlier[keyPath: path]) }
    for (_, path) in Self.spreads { rest[keyPath: path].subtract(earlier[keyPath: path]) }
    return rest
  }

  /// As it is kept. What is 0 is left out.
  var json: String {
    get throws {
      var lists: [String: [Int64]] = [:]
      for (name, path) in Self.peaks + Self.levels + Self.sums where self[keyPath: path] != 0 {
        lists[name] = [self[keyPath: path]]
      }
      for (name, path) in Self.spreads where self[keyPath: path].total > 0 { lists[name] = self[keyPath: path].counts }
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return String(decoding: try encoder.encode(lists), as: UTF8.self)
    }
  }

  /// What another version kept and this one does not know is left out.
  init(json: String) {
    guard let lists = try? JSONDecoder().decode([String: [Int64]].self, from: Data(json.utf8)) else { return }
    for (name, path) in Self.peaks + Self.levels + Self.sums { self[keyPath: path] = lists[name]?.first ?? 0 }
    for (name, path) in Self.spreads { self[keyPath: path] = Spread(lists[name] ?? []) }
  }
}

/// How long many things took: how many of them at most so long.
public struct Spread: Sendable, Equatable {
  /// Upper bounds in seconds; what took longer is in a place of its own, after them.
  public static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

  public private(set) var counts: [Int64]

  /// Counts for other bounds than these are none.
  public init(_ counts: [Int64] = []) {
    let places = Self.bounds.count + 1
    self.counts = counts.count == places ? counts.map { max(0, $0) } : [Int64](repeating: 0, count: places)
  }

  public var total: Int64 { counts.reduce(0, &+) }

  public mutating func add(_ other: Spread) {
    for place in counts.indices { counts[place] &+= other.counts[place] }
  }

  mutating func subtract(_ other: Spread) {
    for place in counts.indices { counts[place] = max(0, counts[place] &- other.counts[place]) }
  }

  /// Microseconds that so many of a hundred took at most, taken as evenly spread between two bounds; nil of none. What is
  /// beyond the last bound is as long as that.
  public func microseconds(percent: Int64) -> Int64? {
    let total = total
    guard total > 0 else { return nil }
    let rank = Double(total) * Double(min(max(percent, 0), 100)) / 100
    var before: Int64 = 0
    for (place, bound) in Self.bounds.enumerated() {
      let here = counts[place]
      if here > 0, Double(before &+ here) >= rank {
        let from = place == 0 ? 0 : Self.bounds[place - 1]
        let share = max(0, rank - Double(before)) / Double(here)
        return Int64(((from + (bound - from) * share) * 1_000_000).rounded())
      }
      before &+= here
    }
    return Int64((Self.bounds.last ?? 0) * 1_000_000)
  }
}

public import Store

/// What a viewer of a show on air may answer it with.
public enum Reaction: String, Sendable, Codable, CaseIterable, ValueConvertible {
  case heart, star, fire, smile
}

/// How often each reaction was tapped.
public struct Taps: Sendable, Equatable {
  private var counts: [Reaction: Int64] = [:]

  public init() {}

  /// Counts below one are none.
  public init(_ counts: [Reaction: Int64]) { self.counts = counts.filter { $0.value > 0 } }

  public subscript(_ kind: Reaction) -> Int64 { counts[kind] ?? 0 }

  public var isEmpty: Bool { counts.isEmpty }

  /// Of all reactions; at most `Int64.max`.
  public var total: Int64 { counts.values.reduce(0, Self.sum) }

  public mutating func add(_ others: Taps) {
    for (kind, count) in others.counts { counts[kind] = Self.sum(self[kind], count) }
  }

  /// At most so many of them, the first kinds first.
  public func clipped(to most: Int64) -> Taps {
    var left = max(0, most)
    var kept: [Reaction: Int64] = [:]
    for kind in Reaction.allCases {
      kept[kind] = min(self[kind], left)
      left -= min(self[kind], left)
    }
    return Taps(kept)
  }

  private static func sum(_ one: Int64, _ other: Int64) -> Int64 {
    let (sum, overflow) = one.addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}

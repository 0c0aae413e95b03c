import Commerce

/// What viewers of a room do with its products until it is kept: sums in memory, of at most `placesMax` places.
struct InterestSums {
  /// Products times ways, of a minute or two. What is beyond is left out.
  private static let placesMax = 2_048

  private var unkept: [Interest.Place: Interest] = [:]

  /// False when there is no room for it.
  mutating func add(_ kind: Interest.Kind, at place: Interest.Place) -> Bool {
    guard unkept[place] != nil || unkept.count < Self.placesMax else { return false }
    unkept[place, default: Interest()].add(kind)
    return true
  }

  /// What came since the last step.
  mutating func step() -> [Interest.Place: Interest] {
    defer { unkept = [:] }
    return unkept
  }
}

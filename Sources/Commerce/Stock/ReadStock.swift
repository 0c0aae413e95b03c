import Store

extension Commerce {
  /// What is left of some variants now; one that is unknown is left out. At most 1 000 are looked at.
  public func available(_ variants: [ID<Variant>]) async throws -> [ID<Variant>: Int64] {
    try await database.read { db in
      try Stock.levels(of: Array(variants.prefix(1_000)), in: db).mapValues(\.available)
    }
  }
}

import Store

extension Commerce {
  /// What is left of some variants now, of those on preorder what may still be preordered; one that is unknown is left out. At most 1 000 are looked at.
  public func available(_ variants: [ID<Variant>]) async throws -> [ID<Variant>: Int64] {
    let now = clock.now
    return try await database.read { db in
      let asked = Array(variants.prefix(1_000))
      let bundles = try ProductBundle.parts(of: asked, market: nil, in: db).mapValues(\.available)
      let preorders = try Preorder.current(of: asked, at: now, in: db).mapValues { $0.left(at: now) }
      return try Stock.levels(of: asked, in: db).mapValues(\.available).merging(bundles) { $1 }
        .merging(preorders) { $1 }
    }
  }
}

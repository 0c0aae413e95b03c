import Store

extension Commerce {
  /// The first picture of each product; of those without any there is none. One query, however many are asked for.
  public func covers(products: [ID<Product>]) async throws -> [ID<Product>: Picture] {
    guard !products.isEmpty else { return [:] }
    return try await database.read { db in
      var covers: [ID<Product>: Picture] = [:]
      for row in try db.rows(
        """
        SELECT \(Picture.columns) FROM product_picture WHERE product_id IN \(list: products)
        ORDER BY position, id
        """)
      {
        let picture = try Picture(row: row)
        covers[picture.product] = covers[picture.product] ?? picture
      }
      return covers
    }
  }

  /// The picture each show is announced with: of the first product in its run that has one.
  public func covers(shows: [ID<Show>]) async throws -> [ID<Show>: Picture] {
    guard !shows.isEmpty else { return [:] }
    let runs = try await database.read { db in
      var runs: [ID<Show>: [ID<Product>]] = [:]
      for row in try db.rows(
        """
        SELECT show_id, product_id FROM show_product WHERE show_id IN \(list: shows) AND position < 3
        ORDER BY position, product_id
        """)
      {
        runs[try row.get("show_id"), default: []].append(try row.get("product_id"))
      }
      return runs
    }
    let covers = try await covers(products: Array(Set(runs.values.joined())))
    return runs.compactMapValues { products in products.lazy.compactMap { covers[$0] }.first }
  }
}

import Store

extension Commerce {
  /// Sets the ordered products of a show. A product that is on screen and no longer among them is unpinned.
  ///
  /// - Parameter known: the run from which the caller made theirs; nil overwrites whatever there is.
  /// - Throws: `ShowRefusal.runChanged` when somebody else has changed it since, `GeneralRefusal.invalid` for one named
  ///   twice or too many, `.notFound` for another channel's that it may not sell.
  public func putRun(
    by caller: Caller, show id: ID<Show>, _ products: [ID<Product>], from known: [ID<Product>]? = nil
  ) async throws {
    guard products.count <= policy.productsPerRunMax, Set(products).count == products.count else {
      throw GeneralRefusal.invalid(
        field: "products", why: "must name at most \(policy.productsPerRunMax) products, each once")
    }
    try await writeAndTell { db in
      let (show, occasion) = try changing(id, by: caller, in: db)
      guard show.state != .ended else { throw ShowRefusal.ended }
      let before = try run(of: id, in: db)
      if let known, known != before { throw ShowRefusal.runChanged }
      guard products != before else { return }
      try Product.requireSellable(products, in: show, at: clock.now, db: db)
      try db.run("DELETE FROM show_product WHERE show_id = \(id)")
      if !products.isEmpty {
        let rows: [[any ValueConvertible]] = products.enumerated().map { [id, $1, $0] }
        try db.run("INSERT INTO show_product (show_id, product_id, position) VALUES \(rows: rows)")
      }
      if let pinned = show.pinned, !products.contains(pinned) {
        try unpin(pinned, in: show, mediaTime: nil, on: occasion, db: db)
      }
      try ShowAction.note(.runChanged, in: id, on: occasion, db)
    }
  }

  /// The ordered products of a show.
  public func run(of id: ID<Show>, by caller: Caller = .nobody) async throws -> [ID<Product>] {
    try await database.read { db in
      try requireVisible(Show.require(id, in: db), to: caller, in: db)
      return try run(of: id, in: db)
    }
  }

  private func run(of id: ID<Show>, in db: any Connection) throws -> [ID<Product>] {
    try db.rows("SELECT product_id FROM show_product WHERE show_id = \(id) ORDER BY position, product_id").map {
      try $0.get("product_id")
    }
  }

  /// Puts a product on screen instead of the one that is. One that the channel may sell and is not in the run yet is added to
  /// its end. Pinned again, nothing happens.
  ///
  /// - Parameter mediaTime: where the show's clock stands, in milliseconds; nil takes it by the wall clock.
  /// - Throws: `ShowRefusal.notLive`, `.ended`, `.runFull`, and `GeneralRefusal.notFound` for what it may not sell.
  @discardableResult
  public func pin(
    by caller: Caller, show id: ID<Show>, product: ID<Product>, mediaTime: Int64? = nil
  ) async throws -> Show {
    try await writeAndTell { db in
      let (show, occasion) = try changing(id, by: caller, in: db)
      try show.requireLive()
      if show.pinned == product { return show }
      try addToRun(product, of: show, in: db)
      try db.run("UPDATE show SET pinned_product_id = \(product) WHERE id = \(id)")
      try Timeline.append(
        show: id, kind: .pinned, mediaTime: mediaTime, payload: ["product": product.description], on: occasion, in: db)
      return try Show.require(id, in: db)
    }
  }

  /// Puts a product that the channel may sell at the end of the run, unless it is in it. Throws `ShowRefusal.runFull`,
  /// `GeneralRefusal.notFound`.
  func addToRun(_ product: ID<Product>, of show: Show, in db: any Connection) throws {
    try Product.requireSellable([product], in: show, at: clock.now, db: db)
    let run = try db.rows("SELECT product_id, position FROM show_product WHERE show_id = \(show.id)")
    if try run.contains(where: { try $0.get("product_id", as: ID<Product>.self) == product }) { return }
    guard run.count < policy.productsPerRunMax else { throw ShowRefusal.runFull(limit: policy.productsPerRunMax) }
    let last = try run.map { try $0.get("position", as: Int64.self) }.max() ?? -1
    try db.run("INSERT INTO show_product (show_id, product_id, position) VALUES (\(show.id), \(product), \(last + 1))")
  }

  /// Takes what is on screen off. When nothing is, nothing happens.
  @discardableResult
  public func unpin(by caller: Caller, show id: ID<Show>, mediaTime: Int64? = nil) async throws -> Show {
    try await writeAndTell { db in
      let (show, occasion) = try changing(id, by: caller, in: db)
      try show.requireLive()
      guard let pinned = show.pinned else { return show }
      try unpin(pinned, in: show, mediaTime: mediaTime, on: occasion, db: db)
      return try Show.require(id, in: db)
    }
  }

  func unpin(
    _ product: ID<Product>, in show: Show, mediaTime: Int64?, on occasion: Occasion, db: any Connection
  ) throws {
    try db.run("UPDATE show SET pinned_product_id = NULL WHERE id = \(show.id)")
    try Timeline.append(
      show: show.id, kind: .unpinned, mediaTime: mediaTime, payload: ["product": product.description], on: occasion,
      in: db)
  }
}

extension Show {
  /// Throws `ShowRefusal.ended` or `.notLive`.
  func requireLive() throws {
    switch state {
    case .live: return
    case .ended: throw ShowRefusal.ended
    case .scheduled: throw ShowRefusal.notLive
    }
  }
}

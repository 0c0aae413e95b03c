import Store

/// A picture that the caller has checked and is about to store.
public struct PictureDraft: Sendable, Codable, Equatable {
  /// `image/jpeg`, `image/png` or `image/webp`.
  public var contentType: String
  /// In pixels.
  public var width: Int64
  public var height: Int64
  /// What it shows, for those who do not see it.
  public var alt: String
  /// The widths of the smaller ones that were made of it, the smallest first.
  public var sizes: [Int64]

  public init(contentType: String, width: Int64, height: Int64, alt: String = "", sizes: [Int64] = []) {
    self.sizes = sizes
    self.contentType = contentType
    self.width = width
    self.height = height
    self.alt = alt
  }

  /// The ending of a file of this kind; nil for a kind that is not taken.
  var ending: String? {
    switch contentType {
    case "image/jpeg": "jpg"
    case "image/png": "png"
    case "image/webp": "webp"
    default: nil
    }
  }
}

extension Commerce {
  /// Notes a picture at the end of a product's pictures. Its bytes are kept, under the name this gives it (`file`), by
  /// the caller, before: a name without bytes would be a broken picture, bytes without a name are only waste.
  ///
  /// For the channel's owners. Throws `GeneralRefusal.invalid`, `CatalogueRefusal.tooManyPictures`, `IDTaken`.
  public func addPicture(
    _ id: ID<Picture>, by caller: Caller, product: ID<Product>, _ draft: PictureDraft
  ) async throws -> Picture {
    let fingerprint = try MadeHash.of(draft, by: caller, for: product.description)
    let file = try pictureFile(id, contentType: draft.contentType)
    try checkPicture(width: draft.width, height: draft.height)
    let alt = try policy.text(draft.alt, "alt", max: policy.altCharactersMax, required: false)
    return try await database.write { [clock, policy] db in
      try requireOwner(of: product, by: caller, in: db)
      if let row = try db.row("SELECT \(Picture.columns), made_hash FROM product_picture WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "picture") }
        return try Picture(row: row)
      }
      try policy.checkNew(id, at: clock.now)
      let pictures = try db.rows("SELECT position FROM product_picture WHERE product_id = \(product)")
      guard pictures.count < policy.picturesPerProductMax else {
        throw CatalogueRefusal.tooManyPictures(limit: policy.picturesPerProductMax)
      }
      let last = try pictures.map { try $0.get("position", as: Int64.self) }.max() ?? -1
      try db.run(
        """
        INSERT INTO product_picture
          (id, product_id, position, file, content_type, width, height, alt, sizes, made_hash, created_ms)
        VALUES (\(id), \(product), \(last + 1), \(file), \(draft.contentType), \(draft.width), \(draft.height), \(alt),
          \(draft.sizes.map(String.init).joined(separator: ",")), \(fingerprint), \(clock.now))
        """)
      return try Picture(row: db.requireRow("SELECT \(Picture.columns) FROM product_picture WHERE id = \(id)"))
    }
  }

  /// Throws `GeneralRefusal.invalid` for more pixels than are taken: before anybody reads them.
  public func checkPicture(width: Int64, height: Int64) throws {
    let sides = 1...policy.picturePixelsPerSideMax
    guard sides.contains(width), sides.contains(height) else {
      throw GeneralRefusal.invalid(
        field: "picture", why: "must have 1 to \(policy.picturePixelsPerSideMax) pixels on each side")
    }
    guard width * height <= policy.picturePixelsMax else {
      throw GeneralRefusal.invalid(
        field: "picture", why: "must have at most \(policy.picturePixelsMax / 1_000_000) million pixels")
    }
  }

  /// The name of the file to keep a picture's bytes in. Throws `GeneralRefusal.invalid` for a type that is not taken.
  public func pictureFile(_ id: ID<Picture>, contentType: String) throws -> String {
    let draft = PictureDraft(contentType: contentType, width: 1, height: 1)
    guard let ending = draft.ending else {
      throw GeneralRefusal.invalid(field: "picture", why: "must be image/jpeg, image/png or image/webp")
    }
    return "\(id).\(ending)"
  }

  /// Throws unless the caller may add pictures to the product: before its bytes are taken.
  public func checkMayAddPicture(by caller: Caller, product: ID<Product>) async throws {
    try await database.read { db in try requireOwner(of: product, by: caller, in: db) }
  }

  /// Takes a picture away and gives it; the caller deletes its files. Nil when it was gone already.
  public func removePicture(by caller: Caller, product: ID<Product>, picture: ID<Picture>) async throws -> Picture? {
    try await database.write { db in
      try requireOwner(of: product, by: caller, in: db)
      let row = try db.row(
        "SELECT \(Picture.columns) FROM product_picture WHERE id = \(picture) AND product_id = \(product)")
      guard let row else { return nil }
      try db.run("DELETE FROM product_picture WHERE id = \(picture)")
      return try Picture(row: row)
    }
  }

  private func requireOwner(of product: ID<Product>, by caller: Caller, in db: any Connection) throws {
    guard let row = try db.row("SELECT channel_id FROM product WHERE id = \(product)") else {
      throw GeneralRefusal.notFound("product")
    }
    try Membership.require(.everything, of: row.get("channel_id"), by: caller, "product", in: db)
  }
}

extension Picture {
  /// The pictures of these products, in order.
  static func all(of products: [ID<Product>], in db: any Connection) throws -> [ID<Product>: [Picture]] {
    guard !products.isEmpty else { return [:] }
    let pictures = try db.rows(
      """
      SELECT \(columns) FROM product_picture WHERE product_id IN \(list: products)
      ORDER BY product_id, position, id
      """
    ).map(Picture.init)
    return Dictionary(grouping: pictures, by: \.product)
  }
}

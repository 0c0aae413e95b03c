import Store

extension Audit {
  /// Every bundle that was sold is whole: all of its parts, as many as belong to so many bundles, for their price to the
  /// last minor unit. It has no stock of its own.
  mutating func bundles(in db: any Connection) throws {
    let count = try db.requireRow("SELECT COUNT(DISTINCT bundle_id) AS bundles FROM bundle_part")
    note("Bundles: \(try count.number("bundles")).")
    try expectNone(
      db.rows(
        """
        SELECT stock.variant_id AS id FROM stock JOIN variant ON variant.id = stock.variant_id
        WHERE variant.is_bundle = 1 AND (stock.on_hand <> 0 OR stock.reserved <> 0)
        """)
    ) { row in "bundle \(try row.name("id")): has stock of its own" }
    try expectNone(
      db.rows(
        """
        SELECT bundle_part.bundle_id AS id, COUNT(*) AS parts FROM bundle_part
        JOIN variant ON variant.id = bundle_part.bundle_id JOIN product ON product.id = variant.product_id
        JOIN variant AS part ON part.id = bundle_part.variant_id JOIN product AS made ON made.id = part.product_id
        LEFT JOIN stock ON stock.variant_id = part.id
        GROUP BY bundle_part.bundle_id
        HAVING COUNT(*) < 2 OR COUNT(*) > 10
          OR SUM(CASE WHEN variant.is_bundle = 1 AND part.is_bundle = 0 AND product.channel_id = made.channel_id
            AND stock.is_part = 1 THEN 0 ELSE 1 END) > 0
        """)
    ) { row in "bundle \(try row.name("id")): is not made of variants of its channel that are parts of it" }
    try soldBundles(in: db)
  }

  private mutating func soldBundles(in db: any Connection) throws {
    // By order and offer: the units of each part, what they cost, and what they should.
    var sold: [SoldBundle: (total: Int64, price: Int64, parts: [ID<Variant>: Int64])] = [:]
    for row in try db.rows(
      """
      SELECT order_line.order_id AS order_id, order_line.bundle_id AS bundle_id, order_line.offer_id AS offer_id,
        order_line.variant_id AS variant_id, CAST(SUM(order_line.quantity) AS BIGINT) AS quantity,
        CAST(SUM(order_line.total_minor) AS BIGINT) AS total_minor, MAX(offer.price_minor) AS price_minor,
        MAX(CASE WHEN offer.variant_id = order_line.bundle_id THEN 1 ELSE 0 END) AS is_own
      FROM order_line LEFT JOIN offer ON offer.id = order_line.offer_id
      WHERE order_line.bundle_id IS NOT NULL
      GROUP BY order_line.order_id, order_line.bundle_id, order_line.offer_id, order_line.variant_id
      """)
    {
      let bundle = SoldBundle(
        order: try row.get("order_id"), bundle: try row.get("bundle_id"), offer: try row.get("offer_id"))
      var known = try sold[bundle] ?? (0, row.get("price_minor", as: Int64?.self) ?? 0, [:])
      known.total += try row.number("total_minor")
      known.parts[try row.get("variant_id")] = try row.number("quantity")
      sold[bundle] = known
      if try row.number("is_own") == 0 { differ("order \(bundle.order): has parts of a bundle under another's offer") }
    }
    guard !sold.isEmpty else { return }
    var parts: [ID<Variant>: [ID<Variant>: Int64]] = [:]
    for row in try db.rows("SELECT bundle_id, variant_id, quantity FROM bundle_part") {
      parts[try row.get("bundle_id"), default: [:]][try row.get("variant_id")] = try row.number("quantity")
    }
    for (bundle, known) in sold.sorted(by: { $0.key.order < $1.key.order }) {
      let made = parts[bundle.bundle] ?? [:]
      let count = made.first.map { known.parts[$0.key, default: 0] / $0.value } ?? 0
      if count < 1 || known.parts != made.mapValues({ $0 * count }) {
        differ("order \(bundle.order): has parts of bundle \(bundle.bundle) that make no whole number of it")
      } else if known.total != known.price * count {
        differ(
          """
          order \(bundle.order): the parts of \(count) bundles come to \(known.total), not \(known.price * count)
          """)
      }
    }
  }
}

private struct SoldBundle: Hashable {
  let order: ID<Order>
  let bundle: ID<Variant>
  let offer: ID<Offer>
}

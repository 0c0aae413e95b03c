import Store

extension Audit {
  /// A preorder counts what its places are; a place is what its two orders say, and they come to the price that was
  /// promised. What ended has its deposit back, and a deposit is the seller's no sooner than the balance.
  mutating func preorders(in db: any Connection) throws {
    let row = try db.requireRow(
      """
      SELECT COUNT(*) AS preorders, CAST(COALESCE(SUM(units_waiting), 0) AS BIGINT) AS waiting FROM preorder
      WHERE state IN ('open', 'stopped')
      """)
    note("Preorders: \(try row.number("preorders")), \(try row.number("waiting")) units are waited for.")
    try expectNone(
      db.rows(
        """
        SELECT preorder.id AS id, preorder.units_taken AS taken, preorder.units_waiting AS waiting,
          CAST(COALESCE(sums.taken, 0) AS BIGINT) AS places, CAST(COALESCE(sums.waiting, 0) AS BIGINT) AS places_waiting
        FROM preorder LEFT JOIN (
          SELECT preorder_id, SUM(CASE WHEN state <> 'ended' THEN quantity ELSE 0 END) AS taken,
            SUM(CASE WHEN state IN ('held', 'waiting') THEN quantity ELSE 0 END) AS waiting
          FROM preorder_place GROUP BY preorder_id
        ) sums ON sums.preorder_id = preorder.id
        WHERE preorder.units_taken <> COALESCE(sums.taken, 0) OR preorder.units_waiting <> COALESCE(sums.waiting, 0)
        """)
    ) { row in
      """
      preorder \(try row.name("id")): counts \(try row.number("taken")) units, of which \(try row.number("waiting")) wait, \
      but its places have \(try row.number("places")) and \(try row.number("places_waiting"))
      """
    }
    try expectNone(
      db.rows(
        """
        SELECT variant.id AS id FROM variant LEFT JOIN preorder ON preorder.id = variant.preorder_id
        WHERE variant.preorder_id IS NOT NULL
            AND (preorder.id IS NULL OR preorder.variant_id <> variant.id OR preorder.state NOT IN ('open', 'stopped'))
          OR variant.preorder_id IS NULL
            AND variant.id IN (SELECT variant_id FROM preorder WHERE state IN ('open', 'stopped'))
        """)
    ) { row in "variant \(try row.name("id")): is on a preorder that is not its own, or over, or not on its own" }
    try places(in: db)
  }

  private mutating func places(in db: any Connection) throws {
    try expectNone(
      db.rows(
        """
        SELECT place.order_id AS id, place.state AS state, deposit.state AS deposit,
          COALESCE(balance.state, 'none') AS balance
        FROM preorder_place place JOIN preorder ON preorder.id = place.preorder_id
        LEFT JOIN orders deposit ON deposit.id = place.order_id
        LEFT JOIN orders balance ON balance.id = place.balance_order_id
        WHERE deposit.id IS NULL OR place.balance_order_id IS NOT NULL AND balance.id IS NULL
          OR COALESCE(balance.part, 'balance') <> 'balance'
          OR COALESCE(deposit.part, 'none')
            <> CASE WHEN place.state = 'complete' AND place.balance_minor = 0 THEN 'none' ELSE 'deposit' END
          OR place.state = 'held' AND (deposit.state <> 'placed' OR balance.id IS NOT NULL)
          OR place.state = 'waiting' AND (deposit.state <> 'paid' OR balance.id IS NOT NULL)
          OR place.state = 'called' AND (deposit.state <> 'paid' OR COALESCE(balance.state, 'none') <> 'placed')
          OR place.state = 'complete' AND (deposit.state IN ('placed', 'expired', 'cancelled')
            OR place.balance_minor > 0 AND COALESCE(balance.state, 'none') IN ('none', 'placed', 'expired', 'cancelled'))
          OR place.state = 'ended' AND (COALESCE(balance.state, 'expired') NOT IN ('expired', 'cancelled')
            OR deposit.state NOT IN ('expired', 'cancelled') AND deposit.refunded_minor <> deposit.total_minor
              AND deposit.id NOT IN (SELECT order_id FROM refund WHERE kind = 'sale' AND state = 'failed'))
        """)
    ) { row in
      """
      preorder of order \(try row.name("id")): is \(try row.get("state", as: String.self)), but its deposit is \
      \(try row.get("deposit", as: String?.self) ?? "none") and its balance \(try row.get("balance", as: String.self))
      """
    }
    try expectNone(
      db.rows(
        """
        SELECT place.order_id AS id FROM preorder_place place JOIN preorder ON preorder.id = place.preorder_id
        LEFT JOIN order_line line ON line.order_id = place.order_id
        LEFT JOIN order_line rest ON rest.order_id = place.balance_order_id
        LEFT JOIN orders balance ON balance.id = place.balance_order_id
        WHERE line.order_id IS NULL OR line.variant_id <> preorder.variant_id OR line.quantity <> place.quantity
          OR line.position <> 0 OR line.price_minor + place.balance_minor <> place.price_minor
          OR place.balance_order_id IS NOT NULL AND (rest.order_id IS NULL OR rest.position <> 0
            OR rest.variant_id <> preorder.variant_id OR rest.quantity <> place.quantity
            OR rest.price_minor <> place.balance_minor)
        """)
    ) { row in "preorder of order \(try row.name("id")): its orders do not come to the price that was promised" }
    try expectNone(
      db.rows(
        """
        SELECT place.order_id AS id, deposit.state AS state, balance.state AS balance
        FROM preorder_place place JOIN orders deposit ON deposit.id = place.order_id
        LEFT JOIN orders balance ON balance.id = place.balance_order_id
        WHERE deposit.part = 'deposit' AND (
          deposit.state = 'delivered' AND COALESCE(balance.state, 'none') NOT IN ('delivered', 'settled', 'refunded')
          OR deposit.state = 'settled' AND COALESCE(balance.state, 'none') NOT IN ('settled', 'refunded')
          OR deposit.state = 'fulfilled')
        """)
    ) { row in
      """
      preorder of order \(try row.name("id")): its deposit is \(try row.get("state", as: String.self)), but its balance is \
      \(try row.get("balance", as: String?.self) ?? "none")
      """
    }
    try expectNone(
      db.rows(
        """
        SELECT id FROM orders WHERE part = 'deposit' AND id NOT IN (SELECT order_id FROM preorder_place)
          OR part = 'balance' AND id NOT IN
            (SELECT balance_order_id FROM preorder_place WHERE balance_order_id IS NOT NULL)
          OR part IS NOT NULL AND id IN (SELECT order_id FROM shipment) AND part = 'deposit'
        """)
    ) { row in "order \(try row.name("id")): is part of a preorder that does not know it, or was sent as one" }
  }
}

import Store

extension Commerce {
  /// How many rows of each kind go in one transaction.
  private static let limitedRowsMax = 1_000

  /// Forgets what counts towards no limit any more: of orders that ended unpaid or whose units came back whole, and of
  /// variants that are sold no more; gives how many rows.
  @discardableResult
  public func forgetLimited() async throws -> Int {
    let isCounted = try await database.read { db in try db.row("SELECT 1 FROM limited_units LIMIT 1") != nil }
    guard isCounted else { return 0 }
    var forgotten = 0
    while true {
      try Task.checkCancellation()
      let batch = try await database.write { db in
        var batch = try db.run(
          """
          DELETE FROM limited_order WHERE units = 0 AND order_id IN
            (SELECT order_id FROM limited_order WHERE units = 0 ORDER BY order_id LIMIT \(Self.limitedRowsMax))
          """)
        let unsold = try db.rows(
          """
          SELECT DISTINCT limited_units.subject_id AS subject_id FROM limited_units
          JOIN variant ON variant.id = limited_units.subject_id
          WHERE variant.retired_ms IS NOT NULL LIMIT 20
          """
        ).map { try $0.get("subject_id", as: [UInt8].self) }
        if !unsold.isEmpty {
          batch += try db.run("DELETE FROM limited_order WHERE subject_id IN \(list: unsold)")
          batch += try db.run("DELETE FROM limited_units WHERE subject_id IN \(list: unsold)")
        }
        // A buyer of nothing counts for nothing, once no order of theirs does.
        batch += try db.run(
          """
          DELETE FROM limited_units WHERE units = 0 AND NOT EXISTS (
            SELECT 1 FROM limited_order taken
            WHERE taken.subject_id = limited_units.subject_id AND taken.buyer = limited_units.buyer)
          """)
        return batch
      }
      forgotten += batch
      if batch < Self.limitedRowsMax { return forgotten }
    }
  }
}

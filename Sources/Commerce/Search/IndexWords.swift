import Store

extension Commerce {
  /// Reads the words of products and shows that are new or were changed; gives how many. What it was told of is found
  /// from then on.
  @discardableResult
  public func indexWords(batch: Int = 100) async throws -> Int {
    var count = 0
    for kind in SearchKind.allCases {
      while true {
        let waiting = try await database.read { db in try kind.waiting(batch, in: db) }
        guard !waiting.isEmpty else { break }
        try await database.write { [policy] db in try kind.index(waiting, policy, in: db) }
        count += waiting.count
      }
    }
    return count
  }
}

/// What can be found.
enum SearchKind: String, CaseIterable, ValueConvertible {
  case product, show

  fileprivate func waiting(_ limit: Int, in db: any Connection) throws -> [[UInt8]] {
    let rows =
      switch self {
      case .product: try db.rows("SELECT id FROM product WHERE indexed = 0 ORDER BY id LIMIT \(limit)")
      case .show: try db.rows("SELECT id FROM show WHERE indexed = 0 ORDER BY id LIMIT \(limit)")
      }
    return try rows.map { try $0.get("id") }
  }

  fileprivate func index(_ subjects: [[UInt8]], _ policy: Policy, in db: any Connection) throws {
    // Before they are read: a change that comes after it sets it back to 0.
    switch self {
    case .product: try db.run("UPDATE product SET indexed = 1 WHERE id IN \(list: subjects)")
    case .show: try db.run("UPDATE show SET indexed = 1 WHERE id IN \(list: subjects)")
    }
    try db.run("DELETE FROM search_word WHERE subject IN \(list: subjects)")
    var rows: [[any ValueConvertible]] = []
    for (subject, weights) in try weights(of: subjects, policy, in: db) {
      for (word, weight) in weights.sorted(by: { $0.key < $1.key }) {
        rows.append([Array(word.utf8), self, subject, weight])
      }
    }
    // SQLite takes 32,766 values in one statement, and so many words are enough for it.
    for start in stride(from: 0, to: rows.count, by: 2_000) {
      let some = Array(rows[start..<min(start + 2_000, rows.count)])
      try db.run("INSERT INTO search_word (word, kind, subject, weight) VALUES \(rows: some)")
    }
  }

  private func weights(
    of subjects: [[UInt8]], _ policy: Policy, in db: any Connection
  ) throws -> [[UInt8]: [String: Int64]] {
    var weights: [[UInt8]: [String: Int64]] = [:]
    func add(_ text: String, _ weight: Int64, to subject: [UInt8]) {
      for word in SearchWords.of(text) {
        let known = weights[subject, default: [:]][word]
        guard known != nil || weights[subject, default: [:]].count < policy.searchWordsMax else { continue }
        weights[subject, default: [:]][word] = max(known ?? 0, weight)
      }
    }
    switch self {
    case .product:
      let rows = try db.rows(
        """
        SELECT product.id AS id, product.title AS title, product.description AS description, channel.name AS seller
        FROM product JOIN channel ON channel.id = product.channel_id WHERE product.id IN \(list: subjects)
        """)
      for row in rows { add(try row.get("title"), 4, to: try row.get("id")) }
      let variants = try db.rows(
        "SELECT product_id, sku, title FROM variant WHERE retired_ms IS NULL AND product_id IN \(list: subjects)")
      for row in variants {
        let product: [UInt8] = try row.get("product_id")
        add(try row.get("sku"), 2, to: product)
        add(try row.get("title"), 2, to: product)
      }
      for row in rows {
        add(try row.get("seller"), 1, to: try row.get("id"))
        add(try row.get("description"), 1, to: try row.get("id"))
      }
    case .show:
      let rows = try db.rows(
        """
        SELECT show.id AS id, show.title AS title, show.description AS description, channel.name AS seller
        FROM show JOIN channel ON channel.id = show.channel_id WHERE show.id IN \(list: subjects)
        """)
      for row in rows {
        add(try row.get("title"), 4, to: try row.get("id"))
        add(try row.get("seller"), 2, to: try row.get("id"))
        add(try row.get("description"), 1, to: try row.get("id"))
      }
    }
    return weights
  }
}

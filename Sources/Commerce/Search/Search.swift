import Store

/// What was found, the best first.
public struct SearchResult: Sendable {
  public let shows: [Show]
  public let products: [ProductCard]

  public var isEmpty: Bool { shows.isEmpty && products.isEmpty }
}

extension Commerce {
  /// Shows and products of approved channels in which every word of `text` is found, each as the beginning of a word of
  /// two or more letters; a word in a title counts more than one in a description, and a whole word more than a
  /// beginning. Products are those that can be bought in `market`.
  ///
  /// - Parameter limit: of each, 1…100.
  public func search(_ text: String, market: String, limit: Int = 24) async throws -> SearchResult {
    guard (1...100).contains(limit) else {
      throw GeneralRefusal.invalid(field: "limit", why: "must be between 1 and 100")
    }
    guard text.utf8.count <= policy.searchBytesMax else {
      throw GeneralRefusal.invalid(field: "q", why: "must have at most \(policy.searchBytesMax) bytes")
    }
    let words = Array(Set(SearchWords.of(text)).sorted().prefix(policy.searchTermsMax))
    guard !words.isEmpty else { return SearchResult(shows: [], products: []) }
    return try await database.read { db in
      let found = Self.found(words)
      let showIDs = try db.rows(
        """
        SELECT found.subject AS id FROM (\(found(.show))) found JOIN show ON show.id = found.subject
        JOIN channel ON channel.id = show.channel_id
        WHERE channel.state = 'approved'
        ORDER BY CASE show.state WHEN 'live' THEN 0 ELSE 1 END, found.score DESC, show.scheduled_ms DESC, show.id DESC
        LIMIT \(limit)
        """
      ).map { try $0.get("id", as: ID<Show>.self) }
      let productIDs = try db.rows(
        """
        SELECT found.subject AS id FROM (\(found(.product))) found JOIN product ON product.id = found.subject
        JOIN channel ON channel.id = product.channel_id
        WHERE channel.state = 'approved' AND EXISTS (
          SELECT 1 FROM variant JOIN offer ON offer.variant_id = variant.id
          WHERE variant.product_id = product.id AND variant.retired_ms IS NULL AND offer.market = \(market)
            AND offer.kind = 'list' AND offer.closed_ms = \(Moment.never))
        ORDER BY found.score DESC, product.created_ms DESC, product.id DESC LIMIT \(limit)
        """
      ).map { try $0.get("id", as: ID<Product>.self) }
      let shows =
        try showIDs.isEmpty
        ? []
        : Show.read(
          db.rows("SELECT \(Show.columns) FROM \(Show.source) WHERE show.id IN \(list: showIDs)"), in: db)
      let showOf = Dictionary(uniqueKeysWithValues: shows.map { ($0.id, $0) })
      let cards = try ProductCard.all(of: productIDs, market: market, policy, switches, at: clock.now, in: db)
      let cardOf = Dictionary(uniqueKeysWithValues: cards.map { ($0.id, $0) })
      return SearchResult(shows: showIDs.compactMap { showOf[$0] }, products: productIDs.compactMap { cardOf[$0] })
    }
  }

  /// The shows of approved channels that sell a product: those on air first, then the next ones, then the latest that
  /// were; at most `limit`.
  public func shows(selling product: ID<Product>, limit: Int = 6) async throws -> [Show] {
    try await database.read { db in
      let rows = try db.rows(
        """
        SELECT \(Show.columns) FROM \(Show.source)
        WHERE channel.state = 'approved'
          AND show.id IN (SELECT show_id FROM show_product WHERE product_id = \(product))
        ORDER BY CASE show.state WHEN 'live' THEN 0 WHEN 'scheduled' THEN 1 ELSE 2 END,
          CASE show.state WHEN 'scheduled' THEN show.scheduled_ms ELSE -show.scheduled_ms END, show.id
        LIMIT \(limit)
        """)
      return try Show.read(rows, in: db)
    }
  }

  /// The subjects of a kind that have all the words, and how well.
  private static func found(_ words: [String]) -> (SearchKind) -> SQL {
    { kind in
      var parts: SQL?
      for word in words {
        let bytes = Array(word.utf8)
        // One letter is a word; its beginnings would be half the shop.
        let end = word.unicodeScalars.count < 2 ? bytes + [0] : bytes + [0xFF]
        let part: SQL = """
          SELECT subject, MAX(weight * CASE WHEN word = \(bytes) THEN 2 ELSE 1 END) AS best FROM search_word
          WHERE kind = \(kind) AND word >= \(bytes) AND word < \(end) GROUP BY subject
          """
        parts = parts.map { "\($0) UNION ALL \(part)" } ?? part
      }
      let all: SQL = parts ?? "SELECT subject, 0 AS best FROM search_word WHERE 1 = 0"
      return """
        SELECT subject, CAST(SUM(best) AS BIGINT) AS score FROM (\(all)) terms
        GROUP BY subject HAVING COUNT(*) = \(words.count)
        """
    }
  }
}

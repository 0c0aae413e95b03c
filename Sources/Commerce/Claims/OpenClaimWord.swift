import Store

extension Commerce {
  /// Lets viewers of a show on air reserve a product by saying a word, from the next message on. For owners and hosts.
  ///
  /// - Throws: `ClaimRefusal`, `ShowRefusal.notLive`, `.ended`, `BagRefusal` where nothing is sold, `GeneralRefusal.invalid`,
  ///   `.notFound`, `IDTaken`.
  @discardableResult
  public func openClaimWord(
    _ id: ID<ClaimWord>, by caller: Caller, show showID: ID<Show>, _ draft: ClaimWordDraft, mediaTime: Int64? = nil
  ) async throws -> ClaimWord {
    let fingerprint = try MadeHash.of(draft, by: caller, for: showID.description)
    let word = try policy.text(draft.word, "word", max: policy.claimWordCharactersMax)
    let folded = ClaimText.fold(word)
    guard !folded.isEmpty else { throw GeneralRefusal.invalid(field: "word", why: "must have a letter or a digit") }
    try draft.check(policy)
    return try await writeAndTell { [policy] db in
      let (show, occasion) = try changing(showID, by: caller, in: db)
      if let row = try db.row("SELECT made_hash FROM claim_word WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "claim word") }
        return try ClaimWord.require(id, of: showID, in: db)
      }
      try switches.require(.claims)
      try policy.checkNew(id, at: occasion.at)
      try show.requireLive()
      guard show.markets.contains(draft.market), try Market.find(draft.market, in: db) != nil else {
        throw GeneralRefusal.invalid(field: "market", why: "must be one that the show sells in")
      }
      try requireSelling(show.channel, in: draft.market, db)
      let row = try db.row(
        "SELECT title FROM product WHERE id = \(draft.product) AND channel_id = \(show.channel)")
      guard let row else { throw GeneralRefusal.notFound("product") }
      guard try !ClaimWord.choices(of: draft.product, market: draft.market, in: db).isEmpty else {
        throw ClaimRefusal.notOrdinary
      }
      let open = try ClaimWord.open(in: showID, db)
      guard open.count < policy.claimWordsMax else { throw ClaimRefusal.tooManyWords(limit: policy.claimWordsMax) }
      for other in open {
        let known = other.folded.split(separator: " ").map(String.init)
        if known.starts(with: folded) || folded.starts(with: known) { throw ClaimRefusal.wordTaken(other.word) }
      }
      try db.run(
        """
        INSERT INTO claim_word (id, show_id, product_id, title, market, word, folded, units_max, units_taken,
          units_per_buyer_max, hold_seconds, accounts_only, account_id, made_hash, created_ms, closed_ms)
        VALUES (\(id), \(showID), \(draft.product), \(try row.get("title", as: String.self)), \(draft.market), \(word),
          \(folded.joined(separator: " ")), \(draft.unitsMax.sqlValue), 0, \(draft.unitsPerBuyerMax.sqlValue),
          \(draft.holdMinutes * 60), \(draft.isForAccounts), \(caller.account.sqlValue), \(fingerprint),
          \(occasion.at), NULL)
        """)
      let made = try ClaimWord.require(id, of: showID, in: db)
      try Timeline.append(
        show: showID, kind: .claimOpened, mediaTime: mediaTime,
        payload: made.told(options: ClaimWord.options(of: made.product, in: db)), on: occasion, in: db)
      return made
    }
  }

  /// From the next message on nothing is reserved by it; what was, stays so. Closed already, nothing happens. For owners
  /// and hosts.
  public func closeClaimWord(
    _ id: ID<ClaimWord>, by caller: Caller, show showID: ID<Show>, mediaTime: Int64? = nil
  ) async throws {
    try await writeAndTell { db in
      let (show, occasion) = try changing(showID, by: caller, in: db)
      let word = try ClaimWord.require(id, of: show.id, in: db)
      guard word.closed == nil else { return }
      try close([word], mediaTime: mediaTime, on: occasion, in: db)
    }
  }

  /// Closes those of a show that ends.
  func closeClaimWords(of show: ID<Show>, mediaTime: Int64?, on occasion: Occasion, in db: any Connection) throws {
    try close(ClaimWord.open(in: show, db), mediaTime: mediaTime, on: occasion, in: db)
  }

  private func close(_ words: [ClaimWord], mediaTime: Int64?, on occasion: Occasion, in db: any Connection) throws {
    for word in words {
      try db.run("UPDATE claim_word SET closed_ms = \(occasion.at) WHERE id = \(word.id) AND closed_ms IS NULL")
      try Timeline.append(
        show: word.show, kind: .claimClosed, mediaTime: mediaTime, payload: ["claimWord": "\(word.id)"],
        on: occasion, in: db)
    }
  }

  /// The claim words of a show, the last opened first, at most 200. For the channel's members who run shows or chats.
  public func claimWords(of show: ID<Show>, by caller: Caller) async throws -> [ClaimWord] {
    try await database.read { db in
      let show = try Show.require(show, in: db)
      try Membership.require(.chat, of: show.channel, by: caller, "show", in: db)
      return try db.rows(
        """
        SELECT \(ClaimWord.columns) FROM claim_word WHERE show_id = \(show.id)
        ORDER BY created_ms DESC, id DESC LIMIT 200
        """
      ).map(ClaimWord.init)
    }
  }

  /// What comments reserved in a show, the last first, at most 100. For the channel's members who run shows or chats.
  public func claims(of show: ID<Show>, by caller: Caller) async throws -> [Claim] {
    try await database.read { db in
      let show = try Show.require(show, in: db)
      try Membership.require(.chat, of: show.channel, by: caller, "show", in: db)
      return try db.rows(
        """
        SELECT \(Claim.columns) FROM claim JOIN claim_word ON claim_word.id = claim.word_id
        WHERE claim_word.show_id = \(show.id) ORDER BY claim.created_ms DESC, claim.id DESC LIMIT 100
        """
      ).map(Claim.init)
    }
  }

  /// Calls off what a comment reserved, as long as it is not ordered: its units are free. Over already, nothing happens.
  /// For owners, hosts and moderators.
  @discardableResult
  public func cancelClaim(_ id: ID<Claim>, by caller: Caller, show: ID<Show>) async throws -> Claim {
    try await writeAndTell { db in
      let show = try Show.require(show, in: db)
      let account = try Membership.require(.chat, of: show.channel, by: caller, "claim", in: db)
      func find() throws -> Claim {
        let row = try db.row(
          """
          SELECT \(Claim.columns) FROM claim JOIN claim_word ON claim_word.id = claim.word_id
          WHERE claim.id = \(id) AND claim_word.show_id = \(show.id)
          """)
        guard let row else { throw GeneralRefusal.notFound("claim") }
        return try Claim(row: row)
      }
      let occasion = occasion(by: account)
      try find().end(as: .cancelled, on: occasion, in: db)
      return try find()
    }
  }
}

extension ClaimWord {
  /// What of a product can be claimed in a market: what has a price there and is neither a bundle nor on preorder.
  static func choices(
    of product: ID<Product>, market: String, in db: any Connection
  ) throws -> [ClaimText.Choice<ID<Variant>>] {
    try db.rows(
      """
      SELECT variant.id AS id, variant.options AS options FROM variant
      JOIN offer ON offer.variant_id = variant.id AND offer.market = \(market) AND offer.kind = 'list'
        AND offer.closed_ms = 9223372036854775807
      WHERE variant.product_id = \(product) AND variant.retired_ms IS NULL AND variant.is_bundle = 0
        AND variant.preorder_id IS NULL
      ORDER BY variant.position, variant.id
      """
    ).map { row in
      ClaimText.Choice(name: try row.get("id"), values: try TextList.list(of: row.get("options")))
    }
  }

  /// The names of a product's options, where it has any.
  static func options(of product: ID<Product>, in db: any Connection) throws -> [String] {
    try TextList.list(of: db.requireRow("SELECT options FROM product WHERE id = \(product)").get("options"))
  }
}

extension ClaimWordDraft {
  /// Everything that can be refused without a look at the database.
  fileprivate func check(_ policy: Policy) throws {
    func check(_ value: Int64?, _ field: String, _ range: ClosedRange<Int64>) throws {
      if let value, !range.contains(value) {
        throw GeneralRefusal.invalid(field: field, why: "must be \(range.lowerBound) to \(range.upperBound)")
      }
    }
    try check(unitsMax, "unitsMax", 1...policy.unitLimitMax)
    try check(unitsPerBuyerMax, "unitsPerBuyerMax", 1...policy.quantityMax)
    try check(holdMinutes, "holdMinutes", 1...policy.claimHoldMinutesMax)
  }
}

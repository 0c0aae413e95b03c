import Store

/// What came of a comment that is what the host asks to be said.
public enum ClaimOutcome: Sendable {
  /// Units are held for whoever said it. `access` opens the private link of a guest; nil for an account, which needs none.
  case claimed(Claim, access: Secret?)
  /// It was said, and nothing is reserved by it.
  case refused(ClaimRefusal)
}

extension Commerce {
  /// Reserves what a comment claims, first come, first served; nil for one that claims nothing. Whoever gets nothing is
  /// told why, and has said it all the same.
  func claim(
    by message: Message, _ entrant: Entrant?, address: String?, among open: [ClaimWord], in show: Show,
    on occasion: Occasion, _ db: any Connection
  ) throws -> ClaimOutcome? {
    guard show.state == .live, switches.isOn(.claims) else { return nil }
    let text = ClaimText(message.text)
    for word in open {
      // `sold12` is `sold 12`.
      for said in [
        word.folded.split(separator: " ").map(String.init), ClaimText.fold(word.word.filter { !$0.isWhitespace }),
      ]
      where text.begins(with: said) {
        let choices = try ClaimWord.choices(of: word.product, market: word.market, in: db)
        do {
          switch text.reading(of: said, among: choices) {
          case nil: continue
          case .unclear:
            let values = choices.prefix(10).map { $0.values.joined(separator: " ") }
            throw ClaimRefusal.which(options: values.joined(separator: ", "))
          case .claims(let variant, let quantity):
            return try reserve(
              Wanted(word: word, variant: variant, quantity: quantity, message: message), for: entrant,
              address: address, in: show, on: occasion, db)
          }
        } catch let refusal as ClaimRefusal {
          return .refused(refusal)
        }
      }
    }
    return nil
  }

  private struct Wanted {
    let word: ClaimWord
    let variant: ID<Variant>
    let quantity: Int64
    let message: Message
  }

  /// Every check stands before the first write: what is refused is caught, and its transaction goes on.
  private func reserve(
    _ wanted: Wanted, for entrant: Entrant?, address: String?, in show: Show, on occasion: Occasion,
    _ db: any Connection
  ) throws -> ClaimOutcome {
    let (word, quantity) = (wanted.word, wanted.quantity)
    if word.isForAccounts, wanted.message.account == nil { throw ClaimRefusal.signIn }
    guard let entrant else { throw ClaimRefusal.noVisitor }
    do { try requireSelling(show.channel, in: word.market, db) } catch is BagRefusal { throw ClaimRefusal.notSold }
    try requireRoom(wanted, for: entrant, in: show, db)
    let address = wanted.message.account == nil ? Holder(account: nil, email: "", address: address).address : nil
    try requireRoom(at: address, for: quantity, db)
    let level = try Stock.levels(of: [wanted.variant], in: db)[wanted.variant] ?? .none
    let left = min(level.available, word.unitsMax.map { $0 - word.taken } ?? .max)
    guard quantity <= left else { throw ClaimRefusal.soldOut(left: max(0, left)) }

    let noted = Occasion(at: occasion.at, entropy: occasion.entropy, by: occasion.by, note: Claim.stockNote)
    guard try Stock.reserve([Stock.Units(variant: wanted.variant, count: quantity)], on: noted, in: db) == .held else {
      throw ClaimRefusal.soldOut(left: 0)
    }
    let counted = try db.run(
      """
      UPDATE claim_word SET units_taken = units_taken + \(quantity)
      WHERE id = \(word.id) AND closed_ms IS NULL AND (units_max IS NULL OR units_taken + \(quantity) <= units_max)
      """)
    guard counted == 1 else { throw MissingRow() }
    let bag = try bag(of: entrant, wanted, on: occasion, db)
    let id: ID<Claim> = ID(at: occasion.at, entropy: occasion.entropy)
    let titles = try db.requireRow(
      """
      SELECT product.title AS product_title, variant.title AS variant_title
      FROM variant JOIN product ON product.id = variant.product_id WHERE variant.id = \(wanted.variant)
      """)
    let title = Quote.Line.title(product: try titles.get("product_title"), variant: try titles.get("variant_title"))
    try db.run(
      """
      INSERT INTO claim (id, bag_id, word_id, message_id, name, variant_id, title, quantity, state, units_held, until_ms,
        order_id, address, created_ms, changed_ms)
      VALUES (\(id), \(bag), \(word.id), \(wanted.message.id), \(wanted.message.name), \(wanted.variant), \(title),
        \(quantity), 'held', \(quantity), \(occasion.at.adding(seconds: word.holdSeconds)), NULL, \(address.sqlValue),
        \(occasion.at), \(occasion.at))
      """)
    let claim = try Claim(row: db.requireRow("SELECT \(Claim.columns) FROM claim WHERE id = \(id)"))
    return .claimed(claim, access: try access(to: claim, entrant, at: occasion.at, db))
  }

  /// What one buyer may have of it, and hold in all.
  private func requireRoom(_ wanted: Wanted, for entrant: Entrant, in show: Show, _ db: any Connection) throws {
    let row = try db.requireRow(
      """
      SELECT COUNT(*) AS claims,
        CAST(COALESCE(SUM(CASE WHEN claim.variant_id = \(wanted.variant) THEN claim.units_held ELSE 0 END), 0) AS BIGINT)
          AS of_variant,
        CAST(COALESCE(SUM(CASE WHEN variant.product_id = \(wanted.word.product) THEN claim.units_held ELSE 0 END), 0)
          AS BIGINT) AS of_product
      FROM claim JOIN claim_bag ON claim_bag.id = claim.bag_id JOIN variant ON variant.id = claim.variant_id
      WHERE claim_bag.show_id = \(show.id) AND claim_bag.buyer = \(entrant.bytes) AND claim.state = 'held'
      """)
    guard try row.get("claims", as: Int64.self) < policy.claimsPerBuyerMax else { throw ClaimRefusal.tooMany }
    let (ofVariant, ofProduct): (Int64, Int64) = (try row.get("of_variant"), try row.get("of_product"))
    if policy.heldUnitsPerBuyerMax > 0, ofVariant + wanted.quantity > policy.heldUnitsPerBuyerMax {
      throw ClaimRefusal.tooMany
    }
    guard ofVariant + wanted.quantity <= policy.quantityMax else { throw ClaimRefusal.buyerLimit(policy.quantityMax) }
    if let limit = wanted.word.unitsPerBuyerMax {
      let mine = try db.requireRow(
        """
        SELECT CAST(COALESCE(SUM(claim.quantity), 0) AS BIGINT) AS units FROM claim
        JOIN claim_bag ON claim_bag.id = claim.bag_id
        WHERE claim.word_id = \(wanted.word.id) AND claim_bag.buyer = \(entrant.bytes)
          AND claim.state IN ('held', 'taken')
        """)
      guard try mine.get("units", as: Int64.self) + wanted.quantity <= limit else {
        throw ClaimRefusal.buyerLimit(limit)
      }
    }
    // What could not be ordered is not held.
    let limits = try db.requireRow(
      """
      SELECT variant.order_units_max AS variant_order_max, variant.buyer_units_max AS variant_buyer_max,
        product.order_units_max AS product_order_max, product.buyer_units_max AS product_buyer_max
      FROM variant JOIN product ON product.id = variant.product_id WHERE variant.id = \(wanted.variant)
      """)
    for (kind, held) in [("variant", ofVariant), ("product", ofProduct)] {
      let most = [try limits.get("\(kind)_order_max", as: Int64?.self), try limits.get("\(kind)_buyer_max")].compactMap(
        \.self)
      if let limit = most.min(), held + wanted.quantity > limit { throw ClaimRefusal.buyerLimit(limit) }
    }
  }

  private func requireRoom(at address: [UInt8]?, for quantity: Int64, _ db: any Connection) throws {
    guard let address, policy.claimUnitsPerAddressMax > 0 else { return }
    let held = try db.requireRow(
      "SELECT CAST(COALESCE(SUM(units_held), 0) AS BIGINT) AS units FROM claim WHERE address = \(address)")
    guard try held.get("units", as: Int64.self) + quantity <= policy.claimUnitsPerAddressMax else {
      throw ClaimRefusal.tooMany
    }
  }

  private func bag(
    of entrant: Entrant, _ wanted: Wanted, on occasion: Occasion, _ db: any Connection
  ) throws -> ID<ClaimBag> {
    let (show, market) = (wanted.word.show, wanted.word.market)
    let known = try db.row(
      """
      SELECT id FROM claim_bag WHERE show_id = \(show) AND market = \(market) AND buyer = \(entrant.bytes)
      """)
    if let known { return try known.get("id") }
    let id: ID<ClaimBag> = ID(at: occasion.at, entropy: occasion.entropy)
    try db.run(
      """
      INSERT INTO claim_bag (id, show_id, market, buyer, account_id, created_ms)
      VALUES (\(id), \(show), \(market), \(entrant.bytes), \(wanted.message.account.sqlValue), \(occasion.at))
      """)
    return id
  }

  private func access(
    to claim: Claim, _ entrant: Entrant, at now: Moment, _ db: any Connection
  ) throws -> Secret? {
    guard case .visitor = entrant else { return nil }
    let access = Secret(prefix: "haat_claim_", entropy: entropy)
    try ClaimBag.add(access, to: claim.bag, at: now, max: policy.tokensPerOrderMax, in: db)
    return access
  }

  /// What a comment that was sent twice has reserved, for whoever said it.
  func claimed(by message: Message, _ entrant: Entrant?, in db: any Connection) throws -> ClaimOutcome? {
    guard message.isClaim, let entrant,
      let row = try db.row("SELECT \(Claim.columns) FROM claim WHERE message_id = \(message.id)")
    else { return nil }
    let claim = try Claim(row: row)
    let isTheirs =
      try db.row("SELECT 1 FROM claim_bag WHERE id = \(claim.bag) AND buyer = \(entrant.bytes)") != nil
    return isTheirs ? .claimed(claim, access: try access(to: claim, entrant, at: clock.now, db)) : nil
  }

  /// A message that was taken away reserves nothing any more, and nobody is named for it.
  func endClaim(of message: ID<Message>, as state: Claim.State, on occasion: Occasion, in db: any Connection) throws {
    guard let row = try db.row("SELECT \(Claim.columns) FROM claim WHERE message_id = \(message)") else { return }
    try Claim(row: row).end(as: state, on: occasion, in: db)
    try db.run("UPDATE claim SET name = '' WHERE message_id = \(message)")
  }
}

import Store

extension Commerce {
  /// Draws the winners of a giveaway whose list is closed, and tells the seed. For the channel's owners and hosts. Drawn
  /// already, nothing happens: whoever draws, and however often, it is drawn once.
  ///
  /// - Parameter word: what the host adds now that the list is known, said on air: at most
  ///   `Policy.giveawayWordCharactersMax` characters. Nobody who knew the seed could know it before.
  /// - Throws: `GiveawayRefusal.notClosed`, `GeneralRefusal.invalid`, `.notFound`.
  @discardableResult
  public func drawGiveaway(
    _ id: ID<Giveaway>, by caller: Caller, show: ID<Show>, word: String = "", mediaTime: Int64? = nil
  ) async throws -> Giveaway {
    let word = try policy.text(word, "word", max: policy.giveawayWordCharactersMax, required: false)
    return try await writeAndTell { db in
      let (_, occasion) = try changing(show, by: caller, in: db)
      let giveaway = try Giveaway.require(id, of: show, in: db)
      switch giveaway.state {
      case .open: throw GiveawayRefusal.notClosed
      case .drawn: return giveaway
      case .closed: break
      }
      try draw(giveaway, word: word, mediaTime: mediaTime, on: occasion, in: db)
      return try Giveaway.require(id, in: db)
    }
  }

  /// In one transaction, all of it or nothing: the same list, seed and word give the same winners if it has to be done
  /// again.
  func draw(
    _ giveaway: Giveaway, word: String, mediaTime: Int64?, on occasion: Occasion, in db: any Connection
  ) throws {
    let leaves: [UInt8] = try db.requireRow(
      "SELECT leaves FROM giveaway_list WHERE giveaway_id = \(giveaway.id)"
    ).get("leaves")
    let positions = Lot.winners(
      Int(giveaway.winnersMax), of: leaves.count / 32, seed: giveaway.secretSeed, root: giveaway.root ?? [], word: word)
    let winners = try drawn(positions, from: leaves, of: giveaway, in: db)
    let changed = try db.run(
      """
      UPDATE giveaway SET state = 'drawn', word = \(word), drawn_ms = \(occasion.at), draw_due_ms = NULL
      WHERE id = \(giveaway.id) AND state = 'closed'
      """)
    guard changed == 1 else { throw MissingRow() }
    let claimUntil = occasion.at.adding(seconds: policy.giveawayClaimHours * 3600)
    for (place, winner) in winners.enumerated() {
      try db.run(
        """
        INSERT INTO giveaway_winner (giveaway_id, place, position, code, entrant, name, state, claim_until_ms, claim,
          claimed_ms)
        VALUES (\(giveaway.id), \(Int64(place)), \(Int64(winner.position)), \(winner.code), \(winner.entrant),
          \(winner.name), 'waiting', \(claimUntil), '', NULL)
        """)
    }
    try release(giveaway.unitsHeld - Int64(winners.count), of: giveaway, on: occasion, in: db)
    let told = winners.map { winner in winner.name.isEmpty ? winner.code : "\(winner.code) \(winner.name)" }
    try Timeline.append(
      show: giveaway.show, kind: .giveawayDrawn, mediaTime: mediaTime ?? lastMediaTime(of: giveaway.show, in: db),
      payload: [
        "giveaway": "\(giveaway.id)", "seed": Hexadecimal.text(giveaway.secretSeed), "word": word,
        "winners": told.joined(separator: "\n"),
      ], on: occasion, in: db)
  }

  /// Gives back what no winner gets.
  func release(_ count: Int64, of giveaway: Giveaway, on occasion: Occasion, in db: any Connection) throws {
    guard let variant = giveaway.variant, count > 0 else { return }
    try db.run("UPDATE giveaway SET units_held = units_held - \(count) WHERE id = \(giveaway.id)")
    let noted = Occasion(at: occasion.at, entropy: entropy, by: occasion.by, note: Giveaway.stockNote)
    try Stock.release([Stock.Units(variant: variant, count: count)], on: noted, in: db)
  }

  private struct Drawn {
    let position: Int
    let entrant: [UInt8]
    let code: String
    let name: String
  }

  /// Who stands at those positions of the list. Only a leaf's own entrant makes that leaf, so all are looked through.
  private func drawn(
    _ positions: [Int], from leaves: [UInt8], of giveaway: Giveaway, in db: any Connection
  ) throws -> [Drawn] {
    let wanted = Dictionary(uniqueKeysWithValues: positions.map { (Array(leaves[$0 * 32..<$0 * 32 + 32]), $0) })
    guard !wanted.isEmpty else { return [] }
    var found: [Int: Drawn] = [:]
    for row in try db.rows(
      "SELECT entrant, message_id FROM giveaway_entrant WHERE giveaway_id = \(giveaway.id)")
    {
      let entrant: [UInt8] = try row.get("entrant")
      let hash = Leaf(of: entrant, giveaway: giveaway.id, saltKey: giveaway.saltKey).hash
      guard let position = wanted[hash] else { continue }
      var name = ""
      if let message = try row.get("message_id", as: ID<Message>?.self) {
        name = try db.row("SELECT name FROM message WHERE id = \(message)")?.get("name") ?? ""
      }
      found[position] = Drawn(position: position, entrant: entrant, code: Leaf.code(of: hash), name: name)
    }
    return try positions.map { position in
      guard let winner = found[position] else { throw MissingRow() }
      return winner
    }
  }
}

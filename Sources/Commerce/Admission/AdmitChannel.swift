import Store

extension Commerce {
  /// Approves, rejects or suspends a channel, or lifts its suspension. Only for the operator; to what it is already,
  /// nothing happens.
  ///
  /// A channel that applied is approved, or rejected, in every market that it waits for; one that was rejected is
  /// approved in its home market. A no has to say why.
  ///
  /// Throws `ChannelRefusal.wrongTurn`, `GeneralRefusal.invalid`.
  @discardableResult
  public func admitChannel(
    _ id: ID<Channel>, by caller: Caller, as state: ChannelState, because verdict: Verdict = Verdict()
  ) async throws -> Channel {
    try await writeAndTell { [policy] db in
      let person = try caller.requireOperator(in: db)
      guard let channel = try Channel.find(id, in: db) else { throw GeneralRefusal.notFound("channel") }
      if channel.state == state { return channel }
      guard channel.state.turns.contains(state) else { throw ChannelRefusal.wrongTurn(from: channel.state, to: state) }
      let verdict = try verdict.checked(isNo: state != .approved, policy)
      let occasion = occasion(by: person)
      let suspension = Suspension(channel: id, on: occasion)
      let waiting = try MarketPermission.all(of: id, in: db).filter { $0.value == .applied }.map(\.key).sorted()
      switch (channel.state, state) {
      case (_, .suspended): try suspension.begin(verdict, in: db)
      case (.suspended, _): try suspension.lift(verdict, in: db)
      case (_, .rejected):
        for market in waiting { try Gate(channel: id, market: market, on: occasion).refuse(verdict, in: db) }
        try db.run("UPDATE channel SET state = 'rejected' WHERE id = \(id) AND state = 'applied'")
      default:
        for market in waiting.isEmpty ? [channel.market] : waiting {
          try Gate(channel: id, market: market, on: occasion).approve(.agreed, words: verdict.words, in: db)
        }
      }
      return try Channel(row: db.requireRow("SELECT \(Channel.columns) FROM channel WHERE id = \(id)"))
    }
  }

  /// Lets a channel sell in a market, or takes that away; for the operator. What it sold there stays sold. To what it is
  /// already, nothing happens.
  ///
  /// Throws `GeneralRefusal.invalid` for a no without a reason.
  public func setMarketPermission(
    of id: ID<Channel>, in market: String, by caller: Caller, isApproved: Bool, because verdict: Verdict = Verdict()
  ) async throws {
    let verdict = try verdict.checked(isNo: !isApproved, policy)
    try await writeAndTell { db in
      let person = try caller.requireOperator(in: db)
      guard try Channel.find(id, in: db) != nil else { throw GeneralRefusal.notFound("channel") }
      guard try Market.find(market, in: db) != nil else { throw GeneralRefusal.notFound("market") }
      let now = try MarketPermission.of(id, in: market, db: db)
      guard now != (isApproved ? .approved : .refused) else { return }
      let gate = gate(id, market, by: person)
      if isApproved {
        try gate.approve(.agreed, words: verdict.words, in: db)
      } else {
        try gate.refuse(verdict, in: db)
      }
    }
  }
}

import Store

/// Why nothing of a show is sold in a market at the moment.
public enum SalesStop: String, Sendable, Codable, CaseIterable {
  /// The operator closed the market.
  case market
  /// The seller may not sell there, or nowhere.
  case seller
  /// The operator has stopped orders everywhere.
  case house
}

extension Commerce {
  /// Where nothing of a show is sold at the moment, by market, whoever may see it: its viewers are told while they watch.
  public func salesStops(of show: ID<Show>) async throws -> [String: SalesStop] {
    try await database.read { [policy] db in try SalesStop.all(of: show, policy, switches, in: db) }
  }
}

extension SalesStop {
  static func all(
    of show: ID<Show>, _ policy: Policy, _ switches: SwitchBoard, in db: any Connection
  ) throws -> [String: SalesStop] {
    var found: [String: SalesStop] = [:]
    for row in try db.rows(
      """
      SELECT show_market.market AS market, market.is_open AS is_open, market.admission AS admission,
        channel.state AS state, channel_market.state AS permission
      FROM show JOIN show_market ON show_market.show_id = show.id
      JOIN market ON market.code = show_market.market
      JOIN channel ON channel.id = show.channel_id
      LEFT JOIN channel_market ON channel_market.channel_id = channel.id AND channel_market.market = market.code
      WHERE show.id = \(show)
      """)
    {
      let market: String = try row.get("market")
      let admission = try row.get("admission", as: Admission?.self) ?? policy.admission
      if try row.get("state", as: ChannelState.self) != .approved
        || !admission.lets(row.get("permission", as: MarketPermission?.self))
      {
        found[market] = .seller
      } else if try !row.get("is_open", as: Bool.self) {
        found[market] = .market
      } else if !switches.isOn(.checkout) {
        found[market] = .house
      }
    }
    return found
  }

  /// Those of some channels that may not sell in a market.
  static func stopped(
    _ channels: [ID<Channel>], in code: String, _ policy: Policy, _ switches: SwitchBoard, db: any Connection
  ) throws -> Set<ID<Channel>> {
    guard switches.isOn(.checkout) else { return Set(channels) }
    guard !channels.isEmpty, let market = try Market.find(code, in: db) else { return [] }
    let rows = try db.rows(
      """
      SELECT channel.id AS id, channel.state AS state, channel_market.state AS permission
      FROM channel LEFT JOIN channel_market ON channel_market.channel_id = channel.id AND channel_market.market = \(code)
      WHERE channel.id IN \(list: channels)
      """)
    return try Set(
      rows.filter { row in
        try !market.isOpen || row.get("state", as: ChannelState.self) != .approved
          || !market.admission(policy).lets(row.get("permission"))
      }.map { try $0.get("id", as: ID<Channel>.self) })
  }

  /// The same for what one channel sells in one market, in or out of a show; nil where it sells.
  static func of(
    _ channel: ID<Channel>, in code: String, _ policy: Policy, _ switches: SwitchBoard, db: any Connection
  ) throws -> SalesStop? {
    guard let market = try Market.find(code, in: db) else { return nil }
    let state = try Channel.find(channel, in: db)?.state
    let permission = try MarketPermission.of(channel, in: code, db: db)
    guard state == .approved, market.admission(policy).lets(permission) else { return .seller }
    guard market.isOpen else { return .market }
    return switches.isOn(.checkout) ? nil : .house
  }
}

import Store

/// How a channel stands with the house: where it may sell, how much in a day, and what was decided about it.
public struct AdmissionStanding: Sendable, Equatable {
  /// One market of this installation, for the channel.
  public struct Place: Sendable, Equatable {
    public let market: String
    public let name: String
    public let admission: Admission
    public let permission: MarketPermission?
    /// Whether it may sell there now, as far as the market itself is open.
    public let sells: Bool
    public let isOpen: Bool
    /// Why it was refused there; nil where it was not.
    public let refusal: AdmissionEvent?
    public let canAppeal: Bool
    public let isAppealWaiting: Bool
  }

  public let channel: Channel
  public let places: [Place]
  public let tier: ChannelTier
  /// Why it is suspended; nil when it is not, and for one that was before reasons were kept.
  public let suspension: AdmissionEvent?
  public let canAppeal: Bool
  public let isAppealWaiting: Bool
  /// The newest first, at most `Policy.admissionEventsShownMax`.
  public let history: [AdmissionEvent]

  init(of id: ID<Channel>, at now: Moment, _ policy: Policy, in db: any Connection) throws {
    guard let channel = try Channel.find(id, in: db) else { throw GeneralRefusal.notFound("channel") }
    self.channel = channel
    let permissions = try MarketPermission.all(of: id, in: db)
    places = try Market.all(in: db).map { market in
      let permission = permissions[market.code]
      let admission = market.admission(policy)
      let isRefused = permission == .refused
      return Place(
        market: market.code, name: market.name, admission: admission, permission: permission,
        sells: channel.state == .approved && admission.lets(permission), isOpen: market.isOpen,
        refusal: isRefused ? try AdmissionEvent.lastNo(id, in: market.code, db: db) : nil,
        canAppeal: isRefused ? try Self.canAppeal(id, market.code, in: db) : false,
        isAppealWaiting: isRefused ? try Review.open(id, market.code, in: db) != nil : false)
    }
    tier = try ChannelTier(of: id, at: now, in: db)
    let isSuspended = channel.state == .suspended
    suspension = isSuspended ? try AdmissionEvent.lastNo(id, in: "", db: db) : nil
    canAppeal = isSuspended ? try Self.canAppeal(id, "", in: db) : false
    isAppealWaiting = isSuspended ? try Review.open(id, "", in: db) != nil : false
    history = try AdmissionEvent.all(of: id, limit: policy.admissionEventsShownMax, in: db)
  }

  /// Whether somebody said no, and was not asked again. Of decisions from before they were kept, the state alone is
  /// known.
  static func canAppeal(_ channel: ID<Channel>, _ market: String, in db: any Connection) throws -> Bool {
    guard try Review.open(channel, market, in: db) == nil else { return false }
    let isNo =
      market.isEmpty
      ? try Channel.find(channel, in: db)?.state == .suspended
      : try MarketPermission.of(channel, in: market, db: db) == .refused
    guard isNo else { return false }
    return try AdmissionEvent.lastNo(channel, in: market, db: db).map { !$0.isFinal } ?? true
  }
}

extension Commerce {
  /// How a channel stands; for its members, and the operator.
  public func admissionStanding(of id: ID<Channel>, by caller: Caller) async throws -> AdmissionStanding {
    try await database.read { [policy] db in
      if (try? caller.requireOperator(in: db)) == nil {
        try Membership.require(.look, of: id, by: caller, in: db)
      }
      return try AdmissionStanding(of: id, at: clock.now, policy, in: db)
    }
  }
}

import Store

/// Under which terms a show is put into a frame in another site's page.
public struct EmbedTerms: Sendable, Equatable {
  /// Whom the page that holds the frame names.
  public enum Named: String, Sendable, CaseIterable {
    /// No partner: the frame earns nothing for anybody.
    case nobody
    case active
    /// A partner that is suspended or has ended.
    case inactive
    /// No key of a partner's.
    case unknown
  }

  /// The partner's key as orders tell it; empty where none could be one.
  public let via: String
  public let named: Named
  /// Whose pages may hold the frame.
  public let sites: EmbedSites

  /// A partner's frames are held by the pages on its list. Every other frame by whom the operator lets, also when it
  /// names a partner that earns nothing: what is refused there is the share, not the sale.
  static func decide(via: String, _ partner: (state: Partner.State, sites: [String])?, _ policy: EmbedSites) -> Self {
    guard let partner else { return Self(via: via, named: via.isEmpty ? .nobody : .unknown, sites: policy) }
    guard partner.state == .active else { return Self(via: via, named: .inactive, sites: policy) }
    return Self(via: via, named: .active, sites: EmbedSites(origins: partner.sites))
  }
}

extension Commerce {
  /// Under which terms a frame that names a partner, or none, is held. For everybody: the frame's page tells it with its
  /// headers.
  ///
  /// - Parameter key: as the page around it names the partner; nil and empty for none.
  /// - Throws: `EmbedRefusal.secretKey`, `SwitchedOff`.
  public func embedTerms(partner key: String?) async throws -> EmbedTerms {
    try switches.require(.embed)
    guard let key, !key.isEmpty else { return .decide(via: "", nil, policy.embedSites) }
    guard !Partner.isSecret(key) else { throw EmbedRefusal.secretKey }
    guard let via = Partner.readVia(key) else {
      return EmbedTerms(via: "", named: .unknown, sites: policy.embedSites)
    }
    let row = try await database.read { db in
      try db.row("SELECT state, sites FROM partner WHERE via = \(via)").map {
        (state: try $0.get("state", as: Partner.State.self), sites: try TextList.list(of: $0.get("sites")))
      }
    }
    return .decide(via: via, row, policy.embedSites)
  }

  /// Names all the sites whose pages may hold frames for a partner; for its people and the operator.
  ///
  /// Throws `GeneralRefusal.tooMany`, `.invalid`, `PartnerRefusal.ended`.
  @discardableResult
  public func setPartnerSites(_ id: ID<Partner>, by caller: Caller, _ sites: [String]) async throws -> Partner {
    let sites = try TextList.text(of: policy.sites(sites))
    return try await database.write { db in
      try Partner.require(id, .change, by: caller, in: db)
      guard let partner = try Partner.find(id, at: clock.now, in: db) else { throw MissingRow() }
      guard partner.state != .ended else { throw PartnerRefusal.ended }
      try db.run("UPDATE partner SET sites = \(sites) WHERE id = \(id)")
      guard let changed = try Partner.find(id, at: clock.now, in: db) else { throw MissingRow() }
      return changed
    }
  }
}

extension Partner {
  /// Whether a text is a key that nobody but its owner may have: of ours, or of a payment provider.
  static func isSecret(_ key: String) -> Bool {
    ["haat_", "sk_", "rk_", "whsec_"].contains { key.lowercased().hasPrefix($0) }
  }
}

/// Why a frame is not shown.
public enum EmbedRefusal: Refusal, Equatable {
  case secretKey

  public var code: String { "secret_key" }

  public var sentence: String {
    "This is a secret key, and everybody can read it in your page. Revoke it, and name the key of your links instead."
  }

  public var kind: RefusalKind { .invalid }
  public var field: String? { "partner" }
}

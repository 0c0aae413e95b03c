import Store

/// What a host says of a banner.
public struct BannerDraft: Sendable, Codable, Equatable {
  /// Until when it is shown, or what it counts down to.
  public enum End: Sendable, Codable, Equatable {
    /// So many seconds from now.
    case after(seconds: Int64)
    case at(Moment)
  }

  public var text: String
  /// One of the show's run.
  public var product: ID<Product>?
  public var isCountdown: Bool
  public var end: End

  public init(text: String, product: ID<Product>? = nil, isCountdown: Bool = false, end: End) {
    self.text = text
    self.product = product
    self.isCountdown = isCountdown
    self.end = end
  }
}

extension Commerce {
  /// Shows a line above the picture of everybody who watches, instead of the one that is there. For the owners and hosts of
  /// a show that has not ended: a countdown may run before it.
  ///
  /// - Parameter mediaTime: where the show's clock stands, in milliseconds; nil takes it by the wall clock.
  /// - Throws: `ShowRefusal.ended`, `BannerRefusal.tooMany`, `GeneralRefusal.invalid`, `.notFound` for a product that is not
  ///   in the show's run, `IDTaken`.
  public func showBanner(
    _ id: ID<Banner>, by caller: Caller, show showID: ID<Show>, _ draft: BannerDraft, mediaTime: Int64? = nil
  ) async throws -> Banner {
    let fingerprint = try MadeHash.of(draft, by: caller, for: "banner \(showID)")
    let text = try policy.text(draft.text, "text", max: policy.bannerCharactersMax)
    return try await writeAndTell { [policy] db in
      let (show, occasion) = try changing(showID, by: caller, in: db)
      if let row = try db.row("SELECT made_hash, show_id FROM banner WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint, try row.get("show_id") == showID else {
          throw IDTaken(what: "banner")
        }
        return try Banner.require(id, in: db)
      }
      try policy.checkNew(id, at: occasion.at)
      guard show.state != .ended else { throw ShowRefusal.ended }
      // By the clock that those who watch are shown; the timeline's can be a moment ahead of it.
      let now = clock.now
      let ends = try draft.ends(from: now, policy)
      if let product = draft.product {
        let isInRun = try db.row("SELECT 1 FROM show_product WHERE show_id = \(showID) AND product_id = \(product)")
        guard isInRun != nil else { throw GeneralRefusal.notFound("product") }
      }
      let count: Int = try db.requireRow("SELECT COUNT(*) AS banners FROM banner WHERE show_id = \(showID)")
        .get("banners")
      guard count < policy.bannersPerShowMax else { throw BannerRefusal.tooMany(limit: policy.bannersPerShowMax) }
      // The next one says so by itself.
      try db.run(
        """
        UPDATE banner SET hidden_ms = CASE WHEN shown_ms > \(now) THEN shown_ms ELSE \(now) END
        WHERE show_id = \(showID) AND hidden_ms IS NULL
        """)
      let media = try mediaTime ?? Timeline.mediaTime(of: showID, at: occasion.at, in: db)
      try db.run(
        """
        INSERT INTO banner (id, show_id, text, product_id, counts, shown_ms, ends_ms, hidden_ms, media_time_ms, account_id,
          made_hash, created_ms)
        VALUES (\(id), \(showID), \(text), \(draft.product.sqlValue), \(draft.isCountdown), \(now), \(ends), NULL,
          \(min(max(0, media), Timeline.mediaTimeMax)), \(occasion.by.sqlValue), \(fingerprint), \(occasion.at))
        """)
      let banner = try Banner.require(id, in: db)
      try Timeline.append(
        show: showID, kind: .bannerShown, mediaTime: media, payload: banner.told, on: occasion, in: db)
      return banner
    }
  }

  /// Takes the line off the screen. For the channel's owners, hosts and moderators. Where there is none, nothing happens.
  public func hideBanner(by caller: Caller, show id: ID<Show>, mediaTime: Int64? = nil) async throws {
    try await writeAndTell { db in
      let show = try Show.require(id, in: db)
      let account = try Membership.require(.chat, of: show.channel, by: caller, "show", in: db)
      guard try Banner.latest(of: id, in: db) != nil else { return }
      let after = try houseOccasion(in: id, db)
      try hideBanner(
        of: id, mediaTime: mediaTime, on: Occasion(at: after.at, entropy: entropy, by: account), in: db)
    }
  }

  /// The same for a show that ends.
  func hideBanner(of show: ID<Show>, mediaTime: Int64?, on occasion: Occasion, in db: any Connection) throws {
    guard let banner = try Banner.latest(of: show, in: db) else { return }
    let hidden = max(occasion.at, banner.shown)
    try db.run("UPDATE banner SET hidden_ms = \(hidden) WHERE id = \(banner.id) AND hidden_ms IS NULL")
    // What went by itself needs nobody to say so.
    guard occasion.at < banner.ends else { return }
    try Timeline.append(
      show: show, kind: .bannerHidden, mediaTime: mediaTime, payload: ["banner": "\(banner.id)"], on: occasion, in: db)
  }
}

extension Banner {
  /// What its event tells, and a viewer who comes in.
  public var told: [String: String] {
    var told = [
      "banner": "\(id)", "text": text, "endsAt": "\(ends)", "endMediaTime": "\(endMediaTime)",
      "isCountdown": isCountdown ? "true" : "false",
    ]
    if let product { told["link"] = "\(product)" }
    return told
  }
}

extension BannerDraft {
  fileprivate func ends(from now: Moment, _ policy: Policy) throws -> Moment {
    let ends =
      switch end {
      case .after(let seconds): now.adding(seconds: min(max(seconds, 0), 1_000_000))
      case .at(let moment): moment
      }
    let seconds = isCountdown ? policy.countdownSeconds : policy.bannerSeconds
    let range = now.adding(seconds: seconds.lowerBound)...now.adding(seconds: seconds.upperBound)
    guard range.contains(ends) else {
      throw GeneralRefusal.invalid(
        field: "end", why: "must be \(seconds.lowerBound) to \(seconds.upperBound) seconds from now")
    }
    return ends
  }
}

/// Why a banner is not shown.
public enum BannerRefusal: Refusal, Equatable {
  case tooMany(limit: Int)

  public var code: String { "too_many_banners" }

  public var sentence: String {
    switch self {
    case .tooMany(let limit): "A show has at most \(limit) announcements."
    }
  }

  public var kind: RefusalKind { .conflict }
}

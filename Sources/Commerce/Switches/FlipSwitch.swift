import Store

extension Commerce {
  /// Turns a feature on or off, from now on here and within seconds in other processes. Only for operators. Flipped to
  /// where it is, with the same words, nothing happens.
  ///
  /// - Parameters:
  ///   - reason: why, for the log; needed to turn something off.
  ///   - notice: what people are told who would use it; empty for the house's own sentence.
  /// - Throws: `GeneralRefusal`.
  @discardableResult
  public func flip(
    _ feature: Feature, to isOn: Bool, by caller: Caller, reason: String, notice: String = ""
  ) async throws -> FeatureSwitch {
    let reason = try policy.text(reason, "reason", max: policy.reasonCharactersMax, required: !isOn)
    let notice = isOn ? "" : try policy.text(notice, "notice", max: policy.reasonCharactersMax, required: false)
    let flipped = try await database.write { [clock, entropy] db -> FeatureSwitch in
      let account = try caller.requireOperator(in: db)
      let before = try FeatureSwitch.all(in: db).first { $0.feature == feature } ?? .untouched(feature)
      guard before.isOn != isOn || before.notice != notice else { return before }
      let now = clock.now
      try db.run(
        """
        INSERT INTO feature_switch (feature, is_on, notice, reason, account_id, changed_ms)
        VALUES (\(feature), \(isOn), \(notice), \(reason), \(account), \(now))
        ON CONFLICT (feature) DO UPDATE SET is_on = excluded.is_on, notice = excluded.notice, reason = excluded.reason,
          account_id = excluded.account_id, changed_ms = excluded.changed_ms
        """)
      try db.run(
        """
        INSERT INTO feature_switch_event (id, feature, is_on, notice, reason, account_id, at_ms)
        VALUES (\(ID<SwitchEvent>(at: now, entropy: entropy)), \(feature), \(isOn), \(notice), \(reason), \(account),
          \(now))
        """)
      return FeatureSwitch(
        feature: feature, isOn: isOn, notice: notice, reason: reason, account: account, changed: now)
    }
    try await readSwitches()
    changed()
    return flipped
  }

  /// Takes in what was flipped, here or in another process; gives whether anything changed since the last time. For the
  /// house itself, every second.
  @discardableResult
  public func readSwitches() async throws -> Bool {
    switches.set(try await database.read { db in try FeatureSwitch.all(in: db) })
  }

  /// How every feature stands; for operators.
  public func featureSwitches(by caller: Caller) async throws -> [FeatureSwitch] {
    try await database.read { db in
      try caller.requireOperator(in: db)
      let flipped = try FeatureSwitch.all(in: db)
      return Feature.allCases.map { feature in flipped.first { $0.feature == feature } ?? .untouched(feature) }
    }
  }

  /// Who flipped what, the newest first; for operators.
  public func switchEvents(by caller: Caller, after cursor: Cursor? = nil, limit: Int = 20) async throws -> Page<
    SwitchEvent
  > {
    try policy.check(limit: limit)
    return try await database.read { db in
      try caller.requireOperator(in: db)
      let events = try db.rows(
        """
        SELECT feature_switch_event.id AS id, feature, is_on, notice, reason, at_ms, account.name AS name
        FROM feature_switch_event JOIN account ON account.id = feature_switch_event.account_id
        WHERE (at_ms, feature_switch_event.id) < (\(cursor?.key ?? .max), \(cursor?.id ?? []))
        ORDER BY at_ms DESC, feature_switch_event.id DESC LIMIT \(limit + 1)
        """
      ).compactMap { row -> SwitchEvent? in
        // One that a newer version knows is none of ours.
        guard let feature = Feature(rawValue: try row.get("feature", as: String.self)) else { return nil }
        return SwitchEvent(
          id: try row.get("id"), feature: feature, isOn: try row.get("is_on"), notice: try row.get("notice"),
          reason: try row.get("reason"), accountName: try row.get("name"), at: try row.get("at_ms"))
      }
      return Page(events, limit: limit) { Cursor($0.at.milliseconds, $0.id) }
    }
  }
}

extension FeatureSwitch {
  /// Those that were ever flipped.
  fileprivate static func all(in db: any Connection) throws -> [FeatureSwitch] {
    try db.rows("SELECT feature, is_on, notice, reason, account_id, changed_ms FROM feature_switch LIMIT 100")
      .compactMap { row in
        guard let feature = Feature(rawValue: try row.get("feature", as: String.self)) else { return nil }
        return FeatureSwitch(
          feature: feature, isOn: try row.get("is_on"), notice: try row.get("notice"), reason: try row.get("reason"),
          account: try row.get("account_id"), changed: try row.get("changed_ms"))
      }
  }
}

import Store

/// What happened in a show since the last step that was kept of it.
public struct ShowStep: Sendable, Equatable {
  /// The caller's: a step whose answer was lost is kept once, however often it is sent.
  public var id: ID<ShowStep>?
  public var attendance: Attendance
  /// The most viewers at once, by minute since the show's start.
  public var minutes: [Int64: Int64] = [:]
  public var interest: [Interest.Place: Interest] = [:]
  /// All who have watched up to now; nil when nobody came whom it did not know.
  public var reach: ViewerSketch?

  public init(_ attendance: Attendance = Attendance()) { self.attendance = attendance }
}

/// What was kept of a show, for its room to go on from.
public struct KeptNumbers: Sendable {
  public let attendance: Attendance
  /// An empty one where nobody has watched; nil once the show is over.
  public let reach: ViewerSketch?
  /// What interest is counted of.
  public let products: Set<ID<Product>>
}

extension Commerce {
  /// Adds a step to what is kept of a show: sums to sums, and the highest where it is the highest. One write, whatever
  /// the crowd did.
  ///
  /// Throws `GeneralRefusal.notFound`.
  public func keep(_ step: ShowStep, of show: ID<Show>) async throws {
    try await database.write { db in
      guard let row = try db.row("SELECT state FROM show WHERE id = \(show)") else {
        throw GeneralRefusal.notFound("show")
      }
      if let id = step.id,
        try db.row("SELECT 1 FROM show_attendance WHERE show_id = \(show) AND step_id = \(id)") != nil
      {
        return
      }
      try step.attendance.add(to: show, step: step.id, in: db)
      for (minute, viewers) in step.minutes.sorted(by: { $0.key < $1.key }) where minute >= 0 && viewers > 0 {
        try db.run(
          """
          INSERT INTO show_minute (show_id, minute, viewers) VALUES (\(show), \(minute), \(viewers))
          ON CONFLICT (show_id, minute) DO UPDATE SET viewers =
            CASE WHEN excluded.viewers > show_minute.viewers THEN excluded.viewers ELSE show_minute.viewers END
          """)
      }
      for (place, interest) in step.interest {
        try db.run(
          """
          INSERT INTO show_interest (show_id, minute, product_id, way, taps, bag_adds)
          VALUES (\(show), \(place.minute), \(place.product), \(place.way), \(interest.taps), \(interest.bagAdds))
          ON CONFLICT (show_id, minute, product_id, way) DO UPDATE SET
            taps = show_interest.taps + excluded.taps, bag_adds = show_interest.bag_adds + excluded.bag_adds
          """)
      }
      guard let reach = step.reach else { return }
      // By what people are told apart is forgotten as soon as nobody new is counted.
      let sketch: [UInt8]? = try row.get("state", as: ShowState.self) == .live ? reach.bytes : nil
      try db.run(
        """
        INSERT INTO show_reach (show_id, viewers, sketch) VALUES (\(show), \(reach.count), \(sketch))
        ON CONFLICT (show_id) DO UPDATE SET sketch = excluded.sketch, viewers =
          CASE WHEN excluded.viewers > show_reach.viewers THEN excluded.viewers ELSE show_reach.viewers END
        """)
    }
  }

  /// What was kept of a show, for its room.
  public func keptNumbers(of show: ID<Show>) async throws -> KeptNumbers {
    try await database.read { db in
      let attendance = try Attendance.find(of: show, in: db)
      let state = try db.row("SELECT state FROM show WHERE id = \(show)")?.get("state", as: ShowState.self)
      let row = try db.row("SELECT sketch FROM show_reach WHERE show_id = \(show)")
      let sketch = try row?.get("sketch", as: [UInt8]?.self)
      return KeptNumbers(
        attendance: attendance,
        reach: state == .ended ? nil : sketch.flatMap(ViewerSketch.init(bytes:)) ?? ViewerSketch(entropy),
        products: try Interest.products(of: show, in: db))
    }
  }

  /// By what those who watched a show were told apart: for its end.
  func forgetWhoWatched(_ show: ID<Show>, in db: any Connection) throws {
    try db.run("UPDATE show_reach SET sketch = NULL WHERE show_id = \(show)")
  }
}

import Store

/// A line of the host's above the picture: an announcement, or a countdown to its end (docs/decisions/0046).
public struct Banner: Sendable, Equatable {
  public let id: ID<Banner>
  public let show: ID<Show>
  public let text: String
  /// Where it leads.
  public let product: ID<Product>?
  /// It counts down to its end.
  public let isCountdown: Bool
  public let shown: Moment
  /// Until when it is shown, or what it counts down to, by the server's clock.
  public let ends: Moment
  /// When it was taken off before that.
  public let hidden: Moment?
  /// Milliseconds on the show's own clock.
  public let mediaTime: Int64

  public var endMediaTime: Int64 { mediaTime + ends.milliseconds(since: shown) }

  static let columns: SQL = """
    id, show_id, text, product_id, counts, shown_ms, ends_ms, hidden_ms, media_time_ms
    """

  init(row: Row) throws {
    id = try row.get("id")
    show = try row.get("show_id")
    text = try row.get("text")
    product = try row.get("product_id")
    isCountdown = try row.get("counts")
    shown = try row.get("shown_ms")
    ends = try row.get("ends_ms")
    hidden = try row.get("hidden_ms")
    mediaTime = try row.get("media_time_ms")
  }

  /// The one that nobody has taken off, though its time may be over.
  static func latest(of show: ID<Show>, in db: any Connection) throws -> Banner? {
    try db.row("SELECT \(columns) FROM banner WHERE show_id = \(show) AND hidden_ms IS NULL").map(Banner.init)
  }

  static func require(_ id: ID<Banner>, in db: any Connection) throws -> Banner {
    guard let row = try db.row("SELECT \(columns) FROM banner WHERE id = \(id)") else {
      throw GeneralRefusal.notFound("banner")
    }
    return try Banner(row: row)
  }
}

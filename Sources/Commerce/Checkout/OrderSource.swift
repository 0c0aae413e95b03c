public import Store

/// Where an order came from, as its client tells it: by which link, on whose page, at which moment of the show or from
/// which of its clips.
///
/// It decides nothing about what is bought and is no part of the order's fingerprint: what means nothing is left out,
/// and no purchase fails for it. Who is credited is `Attribution`'s to say.
public struct OrderSource: Sendable, Equatable {
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// This installation's own page, or a program that said nothing.
    case page
    /// A frame in another site's page.
    case embed
    /// A link that carried `?via=`.
    case link
  }

  public let kind: Kind
  /// A partner's key, as told; empty without one.
  public let via: String
  /// The origin of the page that holds the frame, as told; empty without one.
  public let site: String
  /// Where the viewer's playhead was, in milliseconds on the show's media clock.
  public let mediaTime: Int64?
  /// The clip that it was placed from; of an order, only one of its show's.
  public private(set) var clip: ID<Clip>?

  /// What the platform's own pages bring.
  public static let page = OrderSource()

  public init(via: String? = nil, site: String? = nil, mediaTime: Int64? = nil, clip: ID<Clip>? = nil) {
    self.via = via.flatMap(Partner.readVia) ?? ""
    self.site = site.flatMap(SiteOrigin.read) ?? ""
    self.mediaTime = mediaTime.flatMap { (0...Timeline.mediaTimeMax).contains($0) ? $0 : nil }
    self.clip = clip
    kind = !self.site.isEmpty ? .embed : !self.via.isEmpty ? .link : .page
  }

  init(row: Row) throws {
    kind = try row.get("source")
    via = try row.get("via")
    site = try row.get("site")
    mediaTime = try row.get("media_time_ms")
    clip = try row.get("clip_id")
  }

  /// The same without a clip that is not there, or of another show. One statement, and none for most orders.
  func checked(in show: ID<Show>?, _ db: any Connection) throws -> OrderSource {
    guard let clip else { return self }
    var source = self
    if try show == nil || db.row("SELECT 1 FROM clip WHERE id = \(clip) AND show_id = \(show.sqlValue)") == nil {
      source.clip = nil
    }
    return source
  }
}

extension OrderSource.Kind: ValueConvertible {}

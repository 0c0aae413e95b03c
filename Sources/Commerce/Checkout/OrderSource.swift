public import Store

/// Where an order came from, as its client tells it: by which link, on whose page, at which moment of the show.
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

  /// What the platform's own pages bring.
  public static let page = OrderSource()

  public init(via: String? = nil, site: String? = nil, mediaTime: Int64? = nil) {
    self.via = via.flatMap(Partner.readVia) ?? ""
    self.site = site.flatMap(SiteOrigin.read) ?? ""
    self.mediaTime = mediaTime.flatMap { (0...Timeline.mediaTimeMax).contains($0) ? $0 : nil }
    kind = !self.site.isEmpty ? .embed : !self.via.isEmpty ? .link : .page
  }

  init(row: Row) throws {
    kind = try row.get("source")
    via = try row.get("via")
    site = try row.get("site")
    mediaTime = try row.get("media_time_ms")
  }
}

extension OrderSource.Kind: ValueConvertible {}

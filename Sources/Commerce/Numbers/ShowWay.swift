public import Store

/// By which way it came to a show: every order, tap and put into the bag by one of them, so that their sums are those of
/// the show. The first that is true of it, in this order: clip, embed, partner, replay, page.
public enum ShowWay: String, Sendable, Codable, CaseIterable, ValueConvertible {
  /// The show's own page, while it was on air or before.
  case page
  /// A frame in another site's page.
  case embed
  /// A partner's link that was followed to this installation.
  case partner
  /// The show's own page, after its end.
  case replay
  /// The page of one of its clips.
  case clip

  public init(_ source: OrderSource, isOver: Bool) {
    self =
      if source.clip != nil {
        .clip
      } else {
        switch source.kind {
        case .embed: .embed
        case .link: .partner
        case .page: isOver ? .replay : .page
        }
      }
  }

  /// The same of a row of `orders`.
  static func ofOrders(endedAt: Moment) -> SQL {
    """
    CASE WHEN clip_id IS NOT NULL THEN 'clip' WHEN source = 'embed' THEN 'embed' WHEN source = 'link' THEN 'partner'
      WHEN placed_ms > \(endedAt) THEN 'replay' ELSE 'page' END
    """
  }
}

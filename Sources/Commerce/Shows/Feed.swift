import Store

/// One film of what there is to swipe through.
public enum FeedItem: Sendable, Equatable {
  case show(Show)
  case clip(ClipCard)

  /// The channel's name.
  public var channelName: String {
    switch self {
    case .show(let show): show.channelName
    case .clip(let card): card.channelName
    }
  }
}

extension Commerce {
  /// What there is to swipe through: the shows on air, the latest first, and then the clips, the newest first; of
  /// channels that may sell.
  public func feed(after cursor: Cursor? = nil, limit: Int = 20) async throws -> Page<FeedItem> {
    try policy.check(limit: limit)
    var found: [FeedItem] = []
    var clipsAfter = cursor
    if cursor.map(Self.isOfShow) ?? true {
      clipsAfter = nil
      let place = cursor.map { Cursor($0.key - Self.showsFirst, $0.id) }
      let shows = try await shows(state: .live, after: place, limit: limit)
      found = shows.items.map(FeedItem.show)
      if shows.next != nil, let last = found.last { return Page(items: found, next: Self.cursor(last)) }
    }
    let room = limit - found.count
    // With nothing to show of them it still has to be known whether there are any.
    let clips = try await clips(after: clipsAfter, limit: max(1, room))
    found += clips.items.prefix(room).map(FeedItem.clip)
    let goesOn = room == 0 ? !clips.items.isEmpty : clips.next != nil
    return Page(items: found, next: goesOn ? found.last.map(Self.cursor) : nil)
  }

  /// What comes after one of its films, with that film.
  public func feed(from item: FeedItem, limit: Int = 20) async throws -> Page<FeedItem> {
    guard limit > 1 else { return Page(items: [item], next: Self.cursor(item)) }
    let rest = try await feed(after: Self.cursor(item), limit: limit - 1)
    return Page(items: [item] + rest.items, next: rest.next)
  }

  /// Added to the time of a show, which makes a place among them another than any among the clips: more than any moment's
  /// milliseconds for as long as anyone will ask.
  private static let showsFirst: Int64 = 1 << 52

  private static func isOfShow(_ cursor: Cursor) -> Bool { cursor.key >= showsFirst }

  private static func cursor(_ item: FeedItem) -> Cursor {
    switch item {
    case .show(let show):
      Cursor(showsFirst + min(max(0, show.scheduledAt.milliseconds), showsFirst - 1), show.id)
    case .clip(let card): Cursor(card.clip.readyAt?.milliseconds ?? 0, card.clip.id)
    }
  }
}

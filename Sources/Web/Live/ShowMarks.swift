import Commerce
import Media

/// Brings what happened in a show into its stream's playlists, so that any HLS player can show it: the show itself,
/// what was on screen, its deals, and what was sold out. Bounded like everything: `MediaConfiguration.dateRangesMax`.
struct ShowMarks: Sendable {
  let commerce: Commerce
  let media: MediaServer

  private static let eventsMax = 1_000
  /// Of a show with very many events, what happened longer ago is in no live playlist.
  private static let reachMilliseconds: Int64 = 600_000

  /// Says in the stream's playlists what they do not say yet. Nothing when the show has no stream here.
  func refresh(_ show: ID<Show>) async throws {
    guard let stream = media.stream("\(show)") else { return }
    var moments = try await moments(of: show, from: 0)
    if moments.count == Self.eventsMax {
      let from = max(0, stream.mediaTimeMilliseconds() - Self.reachMilliseconds)
      moments = try await self.moments(of: show, from: from)
    }
    let titles = Dictionary(try await commerce.pins(of: show).map { ($0.product, $0.title) }) { $1 }
    for range in Self.ranges(moments, titles: titles) { stream.mark(range) }
  }

  private func moments(of show: ID<Show>, from: Int64) async throws -> [TimelineEvent] {
    try await commerce.moments(of: show, from: from, until: .max, messages: false, limit: Self.eventsMax)
  }

  /// A pin lasts until the next or until it is taken down; what has no length has a duration of zero.
  static func ranges(_ moments: [TimelineEvent], titles: [ID<Product>: String]) -> [DateRange] {
    var ranges: [DateRange] = []
    var pin: (event: TimelineEvent, product: ID<Product>)?
    var start: TimelineEvent?
    // A deal is told of before it starts, with the end that is planned; the end itself is said when it has come.
    var ends: [String: Int64] = [:]
    for event in moments where event.kind == .dealEnded { ends[event.detail("deal")] = event.mediaTime }
    func add(
      _ event: TimelineEvent, _ className: String, from start: Int64? = nil, end: Int64?, planned: Int64? = nil,
      _ product: ID<Product>? = nil
    ) {
      let attributes = [
        product.flatMap { DateRange.Attribute("PRODUCT", "\($0)") },
        product.flatMap { titles[$0] }.flatMap { DateRange.Attribute("TITLE", $0) },
      ]
      ranges.append(
        DateRange(
          id: "\(className)-\(event.sequence)", className: className, startMilliseconds: start ?? event.mediaTime,
          endMilliseconds: end, plannedEndMilliseconds: planned, attributes: attributes.compactMap(\.self)))
    }
    for event in moments.sorted(by: { $0.sequence < $1.sequence }) {
      switch event.kind {
      case .showStarted: start = event
      case .pinned, .unpinned, .showEnded:
        if let pin { add(pin.event, "haat.pin", end: event.mediaTime, pin.product) }
        pin = event.kind == .pinned ? event.product.map { (event, $0) } : nil
        guard event.kind == .showEnded else { continue }
        if let start { add(start, "haat.show", end: event.mediaTime) }
        start = nil
      case .soldOut: add(event, "haat.sold-out", end: event.mediaTime, event.product)
      case .backInStock: add(event, "haat.back-in-stock", end: event.mediaTime, event.product)
      case .dealOpened:
        guard let start = Int64(event.detail("startMediaTime")), let end = Int64(event.detail("endMediaTime")) else {
          continue
        }
        add(event, "haat.deal", from: start, end: ends[event.detail("deal")], planned: end, event.product)
      case .message, .messageRemoved, .questionPinned, .questionUnpinned, .questionAnswered, .questionReopened,
        .claimOpened, .claimClosed, .dealEnded, .couponShown, .couponHidden, .giveawayOpened,
        .giveawayClosed, .giveawayDrawn, .auctionOpened, .auctionEnded, .auctionSold, .auctionUnsold, .auctionCancelled,
        .pollOpened, .pollClosed, .pollRemoved, .bannerShown, .bannerHidden:
        break
      }
    }
    if let start { add(start, "haat.show", end: nil) }
    if let pin { add(pin.event, "haat.pin", end: nil, pin.product) }
    return ranges
  }
}

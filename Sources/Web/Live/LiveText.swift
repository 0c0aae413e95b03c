import Commerce
import Foundation
import NIOCore

/// Live events as text: JSON by hand where pieces are JSON already, and server-sent events around it.
enum LiveText {
  /// One timeline event as the API gives it: `{"seq":…,"kind":…,"at":…,"mediaTime":…,…payload}`.
  static func json(_ event: TimelineEvent) -> String { json(event, payload: event.payload) }

  /// The same with strings that are others by now.
  static func json(_ event: TimelineEvent, _ payload: [String: String]) -> String {
    json(event, payload: json(payload))
  }

  /// A JSON object of strings, its keys in order.
  static func json(_ strings: [String: String]) -> String {
    var json = JSONWriter(capacity: 256)
    json.object(strings)
    return json.text
  }

  private static func json(_ event: TimelineEvent, payload: String) -> String {
    let head =
      #"{"seq":\#(event.sequence),"kind":"\#(event.kind.rawValue)","at":"\#(event.at)","mediaTime":\#(event.mediaTime)"#
    let payload = payload.dropFirst().drop { $0 == " " }
    return payload.first == "}" || payload.isEmpty ? head + "}" : head + "," + payload
  }

  /// A deal as the API gives it.
  static func json(_ deal: Deal) -> String {
    #"{"id":"\#(deal.id)","product":"\#(deal.product)","startsAt":"\#(deal.starts)","endsAt":"\#(deal.ends)","#
      + #""startMediaTime":\#(deal.startMediaTime),"endMediaTime":\#(deal.endMediaTime),"#
      + #""unitsMax":\#(deal.unitsMax),"unitsPerBuyerMax":\#(deal.unitsPerBuyerMax),"left":\#(deal.left)}"#
  }

  /// A coupon as its event tells it, and whether it can be had.
  static func json(_ coupon: Coupon, at now: Moment) -> String {
    var told = coupon.told
    told["isOpen"] = coupon.isOpen(at: now) ? "true" : "false"
    return json(told)
  }

  /// A giveaway as the API gives it; null some time after it was drawn.
  static func json(_ giveaway: Giveaway, at now: Moment) -> String {
    if let drawn = giveaway.drawn, now.milliseconds(since: drawn) > shownMilliseconds { return "null" }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = try? encoder.encode(GiveawayAPI.GiveawayAnswer(giveaway))
    return text.map { String(decoding: $0, as: UTF8.self) } ?? "null"
  }

  /// An auction as the API gives it; null some time after it was over.
  static func json(_ auction: Auction, at now: Moment) -> String {
    let isOver = ![.open, .settling].contains(auction.state)
    if isOver, let ended = auction.ended, now.milliseconds(since: ended) > shownMilliseconds { return "null" }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = try? encoder.encode(AuctionAPI.AuctionAnswer(auction))
    return text.map { String(decoding: $0, as: UTF8.self) } ?? "null"
  }

  /// A poll as the API gives it; null some time after it was closed.
  static func json(_ poll: Poll, at now: Moment) -> String {
    if let closed = poll.closed, now.milliseconds(since: closed) > shownMilliseconds { return "null" }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(PollAPI.PollAnswer(poll))).map { String(decoding: $0, as: UTF8.self) } ?? "null"
  }

  /// A banner as its event tells it; null when its time is over. A countdown is seen to reach its end.
  static func json(_ banner: Banner, at now: Moment) -> String {
    guard now.milliseconds(since: banner.ends) < (banner.isCountdown ? countdownTailMilliseconds : 0) else {
      return "null"
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(banner.told)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
  }

  /// What viewers are told of how the chat is run; null where everybody may speak as often as they like.
  static func json(_ mode: ChatMode) -> String {
    guard mode.slowSeconds > 0 || mode.audience != .everyone else { return "null" }
    return #"{"slowSeconds":\#(mode.slowSeconds),"audience":"\#(mode.audience.rawValue)"}"#
  }

  /// By market: why nothing is sold there.
  static func json(_ stops: [String: SalesStop]) -> String {
    "{" + stops.sorted { $0.key < $1.key }.map { #""\#($0.key)":"\#($0.value.rawValue)""# }.joined(separator: ",") + "}"
  }

  /// How long who comes in still sees who won.
  private static let shownMilliseconds: Int64 = 300_000

  /// How long a countdown that has come to its end is still on screen.
  private static let countdownTailMilliseconds: Int64 = 8_000

  /// A server-sent event. `data` is one line: JSON has no raw line ends.
  static func event(_ name: String, id: String? = nil, data: String) -> String {
    (id.map { "id: \($0)\n" } ?? "") + "event: \(name)\ndata: \(data)\n\n"
  }

  static func string(_ text: String) -> String {
    var json = JSONWriter(capacity: text.utf8.count + 16)
    json.string(text)
    return json.text
  }

  static func string(_ value: (some CustomStringConvertible)?) -> String {
    value.map { "\"\($0)\"" } ?? "null"
  }
}

/// Where a viewer stopped listening: `epoch:sequence`, the id of the last event it has.
struct LivePlace: Equatable {
  let epoch: String
  let sequence: Int64

  /// Nil for anything that is no id of ours.
  init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard text.utf8.count <= 40, parts.count == 2, let sequence = Int64(parts[1]), sequence >= 0 else { return nil }
    epoch = String(parts[0])
    self.sequence = sequence
  }
}

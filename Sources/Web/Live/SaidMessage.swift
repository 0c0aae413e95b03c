import Commerce
import Foundation

/// One of a room's last messages, as who comes in is told of it: with what has become of it since.
struct SaidMessage {
  private let event: TimelineEvent
  private var payload: [String: String]
  private(set) var json: String

  init(_ event: TimelineEvent) { self.init(event, Self.payload(event), json: LiveText.json(event)) }

  init(_ event: TimelineEvent, _ payload: [String: String], json: String) {
    self.event = event
    self.payload = payload
    self.json = json
  }

  var id: String { payload["id"] ?? "" }

  func isReply(to message: String?) -> Bool { message != nil && payload["replyTo"] == message }

  /// What it answers was removed.
  mutating func forgetQuote() {
    for key in ["replyTo", "quoteName", "quoteText"] { payload[key] = nil }
    json = LiveText.json(event, payload)
  }

  mutating func mark(_ state: Message.Question) {
    payload["question"] = state.rawValue
    json = LiveText.json(event, payload)
  }

  static func payload(_ event: TimelineEvent) -> [String: String] {
    (try? JSONDecoder().decode([String: String].self, from: Data(event.payload.utf8))) ?? [:]
  }
}

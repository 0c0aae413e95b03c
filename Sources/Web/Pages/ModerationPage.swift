import Commerce
import Hummingbird

/// `/studio/{handle}/moderation`: what waits for a moderator, who may not speak, unwanted words, and what was done.
struct ModerationPage: Sendable {
  struct MessageView: Sendable {
    let id: String
    let show: String
    let name: String
    let text: String
    /// Why it is here.
    let whyText: String
    /// Reported so often that it comes first.
    let isFirst: Bool
    let atISO: String
    let atText: String
  }

  struct RestrictionView: Sendable {
    let id: String
    let name: String
    let kindText: String
    let kindTone: String
    let whyText: String
    let untilISO: String?
    let untilText: String?
    let atISO: String
    let atText: String
  }

  struct WordView: Sendable {
    let id: String
    let word: String
    let actionText: String
  }

  struct ActionView: Sendable {
    let text: String
    let by: String
    let whyText: String
    let atISO: String
    let atText: String
    /// The mute or ban that can still be lifted.
    let restriction: String?
  }

  let handle: String
  let channelName: String
  let formURL: String
  let held: [MessageView]
  let hasHeld: Bool
  let reported: [MessageView]
  let hasReported: Bool
  let restrictions: [RestrictionView]
  let hasRestrictions: Bool
  let words: [WordView]
  let hasWords: Bool
  let word: String
  let actions: [ActionView]
  let hasActions: Bool
  let next: String?
  let reasons: [Choice]
  let measures: [Choice]
  let error: String?
  let isSaved: Bool

  /// One of a list, in the reader's words.
  struct Choice: Sendable {
    let value: String
    let name: String
  }

  static func reasons(_ words: Words) -> [Choice] {
    ChatReason.allCases.map { Choice(value: $0.rawValue, name: words["chatDesk.reason_\($0.rawValue)"]) }
  }

  /// What can be done about a message, the mildest first.
  static func measures(_ words: Words) -> [Choice] {
    ["remove", "mute-10", "mute-60", "mute-1440", "ban"].map { value in
      Choice(value: value, name: words["chatDesk.do_\(value.replacing("-", with: "_"))"])
    }
  }

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil, nil) }

  static func file(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    return ModerationAPI.response(
      try await visit.commerce.chatLogFile(of: channel.id, by: visit.caller), of: channel)
  }

  static func act(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    let form = try await visit.form()
    do {
      switch form["do"] {
      case "moderate":
        guard let show = ID<Show>(form["show"]) else { throw Problem.notFound("show") }
        try await visit.moderate(form, in: show)
      case "settle":
        guard let show = ID<Show>(form["show"]), let message = ID<Message>(form["message"]) else {
          throw Problem.notFound("message")
        }
        try await visit.commerce.settleReports(by: visit.caller, show: show, message: message)
      case "approve", "refuse":
        guard let message = ID<Message>(form["message"]) else { throw Problem.notFound("message") }
        try await visit.commerce.decideHeld(message, approve: form["do"] == "approve", by: visit.caller)
      case "lift":
        guard let id = ID<ChatRestriction>(form["restriction"]) else { throw Problem.notFound("restriction") }
        try await visit.commerce.liftRestriction(id, by: visit.caller)
      case "add-word":
        try await visit.commerce.putChatWord(
          form["word"], ChatWord.Action(rawValue: form["action"]) ?? .hold, by: visit.caller, channel: channel.id)
      case "remove-word":
        guard let id = ID<ChatWord>(form["word"]) else { throw Problem.notFound("word") }
        try await visit.commerce.removeChatWord(id, by: visit.caller, channel: channel.id)
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      return visit.redirect("/studio/\(channel.handle)/moderation?saved=yes")
    } catch {
      return try await page(visit, form, visit.complaint(error))
    }
  }

  private static func page(_ visit: Visit, _ form: Form?, _ complaint: Visit.Complaint?) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    let (commerce, words) = (visit.commerce, visit.words)
    let held = try await commerce.heldMessages(of: channel.id, by: visit.caller)
    let reported = try await commerce.reportedMessages(of: channel.id, by: visit.caller)
    let restrictions = try await commerce.restrictions(
      of: channel.id, by: visit.caller, limit: visit.pageLimit(100))
    let list = try await commerce.chatWords(of: channel.id, by: visit.caller)
    let log = try await commerce.chatLog(
      of: channel.id, by: visit.caller, after: visit.cursor, limit: visit.pageLimit(30))
    let model = ModerationPage(
      handle: channel.handle, channelName: channel.name, formURL: "/studio/\(channel.handle)/moderation",
      held: held.map { held in
        MessageView(held.message, words["chatDesk.heldFor", ["word": held.word]])
      }, hasHeld: !held.isEmpty,
      reported: reported.map { item in
        let why = [words.plural("chatDesk.reports", item.reports), words["chatDesk.reason_\(item.reason.rawValue)"]]
        return MessageView(
          item.message, why.joined(separator: " · "), isFirst: item.reports >= commerce.policy.chatReportsFirst)
      }, hasReported: !reported.isEmpty,
      restrictions: restrictions.items.map { RestrictionView($0, words) }, hasRestrictions: !restrictions.items.isEmpty,
      words: list.map {
        WordView(id: "\($0.id)", word: $0.word, actionText: words["chatDesk.word_\($0.action.rawValue)"])
      }, hasWords: !list.isEmpty, word: form?["do"] == "add-word" ? form?["word"] ?? "" : "",
      actions: log.items.map { ActionView($0, words) }, hasActions: !log.items.isEmpty, next: log.next?.description,
      reasons: reasons(words), measures: measures(words), error: complaint?.sentence,
      isSaved: try visit.query("saved") != nil)
    return try visit.page(
      "studio/moderation", title: words["chatDesk.title"], status: complaint?.status ?? .ok, model)
  }
}

extension ModerationPage.MessageView {
  init(_ message: Message, _ whyText: String, isFirst: Bool = false) {
    id = "\(message.id)"
    show = "\(message.show)"
    name = message.name
    text = message.text
    self.whyText = whyText
    self.isFirst = isFirst
    atISO = message.at.description
    atText = message.at.plainText
  }
}

extension ModerationPage.RestrictionView {
  init(_ restriction: ChatRestriction, _ words: Words) {
    id = "\(restriction.id)"
    name = restriction.name
    kindText = words["chatDesk.\(restriction.kind.rawValue)"]
    kindTone = restriction.kind == .ban ? "bad" : "warn"
    whyText = [words["chatDesk.reason_\(restriction.reason.rawValue)"], restriction.note].filter { !$0.isEmpty }
      .joined(separator: " · ")
    untilISO = restriction.until?.description
    untilText = restriction.until?.plainText
    atISO = restriction.createdAt.description
    atText = restriction.createdAt.plainText
  }
}

extension ModerationPage.ActionView {
  init(_ action: ChatAction, _ words: Words) {
    text =
      words["chatDesk.did_\(action.kind.rawValue)"]
      + (action.target.isEmpty ? "" : " · " + action.target)
    by = action.by
    whyText = [
      Self.detail(of: action, words), action.reason.map { words["chatDesk.reason_\($0.rawValue)"] } ?? "", action.note,
    ]
    .filter { !$0.isEmpty }.joined(separator: " · ")
    atISO = action.at.description
    atText = action.at.plainText
    restriction = action.isInForce ? action.restriction.map { "\($0)" } : nil
  }

  /// What the log keeps in words of its own, in the reader's.
  private static func detail(of action: ChatAction, _ words: Words) -> String {
    switch action.kind {
    case .mute: Int64(action.detail).map { words.plural("chatDesk.minutes", $0) } ?? action.detail
    case .lift: words["chatDesk.\(action.detail)"]
    case .mode: mode(action.detail, words)
    case .addWord:
      ChatWord.Action.allCases.reduce(action.detail) { text, kind in
        let end = " (\(kind.rawValue))"
        return text.hasSuffix(end) ? "\(text.dropLast(end.count)): \(words["chatDesk.word_\(kind.rawValue)"])" : text
      }
    case .remove, .ban, .approve, .refuse, .settle, .removeWord: action.detail
    }
  }

  /// Of `30 s, followers, no links`.
  private static func mode(_ detail: String, _ words: Words) -> String {
    let parts = detail.split(separator: ", ").map(String.init)
    guard parts.count == 3 else { return detail }
    let seconds = String(parts[0].prefix { $0.isNumber })
    let texts = [
      words["chatDesk.audience_\(parts[1])"], seconds == "0" ? "" : words["chatDesk.pause", ["seconds": seconds]],
      parts[2] == "links" ? words["chatDesk.links"] : "",
    ]
    return texts.filter { !$0.isEmpty }.joined(separator: " · ")
  }
}

extension Visit {
  /// Does what a form says about a message: `measure` is `remove`, `mute-` and its minutes, or `ban`.
  func moderate(_ form: Form, in show: ID<Show>) async throws {
    guard let message = ID<Message>(form["message"]) else { throw Problem.notFound("message") }
    let reason = ChatReason(rawValue: form["reason"]) ?? .other
    let measure = form["measure"]
    if measure == "remove" {
      return try await commerce.removeMessage(
        by: caller, show: show, message: message, why: reason, note: form["note"])
    }
    let minutes = measure.hasPrefix("mute-") ? Int64(measure.dropFirst(5)) : nil
    guard measure == "ban" || minutes != nil else {
      throw Problem.malformed("The form does not say what to do about the message.", field: "measure")
    }
    _ = try await commerce.restrict(
      by: caller, show: show, message: message,
      ChatRestrictionDraft(kind: minutes == nil ? .ban : .mute, minutes: minutes, reason: reason, note: form["note"]))
  }

  /// Runs the chat as a form says.
  func setChatMode(_ form: Form, of show: ID<Show>) async throws {
    guard let seconds = Int64(form["slow"].isEmpty ? "0" : form["slow"]) else {
      throw GeneralRefusal.invalid(field: "slowSeconds", why: "must be a whole number of seconds")
    }
    try await commerce.setChatMode(
      ChatMode(
        slowSeconds: seconds, audience: ChatMode.Audience(rawValue: form["audience"]) ?? .everyone,
        allowsLinks: form["links"] == "on"),
      by: caller, show: show)
  }
}

/// How a chat is run, as a form to choose from.
struct ChatModeView: Sendable {
  struct Option: Sendable {
    let value: String
    let name: String
    let isChosen: Bool
  }

  let slow: [Option]
  let audiences: [Option]
  let allowsLinks: Bool

  init(_ mode: ChatMode, _ words: Words) {
    let seconds = Set([0, 5, 10, 30, 60, 120, 300, mode.slowSeconds]).sorted()
    slow = seconds.map {
      Option(
        value: "\($0)", name: $0 == 0 ? words["chatDesk.noPause"] : words["chatDesk.pause", ["seconds": "\($0)"]],
        isChosen: $0 == mode.slowSeconds)
    }
    audiences = ChatMode.Audience.allCases.map {
      Option(value: $0.rawValue, name: words["chatDesk.audience_\($0.rawValue)"], isChosen: $0 == mode.audience)
    }
    allowsLinks = mode.allowsLinks
  }
}

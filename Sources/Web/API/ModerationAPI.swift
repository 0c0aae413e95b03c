import Commerce
import HTTPTypes
import Hummingbird
import NIOCore

/// Who may speak in a show's chat, and what is done about who does (docs/decisions/0040).
enum ModerationAPI {
  struct ChatModeBody: Codable, Described {
    let slowSeconds: Int64
    let audience: ChatMode.Audience
    let allowsLinks: Bool

    static let fields = [
      "slowSeconds": "Between two messages of one viewer: 3 to 300, or 0 for no pause.",
      "audience": "Who may speak, beside the channel's own people.",
      "allowsLinks": "Whether viewers may say where else something is; the channel's own people always may.",
    ]

    init(_ mode: ChatMode) {
      slowSeconds = mode.slowSeconds
      audience = mode.audience
      allowsLinks = mode.allowsLinks
    }
  }

  struct NewReport: Codable { let reason: ChatReason }

  struct NewRestriction: Codable, Described {
    let kind: ChatRestriction.Kind
    let minutes: Int64?
    let reason: ChatReason
    let note: String?

    static let fields = [
      "minutes": "Of a mute: 1 to 1440; 10 when it is left out.", "note": "Your own words, for the channel's log.",
    ]
  }

  struct RestrictionAnswer: Codable, Described {
    let id: ID<ChatRestriction>
    let channel: ID<CommerceChannel>
    let show: ID<Show>
    let kind: ChatRestriction.Kind
    let name: String
    let isAccount: Bool
    let reason: ChatReason
    let note: String
    let until: Moment?
    let createdAt: Moment
    let liftedAt: Moment?

    static let fields = ["until": "Left out for a ban.", "isAccount": "False for a guest."]

    init(_ restriction: ChatRestriction) {
      id = restriction.id
      channel = restriction.channel
      show = restriction.show
      kind = restriction.kind
      name = restriction.name
      isAccount = restriction.isAccount
      reason = restriction.reason
      note = restriction.note
      until = restriction.until
      createdAt = restriction.createdAt
      liftedAt = restriction.lifted
    }
  }

  struct ActionAnswer: Codable, Described {
    let id: ID<ChatAction>
    let kind: ChatAction.Kind
    let show: ID<Show>?
    let by: String
    let target: String
    let reason: ChatReason?
    let note: String
    let detail: String
    let restriction: ID<ChatRestriction>?
    let isInForce: Bool
    let at: Moment

    static let fields = [
      "detail": "A mute's minutes, a word of the list, or how the chat was run from then on.",
      "isInForce": "Whether the mute or ban it made can still be lifted.",
    ]

    init(_ action: ChatAction) {
      id = action.id
      kind = action.kind
      show = action.show
      by = action.by
      target = action.target
      reason = action.reason
      note = action.note
      detail = action.detail
      restriction = action.restriction
      isInForce = action.isInForce
      at = action.at
    }
  }

  struct HeldAnswer: Codable {
    let id: ID<Message>
    let show: ID<Show>
    let name: String
    let text: String
    let word: String
    let at: Moment

    init(_ held: HeldMessage) {
      id = held.message.id
      show = held.message.show
      name = held.message.name
      text = held.message.text
      word = held.word
      at = held.message.at
    }
  }

  struct ReportedAnswer: Codable {
    let id: ID<Message>
    let show: ID<Show>
    let name: String
    let text: String
    let reports: Int64
    let reason: ChatReason
    let at: Moment

    init(_ reported: ReportedMessage) {
      id = reported.message.id
      show = reported.message.show
      name = reported.message.name
      text = reported.message.text
      reports = reported.reports
      reason = reported.reason
      at = reported.message.at
    }
  }

  struct QueueAnswer: Codable, Described {
    let held: [HeldAnswer]
    let reported: [ReportedAnswer]

    static let fields = [
      "held": "At most 100, the oldest first.", "reported": "At most 100, those reported three times or more first.",
    ]
  }

  enum Decision: String, Codable, CaseIterable, Sendable { case approve, refuse }

  struct NewDecision: Codable { let decision: Decision }

  struct NewWord: Codable, Described {
    let word: String
    let action: ChatWord.Action

    static let fields = [
      "word": "A word, or a few in a row; with `*` at its end the beginning of a word.",
      "action": "`hide` refuses the message, `hold` shows it to a moderator first.",
    ]
  }

  struct WordAnswer: Codable {
    let id: ID<ChatWord>
    let word: String
    let action: ChatWord.Action

    init(_ word: ChatWord) {
      id = word.id
      self.word = word.word
      action = word.action
    }
  }

  static let endpoints: [Endpoint] = [
    Endpoint(.get, "/api/v1/shows/{show}/chat", "Tells how a show's chat is run.", gives: ChatModeBody.self) { call in
      ChatModeBody(try await call.commerce.chatMode(of: call.id("show"), by: call.caller))
    },
    Endpoint(
      .put, "/api/v1/shows/{show}/chat", "Runs a show's chat in another way, from the next message on; for its hosts.",
      takes: ChatModeBody.self, gives: ChatModeBody.self
    ) { call, body in
      let mode = ChatMode(slowSeconds: body.slowSeconds, audience: body.audience, allowsLinks: body.allowsLinks)
      try await call.commerce.setChatMode(mode, by: call.caller, show: call.id("show"))
      return body
    }.by(.account),
    Endpoint(
      .put, "/api/v1/shows/{show}/messages/{message}/report",
      "Says that a message should be looked at; again, it is not counted again.", takes: NewReport.self
    ) { call, body in
      try await call.commerce.reportMessage(
        by: call.caller, show: call.id("show"), message: call.id("message", Message.self), body.reason,
        visitor: call.visitor)
    }.limited(.chat).by(.visitor),
    Endpoint(
      .delete, "/api/v1/shows/{show}/messages/{message}/reports",
      "Says that nothing is wrong with a reported message; for who moderates.", as: .noContent
    ) { call in
      try await call.commerce.settleReports(
        by: call.caller, show: call.id("show"), message: call.id("message", Message.self))
      return Response(status: .noContent)
    }.by(.account),
    Endpoint(
      .put, "/api/v1/shows/{show}/messages/{message}/restriction",
      "Mutes, or bans, whoever said this from all of the channel's chats; for who moderates.",
      takes: NewRestriction.self, gives: RestrictionAnswer.self
    ) { call, body in
      RestrictionAnswer(
        try await call.commerce.restrict(
          by: call.caller, show: call.id("show"), message: call.id("message", Message.self),
          ChatRestrictionDraft(kind: body.kind, minutes: body.minutes, reason: body.reason, note: body.note ?? "")))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/channels/{channel}/restrictions",
      "Lists a channel's mutes and bans that are in force; to who moderates.", gives: List<RestrictionAnswer>.self
    ) { call in
      List(
        try await call.commerce.restrictions(
          of: call.channel().id, by: call.caller, after: call.cursor(), limit: call.limit()), RestrictionAnswer.init)
    }.by(.account).paged,
    Endpoint(
      .delete, "/api/v1/restrictions/{restriction}", "Lets somebody speak again; for who moderates.",
      gives: RestrictionAnswer.self
    ) { call in
      RestrictionAnswer(try await call.commerce.liftRestriction(call.id("restriction"), by: call.caller))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/channels/{channel}/chat-log", "Lists what was done in a channel's chats; to who moderates.",
      gives: List<ActionAnswer>.self
    ) { call in
      List(
        try await call.commerce.chatLog(
          of: call.channel().id, by: call.caller, after: call.cursor(), limit: call.limit()), ActionAnswer.init)
    }.by(.account).paged,
    file,
    Endpoint(
      .get, "/api/v1/channels/{channel}/chat-queue", "Lists what was reported and what waits; to who moderates.",
      gives: QueueAnswer.self
    ) { call in
      let channel = try await call.channel().id
      var show: ID<Show>?
      if let text = try call.query("show") {
        guard let id = ID<Show>(text) else { throw Problem.notFound("show") }
        show = id
      }
      return QueueAnswer(
        held: try await call.commerce.heldMessages(of: channel, show: show, by: call.caller).map(HeldAnswer.init),
        reported: try await call.commerce.reportedMessages(of: channel, show: show, by: call.caller).map(
          ReportedAnswer.init))
    }.query("show", "Only of this show.").by(.account),
    Endpoint(
      .put, "/api/v1/held-messages/{message}", "Lets what waits be read by everybody, or by nobody; for who moderates.",
      takes: NewDecision.self
    ) { call, body in
      try await call.commerce.decideHeld(
        call.id("message", Message.self), approve: body.decision == .approve, by: call.caller)
    }.by(.account),
    Endpoint(
      .get, "/api/v1/channels/{channel}/chat-words", "Lists the words a channel does not want; to who moderates.",
      gives: List<WordAnswer>.self
    ) { call in
      List(try await call.commerce.chatWords(of: call.channel().id, by: call.caller).map(WordAnswer.init))
    }.by(.account),
    Endpoint(
      .put, "/api/v1/channels/{channel}/chat-words",
      "Puts a word on a channel's list, or gives it another action; for who moderates.", takes: NewWord.self,
      gives: WordAnswer.self
    ) { call, body in
      WordAnswer(
        try await call.commerce.putChatWord(body.word, body.action, by: call.caller, channel: call.channel().id))
    }.by(.account),
    Endpoint(
      .delete, "/api/v1/channels/{channel}/chat-words/{word}", "Takes a word off a channel's list; for who moderates.",
      as: .noContent
    ) { call in
      try await call.commerce.removeChatWord(
        call.id("word", ChatWord.self), by: call.caller, channel: call.channel().id)
      return Response(status: .noContent)
    }.by(.account),
  ]

  private static var file: Endpoint {
    var endpoint = Endpoint(
      .get, "/api/v1/channels/{channel}/chat-log/file",
      "Gives the last 10,000 things done in a channel's chats as a table (CSV); to who moderates."
    ) { call in
      let channel = try await call.channel()
      return response(try await call.commerce.chatLogFile(of: channel.id, by: call.caller), of: channel)
    }
    endpoint.answer = .text("text/csv")
    return endpoint.by(.account)
  }

  static func response(_ file: [UInt8], of channel: CommerceChannel) -> Response {
    Response(
      status: .ok,
      headers: [
        .contentType: "text/csv; charset=utf-8", .cacheControl: "no-store",
        .contentDisposition: "attachment; filename=\"\(channel.handle)-chat-log.csv\"",
      ], body: ResponseBody(byteBuffer: ByteBuffer(bytes: file)))
  }
}

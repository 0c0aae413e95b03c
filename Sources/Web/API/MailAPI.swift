import Commerce
import HTTPTypes

/// Mail to buyers: whether it left, what it says, and once more.
enum MailAPI {
  struct MailAnswer: Codable, Described {
    let id: ID<Mail>
    let order: ID<Order>?
    let channel: ID<CommerceChannel>?
    let partner: ID<Partner>?
    let kind: Mail.Kind
    let state: Mail.Progress
    let recipient: String
    let language: String
    let subject: String
    let attempts: Int64
    let repeats: Int64
    let queuedAt: Moment
    let leftAt: Moment?
    let trouble: String?
    let serverWords: String?

    static let fields = [
      "order": "Left out for what is about the channel or the partner itself.",
      "channel": "Left out for what is about a partner.", "partner": "Left out for what is about a channel.",
      "kind":
        "What it tells of: the payment, an auction that was won and is not paid, a parcel, the last parcel's arrival, a refund, a cancellation, a return, a decision about the channel or the partner, a payout, a month's statement.",
      "state": "queued waits to be sent; sent was handed to a mail server; written is a file in the data directory.",
      "language": "The order's, the channel's or the partner's.", "repeats": "How often it was sent again by hand.",
      "leftAt": "When it was sent or written the last time.",
      "trouble": "A word for what went wrong with the last attempt; left out when nothing did.",
      "serverWords": "What the mail server said to it.",
    ]

    init(_ record: MailRecord, subject: String) {
      let mail = record.mail
      id = mail.id
      order = mail.order
      channel = mail.channel
      partner = mail.partner
      kind = mail.kind
      state = mail.progress
      recipient = mail.recipient
      language = mail.language
      self.subject = subject
      attempts = mail.attempts
      repeats = mail.repeats
      queuedAt = mail.made
      leftAt = mail.sent
      trouble = mail.trouble.isEmpty ? nil : mail.trouble
      serverWords = mail.failure.isEmpty ? nil : mail.failure
    }
  }

  struct WholeMailAnswer: Codable, Described {
    let mail: MailAnswer
    let text: String
    let html: String

    static let fields = [
      "text": "As it would be worded now, without the link's token that a guest gets.",
      "html": "The same as HTML. Show it where it can run nothing.",
    ]
  }

  private static let state = "Only these: queued, sent, written or failed."

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/channels/{channel}/mails",
      "Lists the mails about a channel's orders, newest first; for its owners and fulfilment members.",
      gives: List<MailAnswer>.self
    ) { call in
      let channel = try await call.channel().id
      return try await list(call) {
        try await call.commerce.mails(of: channel, by: call.caller, only: $0, after: call.cursor(), limit: call.limit())
      }
    }.paged.query("state", state).by(.account),
    Endpoint(
      .get, "/api/v1/partners/{partner}/mails",
      "Lists the mails to a partner's people, newest first; for them and the operator.", gives: List<MailAnswer>.self
    ) { call in
      let partner = try await call.partner().id
      return try await list(call) {
        try await call.commerce.mails(to: partner, by: call.caller, only: $0, after: call.cursor(), limit: call.limit())
      }
    }.paged.query("state", state).by(.account),
    Endpoint(
      .get, "/api/v1/mails", "Lists the mails of all channels and partners, newest first, to the operator.",
      gives: List<MailAnswer>.self
    ) { call in
      try await list(call) {
        try await call.commerce.mails(of: nil, by: call.caller, only: $0, after: call.cursor(), limit: call.limit())
      }
    }.paged.query("state", state).by(.account),
    Endpoint(
      .get, "/api/v1/mails/{mail}",
      "One mail and what it says; for owners and fulfilment members of its channel, its partner's people, and the operator.",
      gives: WholeMailAnswer.self
    ) { call in
      let record = try await call.commerce.mail(call.id("mail"), by: call.caller)
      let text = try call.site.mailWriter.text(record.mail, record.content)
      return WholeMailAnswer(
        mail: MailAnswer(record, subject: text.subject), text: text.plain, html: try call.site.mailWriter.html(text))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/mails/{mail}/deliveries",
      "Queues a mail once more; one that waits is tried now. For whoever may see it.", gives: MailAnswer.self,
      as: .accepted
    ) { call in
      try answer(call, try await call.commerce.sendMailAgain(call.id("mail"), by: call.caller))
    }.repeated(.keyRequired).by(.account),
  ]

  private static func list(
    _ call: Call, _ find: (Mail.Progress?) async throws -> Page<MailRecord>
  ) async throws -> List<MailAnswer> {
    let only = try call.query("state").map { text in
      guard let state = Mail.Progress(rawValue: text) else {
        throw Problem.malformed("“state” is queued, sent, written or failed.", field: "state")
      }
      return state
    }
    return try List(await find(only)) { try answer(call, $0) }
  }

  private static func answer(_ call: Call, _ record: MailRecord) throws -> MailAnswer {
    MailAnswer(record, subject: try call.site.mailWriter.text(record.mail, record.content).subject)
  }
}

import Commerce
import Hummingbird

/// Webhooks: addresses at which sellers' and partners' programs are told what happened.
enum WebhookAPI {
  struct WebhookAnswer: Codable, Described {
    let id: ID<Webhook>
    let url: String
    let kinds: [WebhookKind]
    let state: Webhook.State
    let failingSince: Moment?
    let dropped: Int64
    let madeAt: Moment

    static let fields = [
      "state": "broken when it took nothing for days, or answered 410: turn it on again once it does.",
      "failingSince": "Left out while all is well.", "dropped": "What it was not told because too much was waiting.",
    ]

    init(_ webhook: Webhook) {
      id = webhook.id
      url = webhook.url
      kinds = webhook.kinds
      state = webhook.state
      failingSince = webhook.failing
      dropped = webhook.dropped
      madeAt = webhook.made
    }
  }

  struct MadeWebhook: Codable, Described {
    let webhook: WebhookAnswer
    let secret: String

    static let fields = ["secret": "What the signatures are made with. Shown this once."]
  }

  struct NewSecret: Codable, Described {
    let secret: String

    static let fields = ["secret": "Shown this once. For a day the old one signs too."]
  }

  struct NewWebhook: Codable, Described {
    let id: ID<Webhook>?
    let url: String
    let kinds: [WebhookKind]

    static let fields = ["url": "An https address, of at most 1000 characters.", "kinds": "What to be told of."]
  }

  struct WebhookPatch: Codable, Described {
    let url: String?
    let kinds: [WebhookKind]?
    let isOn: Bool?

    static let fields = ["isOn": "Turned on, what waited is sent."]
  }

  struct MessageAnswer: Codable, Described {
    struct Attempt: Codable {
      let number: Int64
      let at: Moment
      let milliseconds: Int64
      let status: Int64?
      let trouble: String?
    }

    let id: ID<WebhookMessage>
    let kind: String
    let state: WebhookMessage.State
    let body: String
    let madeAt: Moment
    let sentAt: Moment?
    let nextAt: Moment?
    let attempts: [Attempt]

    static let fields = [
      "body": "What is sent, byte for byte.", "nextAt": "When it is tried next, while it waits.",
      "attempts": "The last first, at most 20.",
    ]

    init(_ message: WebhookMessage, _ tries: [WebhookAttempt]) {
      id = message.id
      kind = message.kind
      state = message.state
      body = message.body
      madeAt = message.made
      sentAt = message.sent
      nextAt = message.state == .waiting && message.next != .never ? message.next : nil
      attempts = tries.map {
        Attempt(
          number: $0.number, at: $0.at, milliseconds: $0.milliseconds, status: $0.status,
          trouble: $0.trouble.isEmpty ? nil : $0.trouble)
      }
    }
  }

  static let endpoints: [Endpoint] =
    desk("/api/v1/channels/{channel}/webhooks", "a channel", "its owners") { .channel(try $0.id("channel")) }
    + desk("/api/v1/partners/{partner}/webhooks", "a partner", "its people") { .partner(try await $0.partner().id) }
    + [
      Endpoint(
        .get, "/api/v1/webhooks/{webhook}", "Shows a webhook, to who may make it.", gives: WebhookAnswer.self
      ) { call in WebhookAnswer(try await call.commerce.webhook(call.id("webhook"), by: call.caller)) }.by(.account),
      Endpoint(
        .patch, "/api/v1/webhooks/{webhook}",
        "Gives a webhook another address or other kinds, or turns it on or off; what is left out stays.",
        takes: WebhookPatch.self, gives: WebhookAnswer.self
      ) { call, body in
        if let url = body.url { try check(url, call.site) }
        return WebhookAnswer(
          try await call.commerce.changeWebhook(
            call.id("webhook"), by: call.caller, url: body.url, kinds: body.kinds, isOn: body.isOn,
            mayBePlain: call.site.configuration.webhooks.reachesPrivateAddresses))
      }.by(.account),
      Endpoint(
        .delete, "/api/v1/webhooks/{webhook}", "Takes a webhook away, with what waits for it.", as: .noContent
      ) { call in
        try await call.commerce.removeWebhook(call.id("webhook"), by: call.caller)
        return Response(status: .noContent)
      }.by(.account),
      Endpoint(
        .post, "/api/v1/webhooks/{webhook}/secret", "Makes another secret; the old one signs too for a day.",
        gives: NewSecret.self
      ) { call in
        NewSecret(secret: try await call.commerce.renewWebhookSecret(call.id("webhook"), by: call.caller))
      }.by(.account),
      Endpoint(
        .post, "/api/v1/webhooks/{webhook}/tests", "Sends a message of the kind test.", gives: MessageAnswer.self,
        as: .created
      ) { call in
        MessageAnswer(try await call.commerce.testWebhook(call.id("webhook"), by: call.caller), [])
      }.by(.account),
      Endpoint(
        .get, "/api/v1/webhooks/{webhook}/messages",
        "Lists what a webhook was sent and is to be sent, the latest first.",
        gives: List<MessageAnswer>.self
      ) { call in
        let webhook: ID<Webhook> = try call.id("webhook")
        let page = try await call.commerce.webhookMessages(
          of: webhook, by: call.caller, after: call.cursor(), limit: call.limit())
        let tries = try await call.commerce.webhookAttempts(
          of: page.items.map(\.id), webhook: webhook, by: call.caller)
        return List(page) { MessageAnswer($0, tries[$0.id] ?? []) }
      }.paged.by(.account),
      Endpoint(
        .post, "/api/v1/webhook-messages/{message}/again", "Sends a message again, at once.", gives: MessageAnswer.self
      ) { call in
        MessageAnswer(try await call.commerce.sendWebhookAgain(call.id("message"), by: call.caller), [])
      }.by(.account),
    ]

  /// What is the same for a channel and a partner.
  private static func desk(
    _ path: String, _ of: String, _ whom: String, owner: @escaping @Sendable (Call) async throws -> Payee
  ) -> [Endpoint] {
    [
      Endpoint(
        .get, path, "Lists the webhooks of \(of), to \(whom).", gives: List<WebhookAnswer>.self
      ) { call in
        List(try await call.commerce.webhooks(of: owner(call), by: call.caller).map(WebhookAnswer.init))
      }.by(.account),
      Endpoint(
        .post, path, "Makes a webhook of \(of); for \(whom).", takes: NewWebhook.self, gives: MadeWebhook.self,
        as: .created
      ) { call, body in
        try check(body.url, call.site)
        let made = try await call.commerce.makeWebhook(
          body.id ?? call.commerce.makeID(), of: owner(call), by: call.caller,
          WebhookDraft(url: body.url, kinds: body.kinds),
          mayBePlain: call.site.configuration.webhooks.reachesPrivateAddresses)
        return MadeWebhook(webhook: WebhookAnswer(made.webhook), secret: made.secret)
      }.by(.account),
    ]
  }

  /// Throws for an address that is plainly within a private network; what a name leads to is seen when it is called.
  static func check(_ url: String, _ site: Site) throws {
    guard site.configuration.webhooks.mayReach(url) else { throw WebhookDeskRefusal.address(isPrivate: true) }
  }
}

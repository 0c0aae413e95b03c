import Commerce
import Hummingbird

/// Whose webhooks a page is about: a channel's, for its owners, or a partner's, for its people.
struct WebhookScope: Sendable {
  let owner: Payee
  let homeURL: String
  let homeName: String
  let url: String

  static func channel(_ visit: Visit) async throws -> WebhookScope {
    let (channel, _) = try await visit.ownChannel()
    let home = "/studio/\(channel.handle)"
    return WebhookScope(
      owner: .channel(channel.id), homeURL: home + "?tab=orders", homeName: channel.name, url: home + "/webhooks")
  }

  static func partner(_ visit: Visit) async throws -> WebhookScope {
    let partner = try await visit.ownPartner()
    let home = "/partner/\(partner.via)"
    return WebhookScope(owner: .partner(partner.id), homeURL: home, homeName: partner.name, url: home + "/webhooks")
  }
}

/// `/studio/{handle}/webhooks` and `/partner/{via}/webhooks`.
struct WebhooksPage: Sendable {
  struct KindView: Sendable {
    let name: String
    let text: String
    let isChosen: Bool
  }

  struct View: Sendable {
    let url: String
    let address: String
    let kindsText: String
    let stateText: String
    let stateTone: String
  }

  let homeURL: String
  let homeName: String
  let formURL: String
  let address: String
  let kinds: [KindView]
  let webhooks: [View]
  let hasWebhooks: Bool
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, .channel(visit)) }
  static func showPartner(_ visit: Visit) async throws -> Response { try await page(visit, .partner(visit)) }
  static func act(_ visit: Visit) async throws -> Response { try await act(visit, .channel(visit)) }
  static func actPartner(_ visit: Visit) async throws -> Response { try await act(visit, .partner(visit)) }

  private static func act(_ visit: Visit, _ scope: WebhookScope) async throws -> Response {
    let form = try await visit.form()
    do {
      try WebhookAPI.check(form["url"], visit.site)
      let made = try await visit.commerce.makeWebhook(
        visit.commerce.makeID(), of: scope.owner, by: visit.caller,
        WebhookDraft(url: form["url"], kinds: kinds(of: form)),
        mayBePlain: visit.site.configuration.webhooks.reachesPrivateAddresses)
      return try await WebhookPage.page(visit, scope, made.webhook.id, secret: made.secret)
    } catch {
      return try await page(visit, scope, form, visit.complaint(error))
    }
  }

  static func kinds(of form: Form) -> [WebhookKind] {
    WebhookKind.choosable.filter { form.has("kind-\($0.rawValue)") }
  }

  static func views(chosen: (WebhookKind) -> Bool, _ words: Words) -> [KindView] {
    WebhookKind.choosable.map {
      KindView(name: $0.rawValue, text: words["webhooks.kind_\($0.word)"], isChosen: chosen($0))
    }
  }

  private static func page(
    _ visit: Visit, _ scope: WebhookScope, _ form: Form? = nil, _ complaint: Visit.Complaint? = nil
  ) async throws -> Response {
    let words = visit.words
    let webhooks = try await visit.commerce.webhooks(of: scope.owner, by: visit.caller)
    let model = WebhooksPage(
      homeURL: scope.homeURL, homeName: scope.homeName, formURL: scope.url, address: form?["url"] ?? "",
      kinds: views(chosen: { form?.has("kind-\($0.rawValue)") ?? true }, words),
      webhooks: webhooks.map { webhook in
        View(
          url: "\(scope.url)/\(webhook.id)", address: webhook.url,
          kindsText: webhook.kinds.map { words["webhooks.kind_\($0.word)"] }.joined(separator: " · "),
          stateText: webhook.stateText(words), stateTone: webhook.stateTone)
      },
      hasWebhooks: !webhooks.isEmpty, error: complaint?.sentence, isSaved: try visit.query("saved") != nil)
    return try visit.page(
      "studio/webhooks", title: words["webhooks.title"], status: complaint?.status ?? .ok, model)
  }
}

/// One of them: its secret when that is new, its settings, and what it was sent.
struct WebhookPage: Sendable {
  struct AttemptView: Sendable {
    let whenISO: String
    let whenText: String
    let outcome: String
  }

  struct MessageView: Sendable {
    let id: String
    let kind: String
    let whenISO: String
    let whenText: String
    let stateText: String
    let stateTone: String
    let nextISO: String?
    let nextText: String
    let body: String
    let attempts: [AttemptView]
    let hasAttempts: Bool
    let canSend: Bool
  }

  let homeURL: String
  let homeName: String
  let listURL: String
  let formURL: String
  let address: String
  let kinds: [WebhooksPage.KindView]
  let stateText: String
  let stateTone: String
  let isOn: Bool
  let troubleText: String?
  let droppedText: String?
  let secret: String?
  let messages: [MessageView]
  let hasMessages: Bool
  let next: String?
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response { try await show(visit, .channel(visit)) }
  static func showPartner(_ visit: Visit) async throws -> Response { try await show(visit, .partner(visit)) }
  static func act(_ visit: Visit) async throws -> Response { try await act(visit, .channel(visit)) }
  static func actPartner(_ visit: Visit) async throws -> Response { try await act(visit, .partner(visit)) }

  private static func show(_ visit: Visit, _ scope: WebhookScope) async throws -> Response {
    try await page(visit, scope, visit.id("webhook", Webhook.self))
  }

  private static func act(_ visit: Visit, _ scope: WebhookScope) async throws -> Response {
    let id = try visit.id("webhook", Webhook.self)
    let form = try await visit.form()
    let (commerce, caller) = (visit.commerce, visit.caller)
    guard try await commerce.webhook(id, by: caller).owner == scope.owner else { throw Problem.notFound("page") }
    do {
      switch form["do"] {
      case "change":
        try WebhookAPI.check(form["url"], visit.site)
        _ = try await commerce.changeWebhook(
          id, by: caller, url: form["url"], kinds: WebhooksPage.kinds(of: form),
          mayBePlain: visit.site.configuration.webhooks.reachesPrivateAddresses)
      case "on", "off": _ = try await commerce.changeWebhook(id, by: caller, isOn: form["do"] == "on")
      case "renew":
        let secret = try await commerce.renewWebhookSecret(id, by: caller)
        return try await page(visit, scope, id, secret: secret)
      case "test": _ = try await commerce.testWebhook(id, by: caller)
      case "again":
        guard let message = ID<WebhookMessage>(form["message"]) else { throw Problem.notFound("message") }
        _ = try await commerce.sendWebhookAgain(message, by: caller)
      case "remove":
        try await commerce.removeWebhook(id, by: caller)
        return visit.redirect(scope.url + "?saved=yes")
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      return visit.redirect("\(scope.url)/\(id)?saved=yes")
    } catch {
      return try await page(visit, scope, id, visit.complaint(error))
    }
  }

  static func page(
    _ visit: Visit, _ scope: WebhookScope, _ id: ID<Webhook>, secret: String? = nil, _ complaint: Visit.Complaint? = nil
  ) async throws -> Response {
    let (commerce, words) = (visit.commerce, visit.words)
    let webhook = try await commerce.webhook(id, by: visit.caller)
    guard webhook.owner == scope.owner else { throw Problem.notFound("page") }
    let page = try await commerce.webhookMessages(
      of: id, by: visit.caller, after: visit.cursor, limit: visit.pageLimit(20))
    let tries = try await commerce.webhookAttempts(of: page.items.map(\.id), webhook: id, by: visit.caller)
    let url = "\(scope.url)/\(id)"
    let model = WebhookPage(
      homeURL: scope.homeURL, homeName: scope.homeName, listURL: scope.url, formURL: url, address: webhook.url,
      kinds: WebhooksPage.views(chosen: webhook.kinds.contains, words),
      stateText: webhook.stateText(words), stateTone: webhook.stateTone, isOn: webhook.state == .on,
      troubleText: webhook.state == .broken
        ? words["webhooks.brokenText", ["days": Figures.grouped(commerce.policy.webhookBrokenDays)]]
        : webhook.failing.map { words["webhooks.failingText", ["when": $0.plainText]] },
      droppedText: webhook.dropped == 0 ? nil : words.plural("webhooks.dropped", webhook.dropped),
      secret: secret,
      messages: page.items.map { MessageView($0, tries[$0.id] ?? [], isOn: webhook.state == .on, words) },
      hasMessages: !page.items.isEmpty, next: page.next.map { "\(url)?after=\($0)" }, error: complaint?.sentence,
      isSaved: try visit.query("saved") != nil)
    var response = try visit.page(
      "studio/webhook", title: words["webhooks.title"], status: complaint?.status ?? .ok, model)
    // With a secret in it, it stays in no cache.
    response.headers[.cacheControl] = "no-store"
    return response
  }
}

extension WebhookPage.MessageView {
  init(_ message: WebhookMessage, _ tries: [WebhookAttempt], isOn: Bool, _ words: Words) {
    id = "\(message.id)"
    kind = message.kind
    whenISO = message.made.description
    whenText = message.made.plainText
    stateText = words["webhooks.message_\(message.state.rawValue)"]
    stateTone =
      switch message.state {
      case .waiting: ""
      case .sent: "good"
      case .failed: "bad"
      }
    let waits = message.state == .waiting && message.attempts > 0 && message.next != .never
    nextISO = waits ? message.next.description : nil
    nextText = waits ? message.next.plainText : ""
    body = message.body
    attempts = tries.map { attempt in
      let took = words["webhooks.took", ["milliseconds": Figures.grouped(attempt.milliseconds)]]
      let outcome =
        attempt.status.map { words["webhooks.answered", ["status": "\($0)"]] }
        ?? words["webhooks.trouble_\(attempt.trouble)"]
      return WebhookPage.AttemptView(
        whenISO: attempt.at.description, whenText: attempt.at.plainText, outcome: "\(outcome) · \(took)")
    }
    hasAttempts = !attempts.isEmpty
    canSend = isOn && message.state != .waiting
  }
}

extension WebhookKind {
  /// As the words name it: `orderPaid`.
  fileprivate var word: String {
    let parts = rawValue.split(separator: ".")
    return parts.dropFirst().reduce(String(parts[0])) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
  }
}

extension Webhook {
  fileprivate func stateText(_ words: Words) -> String {
    state == .on && failing != nil ? words["webhooks.state_failing"] : words["webhooks.state_\(state.rawValue)"]
  }

  fileprivate var stateTone: String {
    switch state {
    case .on: failing == nil ? "good" : "warn"
    case .off, .removed: ""
    case .broken: "bad"
    }
  }
}

import Commerce
import Hummingbird

/// `/studio/{handle}/mails`, `/partner/{via}/mails` and `/operator/mails`: what was written to whom, and whether it left.
struct MailsPage: Sendable {
  struct FilterView: Sendable {
    let name: String
    let href: String
    let isCurrent: Bool
  }

  let title: String
  let homeURL: String
  let homeName: String
  let intro: String
  /// Where mail goes; for the operator.
  let route: String?
  let trouble: MailTroubleView?
  let filters: [FilterView]
  let mails: [MailView]
  let hasMails: Bool
  let next: String?

  static func show(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    return try await page(visit, .channel(channel))
  }

  static func showPartner(_ visit: Visit) async throws -> Response {
    try await page(visit, .partner(visit.ownPartner()))
  }

  static func showAll(_ visit: Visit) async throws -> Response { try await page(visit, .all) }

  private static func page(_ visit: Visit, _ scope: MailScope) async throws -> Response {
    _ = try visit.requireAccount()
    let only = try visit.query("state").flatMap(Mail.Progress.init)
    let (commerce, caller) = (visit.commerce, visit.caller)
    let (cursor, limit) = try (visit.cursor, visit.pageLimit(50))
    let page =
      if case .partner(let partner) = scope {
        try await commerce.mails(to: partner.id, by: caller, only: only, after: cursor, limit: limit)
      } else {
        try await commerce.mails(of: scope.channel?.id, by: caller, only: only, after: cursor, limit: limit)
      }
    let health = scope.isAll ? try await commerce.mailHealth(by: caller) : nil
    let words = visit.words
    let suffix = only.map { "&state=\($0.rawValue)" } ?? ""
    let model = MailsPage(
      title: words[scope.title], homeURL: scope.homeURL, homeName: scope.name ?? words["operator.title"],
      intro: words[scope.intro], route: scope.isAll ? words.mailRoute(visit.site.configuration.mail) : nil,
      trouble: health.flatMap { MailTroubleView($0, words) },
      filters: ([nil] + Mail.Progress.allCases).map { progress in
        FilterView(
          name: progress.map { $0.text(words) } ?? words["mailDesk.all"],
          href: scope.url + (progress.map { "?state=\($0.rawValue)" } ?? ""), isCurrent: progress == only)
      },
      mails: try page.items.map { try MailView($0, scope, visit) }, hasMails: !page.items.isEmpty,
      next: page.next.map { "\(scope.url)?after=\($0)\(suffix)" })
    return try visit.page("studio/mails", title: model.title, model)
  }
}

/// Whose mails a page is about.
enum MailScope {
  case channel(Channel)
  case partner(Partner)
  case all

  var channel: Channel? {
    if case .channel(let channel) = self { channel } else { nil }
  }

  var isAll: Bool { if case .all = self { true } else { false } }

  /// Nil for all of them.
  var name: String? {
    switch self {
    case .channel(let channel): channel.name
    case .partner(let partner): partner.name
    case .all: nil
    }
  }

  var homeURL: String {
    switch self {
    case .channel(let channel): "/studio/\(channel.handle)?tab=orders"
    case .partner(let partner): "/partner/\(partner.via)"
    case .all: "/operator"
    }
  }

  var url: String {
    switch self {
    case .channel(let channel): "/studio/\(channel.handle)/mails"
    case .partner(let partner): "/partner/\(partner.via)/mails"
    case .all: "/operator/mails"
    }
  }

  /// What a list of these is called: a partner's mails go to no buyer.
  var title: String { if case .partner = self { "mailDesk.titlePartner" } else { "mailDesk.title" } }

  fileprivate var intro: String {
    switch self {
    case .channel: "mailDesk.intro"
    case .partner: "mailDesk.introPartner"
    case .all: "mailDesk.introAll"
    }
  }

  /// Whether a mail is of these.
  func has(_ mail: Mail) -> Bool {
    switch self {
    case .channel(let channel): mail.channel == channel.id
    case .partner(let partner): mail.partner == partner.id
    case .all: true
    }
  }
}

/// A mail in a list, and on its own page.
struct MailView: Sendable {
  let id: String
  let url: String
  let subject: String
  let language: String
  let recipient: String
  /// Nil where all mails are of one.
  let seller: String?
  /// Nil for what is of no order.
  let number: String?
  let kindText: String
  let stateText: String
  let stateTone: String
  let whenISO: String
  let whenText: String
  /// Why it did not leave; nil when nothing went wrong.
  let why: String?
  let serverWords: String?

  init(_ record: MailRecord, _ scope: MailScope, _ visit: Visit) throws {
    let (mail, words) = (record.mail, visit.words)
    let text = try visit.site.mailWriter.text(mail, record.content)
    id = "\(mail.id)"
    url = "\(scope.url)/\(mail.id)"
    subject = text.subject
    language = text.language
    recipient = mail.recipient
    seller = scope.isAll ? record.content.name : nil
    number = record.content.order?.number
    kindText = mail.kind.text(words)
    stateText = mail.progress.text(words)
    stateTone = mail.tone
    let when = mail.state == .sent ? mail.sent ?? mail.made : mail.made
    whenISO = when.description
    whenText = when.plainText
    why = mail.trouble.isEmpty ? nil : words.mailTrouble(mail.trouble)
    serverWords = mail.failure.isEmpty ? nil : mail.failure
  }
}

/// What is said where mail does not leave as it should.
struct MailTroubleView: Sendable {
  let lines: [String]
  let serverWords: String?

  /// Nil when all is well.
  init?(_ health: MailHealth, _ words: Words) {
    guard !health.isWell else { return nil }
    var lines: [String] = []
    if health.failed > 0 {
      lines.append(words.plural("mailDesk.failedCount", health.failed, ["days": Figures.grouped(health.days)]))
    }
    if health.delayed > 0 { lines.append(words.plural("mailDesk.delayedCount", health.delayed)) }
    lines.append(words["mailDesk.newest", ["why": words.mailTrouble(health.trouble)]])
    self.lines = lines
    serverWords = health.words.isEmpty ? nil : health.words
  }
}

extension Mail {
  fileprivate var tone: String {
    switch progress {
    case .sent, .written: "good"
    case .queued: trouble.isEmpty ? "" : "warn"
    case .failed: "bad"
    }
  }
}

extension Mail.Progress {
  fileprivate func text(_ words: Words) -> String {
    switch self {
    case .queued: words["mailDesk.queued"]
    case .sent: words["mailDesk.sent"]
    case .written: words["mailDesk.written"]
    case .failed: words["mailDesk.failed"]
    }
  }
}

extension Mail.Kind {
  fileprivate func text(_ words: Words) -> String {
    switch self {
    case .paid: words["mailDesk.kindPaid"]
    case .sent: words["mailDesk.kindSent"]
    case .delivered: words["mailDesk.kindDelivered"]
    case .refunded: words["mailDesk.kindRefunded"]
    case .auction: words["mailDesk.kindAuction"]
    case .admission: words["mailDesk.kindAdmission"]
    case .cancelled: words["mailDesk.kindCancelled"]
    case .requestRefused: words["mailDesk.kindRequestRefused"]
    case .returnApproved: words["mailDesk.kindReturnApproved"]
    case .returnRefused: words["mailDesk.kindReturnRefused"]
    case .returnReceived: words["mailDesk.kindReturnReceived"]
    case .waitlistConfirm: words["mailDesk.kindWaitlistConfirm"]
    case .waitlistOffer: words["mailDesk.kindWaitlistOffer"]
    case .preorderReady: words["mailDesk.kindPreorderReady"]
    case .preorderReminder: words["mailDesk.kindPreorderReminder"]
    case .preorderMoved: words["mailDesk.kindPreorderMoved"]
    case .preorderEnded: words["mailDesk.kindPreorderEnded"]
    case .request: words["mailDesk.kindRequest"]
    case .payout: words["mailDesk.kindPayout"]
    case .payoutReturned: words["mailDesk.kindPayoutReturned"]
    case .statement: words["mailDesk.kindStatement"]
    case .partnership: words["mailDesk.kindPartnership"]
    case .partnerTerms: words["mailDesk.kindPartnerTerms"]
    case .reminderConfirm: words["mailDesk.kindReminderConfirm"]
    case .followConfirm: words["mailDesk.kindFollowConfirm"]
    case .reminderSoon: words["mailDesk.kindReminderSoon"]
    case .reminderLive: words["mailDesk.kindReminderLive"]
    case .reminderMoved: words["mailDesk.kindReminderMoved"]
    case .reminderCalledOff: words["mailDesk.kindReminderCalledOff"]
    }
  }
}

extension Words {
  /// What went wrong with a mail, from the word that was noted.
  func mailTrouble(_ code: String) -> String {
    find("mailDesk.trouble\(code.prefix(1).uppercased() + code.dropFirst())") ?? self["mailDesk.troubleUnknown"]
  }

  fileprivate func mailRoute(_ mail: MailConfiguration) -> String {
    mail.place.map { self["mailDesk.byServer", ["server": $0]] } ?? self["mailDesk.byFile"]
  }
}

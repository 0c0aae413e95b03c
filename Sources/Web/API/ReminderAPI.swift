import Commerce
import HTTPTypes
import Hummingbird

/// Reminders of shows (docs/decisions/0050).
enum ReminderAPI {
  struct NewReminder: Codable, Described {
    let id: ID<Reminder>?
    let way: Recipient.Way
    let email: String?
    let subscription: NewSubscription?

    static let fields = [
      "way": "mail sends it to an address, push shows it in a browser.",
      "email": "A guest's, who is sent a link to say yes with; not heeded of who is signed in.",
      "subscription": "Of push: what the browser's `PushSubscription` is as JSON.",
    ]
  }

  struct NewSubscription: Codable, Described {
    let endpoint: String
    let keys: SubscriptionKeys

    static let fields = ["endpoint": "An https address of a push service, which has to be reached from the internet."]
  }

  struct SubscriptionKeys: Codable, Described {
    let p256dh: String
    let auth: String

    static let fields = ["p256dh": "As base64url.", "auth": "As base64url."]
  }

  struct PushAnswer: Codable, Described {
    let publicKey: String

    static let fields = ["publicKey": "The `applicationServerKey` to subscribe with, as base64url (RFC 8292)."]
  }

  struct ReminderAnswer: Codable, Described {
    let id: ID<Reminder>
    let show: ShowAPI.ShowAnswer
    let way: Recipient.Way
    let email: String?
    let isOn: Bool
    let since: Moment

    static let fields = [
      "email": "Left out unless it goes there.", "isOn": "False until whoever reads mail to that address has said yes.",
      "since": "When it was asked for, or confirmed.",
    ]

    init(_ reminder: Reminder) {
      id = reminder.id
      show = ShowAPI.ShowAnswer(reminder.show)
      way = reminder.recipient.way
      email = reminder.recipient.email.isEmpty ? nil : reminder.recipient.email
      isOn = reminder.isOn
      since = reminder.since
    }
  }

  struct RemindedAnswer: Codable, Described {
    let reminder: ReminderAnswer?
    let isMailed: Bool
    let token: String?

    static let fields = [
      "token": "Of push: by which the browser is known again, as `Order-Token`.",
      "reminder": "Left out until it is on.",
      "isMailed": "Whether a link to say yes with was sent, if nobody is reminded at that address already.",
    ]

    init(_ reminded: Commerce.Reminded) {
      switch reminded {
      case .isOn(let reminder): (self.reminder, isMailed) = (ReminderAnswer(reminder), false)
      case .mailed: (reminder, isMailed) = (nil, true)
      }
      token = nil
    }

    init(_ reminder: Reminder, token: Secret) {
      (self.reminder, isMailed, self.token) = (ReminderAnswer(reminder), false, token.text)
    }
  }

  struct CountAnswer: Codable, Described {
    let reminders: Int64
    let followers: Int64

    static let fields = [
      "reminders": "Addresses and browsers; who they are is not told.",
      "followers": "Those who follow the channel and are told when a show of it is on air.",
    ]
  }

  struct Notices: Codable, Described {
    let mail: Bool
    let push: Bool

    static let fields = ["mail": "To the account's address.", "push": "In every browser the account is reminded in."]
  }

  struct NoticesAnswer: Codable, Described {
    let mail: Bool
    let push: Bool
    let isMailed: Bool

    static let fields = ["isMailed": "Whether whoever reads mail to the account's address has yet to say yes."]

    init(_ notices: LiveNotices) {
      mail = notices.mail
      push = notices.push
      isMailed = notices.isMailed
    }
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .post, "/api/v1/shows/{show}/reminders", "Asks to be reminded of a show that is to come; anyone may.",
      takes: NewReminder.self, gives: RemindedAnswer.self, as: .created
    ) { call, body in
      let (id, show) = (body.id ?? call.commerce.makeID(), try call.id("show", Show.self))
      switch body.way {
      case .mail:
        return RemindedAnswer(
          try await call.commerce.remindByMail(
            id, of: show, by: call.caller, email: body.email, language: call.context.language, token: call.orderToken,
            address: call.address))
      case .push:
        guard let given = body.subscription else {
          throw GeneralRefusal.invalid(field: "subscription", why: "must be what the browser subscribed with")
        }
        let subscription = try PushSubscription(
          endpoint: given.endpoint, publicKey: given.keys.p256dh, auth: given.keys.auth)
        guard call.site.configuration.push.mayReach(subscription.endpoint) else {
          throw GeneralRefusal.invalid(field: "endpoint", why: "must be a push service on the internet")
        }
        let reminded = try await call.commerce.remindByPush(
          id, of: show, by: call.caller, at: subscription, language: call.context.language, address: call.address)
        return RemindedAnswer(reminded.reminder, token: reminded.token)
      }
    }.limited(.orders),
    Endpoint(
      .get, "/api/v1/push", "Says what a browser subscribes with to be reminded.", gives: PushAnswer.self
    ) { call in
      PushAnswer(publicKey: try await call.commerce.pushKey().publicText)
    },
    Endpoint(
      .get, "/api/v1/shows/{show}/reminders", "Says how many want to be reminded of a show; for its channel's members.",
      gives: CountAnswer.self
    ) { call in
      let count = try await call.commerce.reminded(of: call.id("show"), by: call.caller)
      return CountAnswer(reminders: count.reminders, followers: count.followers)
    }.by(.account),
    Endpoint(
      .get, "/api/v1/reminders",
      "Lists what you are reminded of, the soonest first; with a token, what its address or browser is.",
      gives: List<ReminderAnswer>.self
    ) { call in
      let token = call.orderToken
      let reminders =
        token == nil
        ? try await call.commerce.reminders(by: call.caller)
        : try await call.commerce.reminders(token: token).reminders
      return List(reminders.map(ReminderAnswer.init))
    }.by(.orderToken),
    Endpoint(
      .get, "/api/v1/reminders/{reminder}", "Shows a reminder, to whose it is; a guest's mail has the token.",
      gives: ReminderAnswer.self
    ) { call in
      ReminderAnswer(try await call.commerce.reminder(call.id("reminder"), by: call.caller, token: call.orderToken))
    }.by(.orderToken),
    Endpoint(
      .post, "/api/v1/reminders/{reminder}/confirmation", "Says yes to a reminder, with the token of a mail.",
      gives: ReminderAnswer.self
    ) { call in
      ReminderAnswer(try await call.commerce.confirmReminder(call.id("reminder"), token: call.orderToken))
    }.by(.orderToken),
    Endpoint(.delete, "/api/v1/reminders/{reminder}", "Removes a reminder.", as: .noContent) { call in
      try await call.commerce.endReminder(call.id("reminder"), by: call.caller, token: call.orderToken)
      return Response(status: .noContent)
    }.by(.orderToken),
    Endpoint(
      .get, "/api/v1/channels/{channel}/follow/notices", "Says where you are told that a channel is on air.",
      gives: NoticesAnswer.self
    ) { call in
      NoticesAnswer(try await call.commerce.liveNotices(of: call.channel().id, by: call.caller))
    }.by(.account),
    Endpoint(
      .put, "/api/v1/channels/{channel}/follow/notices",
      "Tells you from now on that a channel you follow is on air, or does so no longer.", takes: Notices.self,
      gives: NoticesAnswer.self
    ) { call, body in
      NoticesAnswer(
        try await call.commerce.setLiveNotices(
          of: call.channel().id, by: call.caller, mail: body.mail, push: body.push, language: call.context.language))
    }.by(.account),
  ]
}

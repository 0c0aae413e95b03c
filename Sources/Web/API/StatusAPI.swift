import Commerce
import HTTPTypes
import Media

/// How the system does, for operators and their programs.
enum StatusAPI {
  struct SystemStatus: Codable, Described {
    let version: String
    let database: String
    let uptimeSeconds: Int64
    let processes: Int64
    let streams: Int64
    let viewers: Int64
    let memoryBytes: Int64?
    let queues: QueueStatus
    let disk: DiskStatus?
    let payments: PaymentsStatus
    let range: StatusHistory.Range
    let stepMinutes: Int64
    let steps: [StatusStep]

    static let fields = [
      "uptimeSeconds": "Of the process that answers.", "processes": "That told of themselves in the last two minutes.",
      "streams": "On air in the process that answers.", "viewers": "Connections to shows of the process that answers.",
      "disk": "Left out until it has been looked at; looked at again a minute after it was asked for.",
      "steps": "From the oldest to now. One without a process running is left out.",
    ]
  }

  struct QueueStatus: Codable {
    let mails: Int64
    let pushes: Int64
    let webhooks: Int64
  }

  struct DiskStatus: Codable, Described {
    let databaseBytes: Int64
    let recordingBytes: Int64
    let clipBytes: Int64
    let freeBytes: Int64
    let totalBytes: Int64
    let measuredAt: Moment

    static let fields = ["freeBytes": "Of the disk with the recordings."]
  }

  struct PaymentsStatus: Codable, Described {
    let providers: [ProviderStatus]
    let openPayments: Int64
    let oldestPaymentAt: Moment?
    let openRefunds: Int64
    let oldestRefundAt: Moment?
    let brokenWebhooks: Int64
    let troubles: [TroubleCount]

    static let fields = [
      "openPayments": "Whose end the provider has not told; at most 1000.",
      "brokenWebhooks": "Of sellers and partners: they took nothing for days, and are not tried any more.",
      "troubles": "Since the process began.",
    ]
  }

  struct ProviderStatus: Codable, Described {
    let name: String
    let takesNew: Bool
    let answers: Bool?
    let milliseconds: Int64?
    let heardAt: Moment?

    static let fields = [
      "answers": "Whether it did when it was last asked; left out until it was.",
      "heardAt": "When its last webhook came.",
    ]
  }

  struct TroubleCount: Codable {
    let kind: String
    let count: Int64
  }

  struct StatusStep: Codable, Described {
    let at: Moment
    let streams: Int64
    let viewers: Int64
    let orders: Int64
    let messages: Int64
    let requests: Int64
    let failures: Int64
    let answerP50Microseconds: Int64?
    let answerP99Microseconds: Int64?
    let checkoutP50Microseconds: Int64?
    let checkoutP99Microseconds: Int64?
    let mailsWaiting: Int64
    let pushesWaiting: Int64
    let webhooksWaiting: Int64
    let databaseWrites: Int64
    let databaseCommits: Int64
    let paymentTroubles: Int64

    static let fields = [
      "at": "When it begins.", "streams": "The most at once.", "viewers": "The most at once.",
      "orders": "How many were placed in it.", "failures": "Requests answered with a status from 500 on.",
      "answerP50Microseconds": "Half of the pages and the API's answers were there within; left out without any.",
      "checkoutP50Microseconds": "The same of /api/v1/orders.", "mailsWaiting": "The most.",
    ]

    init(_ at: Moment, _ figures: StatusFigures) {
      self.at = at
      streams = figures.streams
      viewers = figures.viewers
      orders = figures.orders
      messages = figures.messages
      requests = figures.requests
      failures = figures.failures
      answerP50Microseconds = figures.answers.microseconds(percent: 50)
      answerP99Microseconds = figures.answers.microseconds(percent: 99)
      checkoutP50Microseconds = figures.checkouts.microseconds(percent: 50)
      checkoutP99Microseconds = figures.checkouts.microseconds(percent: 99)
      mailsWaiting = figures.mailsWaiting
      pushesWaiting = figures.pushesWaiting
      webhooksWaiting = figures.webhooksWaiting
      databaseWrites = figures.databaseWrites
      databaseCommits = figures.databaseCommits
      paymentTroubles = figures.paymentTroubles
    }
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/operator/status", "Says how the system does, now and over the last hour or day; to operators.",
      gives: SystemStatus.self
    ) { call in
      let asked = try call.query("range")
      guard let range = asked == nil ? .hour : asked.flatMap(StatusHistory.Range.init) else {
        throw Problem.malformed("“range” is hour or day.", field: "range")
      }
      return SystemStatus(try await SystemCondition.now(call.site, range, by: call.caller))
    }.query("range", "`hour`, a minute a step, or `day`, a quarter of an hour a step; hour if left out.").by(.account)
  ]
}

extension StatusAPI.SystemStatus {
  init(_ condition: SystemCondition) {
    let (health, around) = (condition.payments, condition.around)
    version = condition.version
    database = around.engine
    uptimeSeconds = condition.uptimeMilliseconds / 1000
    processes = Int64(condition.history.processes.count)
    streams = condition.streams
    viewers = condition.viewers
    memoryBytes = condition.memoryBytes
    queues = .init(
      mails: condition.queues.mails, pushes: condition.queues.pushes, webhooks: condition.queues.webhooks)
    disk = around.measured.map { measured in
      .init(
        databaseBytes: around.databaseBytes, recordingBytes: around.room?.recordingBytes ?? 0,
        clipBytes: around.room?.clipBytes ?? 0, freeBytes: around.room?.freeBytes ?? 0,
        totalBytes: around.room?.totalBytes ?? 0, measuredAt: measured)
    }
    payments = .init(
      providers: health.providers.map { provider in
        let answer = around.providers.first { $0.name == provider.name }
        return .init(
          name: provider.name, takesNew: provider.isChosen, answers: answer?.isThere,
          milliseconds: answer?.milliseconds, heardAt: provider.heard)
      },
      openPayments: health.openPayments, oldestPaymentAt: health.oldestPayment, openRefunds: health.openRefunds,
      oldestRefundAt: health.oldestRefund, brokenWebhooks: health.brokenWebhooks,
      troubles: health.troubles.map { .init(kind: $0.kind.rawValue, count: Int64($0.count)) })
    range = condition.history.range
    stepMinutes = condition.history.range.step
    steps = condition.history.steps.compactMap { step in step.figures.map { StatusAPI.StatusStep(step.at, $0) } }
  }
}

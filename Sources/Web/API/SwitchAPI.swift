import Commerce
import HTTPTypes

/// What an operator turns off and on while the house runs (docs/decisions/0061).
enum SwitchAPI {
  struct SwitchAnswer: Codable, Described {
    let feature: Feature
    let isOn: Bool
    let notice: String
    let reason: String
    let changedAt: Moment?

    static let fields = [
      "notice": "What people are told who would use it; empty for the house's own sentence.",
      "changedAt": "Left out where nobody ever flipped it.",
    ]

    init(_ it: FeatureSwitch) {
      feature = it.feature
      isOn = it.isOn
      notice = it.notice
      reason = it.reason
      changedAt = it.changed
    }
  }

  struct SwitchFlip: Codable, Described {
    let isOn: Bool
    let reason: String?
    let notice: String?

    static let fields = [
      "reason": "Why, for the log; needed to turn something off.",
      "notice": "What people are told who would use it. Left out, it is the house's own sentence in their language.",
    ]
  }

  struct SwitchEventAnswer: Codable, Described {
    let feature: Feature
    let isOn: Bool
    let notice: String
    let reason: String
    let by: String
    let at: Moment

    static let fields = ["by": "The name of the operator."]
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/operator/switches", "Lists what can be turned off and how it stands; to operators.",
      gives: List<SwitchAnswer>.self
    ) { call in
      List(try await call.commerce.featureSwitches(by: call.caller).map(SwitchAnswer.init))
    }.by(.account),
    Endpoint(
      .put, "/api/v1/operator/switches/{feature}",
      "Turns a feature off or on, here at once and in other processes within seconds; for operators.",
      takes: SwitchFlip.self, gives: SwitchAnswer.self
    ) { call, body in
      guard let feature = Feature(rawValue: call.text("feature")) else { throw Problem.notFound("switch") }
      return SwitchAnswer(
        try await call.commerce.flip(
          feature, to: body.isOn, by: call.caller, reason: body.reason ?? "", notice: body.notice ?? ""))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/operator/switch-events", "Lists who flipped what and why, the newest first; to operators.",
      gives: List<SwitchEventAnswer>.self
    ) { call in
      try await List(
        call.commerce.switchEvents(by: call.caller, after: call.cursor(), limit: call.limit())
      ) { event in
        SwitchEventAnswer(
          feature: event.feature, isOn: event.isOn, notice: event.notice, reason: event.reason, by: event.accountName,
          at: event.at)
      }
    }.paged.by(.account),
  ]
}

import Commerce
import Hummingbird

/// The operator's list of channels: those that wait, those put out, and the newest of the rest.
struct OperatorChannelView: Sendable {
  let id: String
  let handle: String
  let name: String
  let initial: String
  let tone: Int
  let stateText: String
  let stateTone: String
  let url: String

  init(_ channel: Channel, _ words: Words) {
    id = channel.id.description
    handle = channel.handle
    name = channel.name
    initial = Tone.initial(channel.name)
    tone = Tone.of(channel.id)
    stateText = words[Self.key(of: channel.state)]
    stateTone = Self.tone(of: channel.state)
    url = "/operator/channels/\(channel.handle)"
  }

  static func tone(of state: ChannelState) -> String {
    state == .approved ? "good" : state == .applied ? "warn" : "bad"
  }

  static func key(of state: ChannelState, isOperator: Bool = true) -> String {
    switch state {
    case .applied: isOperator ? "operator.isApplied" : "admission.waits"
    case .approved: "operator.isApproved"
    case .suspended: "operator.isSuspended"
    case .rejected: "operator.isRejected"
    }
  }

  static func all(_ visit: Visit) async throws -> [OperatorChannelView] {
    var channels: [Channel] = []
    for state in [ChannelState.applied, .suspended, .approved] {
      channels += try await visit.commerce.channels(state: state, by: visit.caller, limit: visit.pageLimit(30)).items
    }
    return channels.map { OperatorChannelView($0, visit.words) }
  }

  /// `channel` is a handle or an id: the list above the form may not reach back to every one.
  static func put(_ visit: Visit) async throws -> Response {
    let form = try await visit.form()
    do {
      guard let state = ChannelState(rawValue: form["state"]) else {
        throw Problem.malformed("The form does not say what the channel becomes.", field: "state")
      }
      let name = form["channel"]
      let channel =
        if let id = ID<Channel>(name) {
          try await visit.commerce.channel(id, by: visit.caller)
        } else {
          try await visit.commerce.channel(handle: name, by: visit.caller)
        }
      _ = try await visit.site.admit(channel, as: state, because: form.verdict, by: visit.caller)
      return visit.redirect("/operator?saved=yes")
    } catch {
      return try await OperatorPage.page(visit, visit.complaint(error))
    }
  }
}

/// A refund that its provider has not answered.
struct OperatorRefundView: Sendable {
  let number: String
  let amountText: String
  let provider: String
  let stateText: String
  let whenISO: String
  let whenText: String

  init(_ refund: Refund, _ visit: Visit) {
    number = refund.order.orderNumber
    amountText = visit.words.money(refund.amount)
    provider = refund.provider
    stateText =
      visit.commerce.isStuck(refund)
      ? visit.words["operator.refundStuck", ["name": refund.provider]] : visit.words["order.refundPending"]
    whenISO = refund.made.description
    whenText = refund.made.plainText
  }
}

public import Store

/// Why something was decided about a channel: a word from a list, so that it can be said in every language, and counted.
public enum AdmissionReason: String, Sendable, Codable, CaseIterable, ValueConvertible {
  /// The application says too little.
  case incomplete
  /// It is not clear who sells.
  case identity
  /// What may not be sold here.
  case prohibited
  /// What is not what it is said to be.
  case counterfeit
  /// Buyers complained.
  case complaints
  /// Paid orders were not sent.
  case undelivered
  /// The house's rules were broken otherwise.
  case rules
  /// No further sellers of this kind for now.
  case capacity
  /// What the words say.
  case other
  /// The market is open to all.
  case openMarket = "open_market"
  /// An invitation was used.
  case invited
  /// An operator made the channel.
  case ownChannel = "own_channel"
  /// An operator agreed.
  case agreed
  /// So many orders were delivered.
  case delivered

  /// Those an operator may say no with.
  public static let ofRefusals: [AdmissionReason] = [
    .incomplete, .identity, .prohibited, .counterfeit, .complaints, .undelivered, .rules, .capacity, .other,
  ]
}

/// Why an operator decides as they do.
public struct Verdict: Sendable, Equatable {
  public var reason: AdmissionReason?
  /// For the channel's owners; may be empty but for `other`.
  public var words: String

  public init(_ reason: AdmissionReason? = nil, words: String = "") {
    self.reason = reason
    self.words = words
  }

  /// Throws `GeneralRefusal.invalid` unless it says why, where that has to be said.
  func checked(isNo: Bool, _ policy: Policy) throws -> Verdict {
    let words = try policy.text(words, "words", max: policy.reasonCharactersMax, required: false, lines: true)
    guard isNo else { return Verdict(.agreed, words: words) }
    guard let reason, AdmissionReason.ofRefusals.contains(reason) else {
      let list = AdmissionReason.ofRefusals.map(\.rawValue).joined(separator: ", ")
      throw GeneralRefusal.invalid(field: "reason", why: "must be one of \(list)")
    }
    guard reason != .other || !words.isEmpty else {
      throw GeneralRefusal.invalid(field: "words", why: "must say why, when the reason is another than those listed")
    }
    return Verdict(reason, words: words)
  }
}

/// Why a channel is not let in, or something about it is not decided.
public enum AdmissionRefusal: Refusal, Equatable {
  case invitationNeeded(String)
  case invitationUnknown
  case invitationOver
  case invitationElsewhere(String)
  case refusedThere(String)
  case suspended
  case nothingToAppeal
  case appealWaits
  case decided

  public var code: String {
    switch self {
    case .invitationNeeded: "invitation_needed"
    case .invitationUnknown: "invitation_unknown"
    case .invitationOver: "invitation_over"
    case .invitationElsewhere: "invitation_elsewhere"
    case .refusedThere: "refused_in_market"
    case .suspended: "channel_suspended"
    case .nothingToAppeal: "nothing_to_appeal"
    case .appealWaits: "appeal_waits"
    case .decided: "review_decided"
    }
  }

  public var sentence: String {
    switch self {
    case .invitationNeeded(let market):
      "Sellers come into \(market) by invitation. Open the link you were sent, or ask the operator for one."
    case .invitationUnknown: "There is no such invitation. Open the whole link you were sent."
    case .invitationOver: "This invitation has been used, has run out, or was taken back. Ask the operator for another."
    case .invitationElsewhere(let market): "This invitation is not for \(market). Choose a market that it is for."
    case .refusedThere(let market): "This channel was refused in \(market). Appeal to that decision instead."
    case .suspended: "This channel is suspended. Appeal to that first."
    case .nothingToAppeal: "There is nothing to appeal to, or it was appealed to already: that answer is final."
    case .appealWaits: "An appeal waits for the operator already."
    case .decided: "This was decided already. Look at what was decided."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .invitationNeeded: .forbidden
    case .invitationOver: .gone
    case .invitationUnknown, .invitationElsewhere: .invalid
    default: .conflict
    }
  }

  public var field: String? {
    switch self {
    case .invitationNeeded, .invitationElsewhere, .refusedThere: "market"
    case .invitationUnknown, .invitationOver: "invitation"
    default: nil
    }
  }
}

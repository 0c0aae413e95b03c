import Commerce
import Hummingbird

/// `/studio/{handle}/admission` and `/operator/channels/{handle}`: where a channel may sell, how much in a day, and what
/// was decided about it; to ask, to appeal, and for the operator to decide.
struct StandingPage: Sendable {
  struct PlaceView: Sendable {
    let code: String
    let name: String
    let stateText: String
    let stateTone: String
    let hint: String?
    let reason: String?
    let words: String?
    let canAsk: Bool
    let needsApplication: Bool
    let canAppeal: Bool
    let isFinal: Bool
    /// For the operator.
    let canApprove: Bool
    let canRefuse: Bool
  }

  struct TierView: Sendable {
    let name: String
    let todayText: String?
    let isNear: Bool
    let nextText: String?
    let isHeld: Bool
    let choices: [ChoiceView]
  }

  let isOperator: Bool
  let isOwner: Bool
  let handle: String
  let name: String
  let formURL: String
  let backURL: String
  let backText: String
  let stateText: String
  let stateTone: String
  let isSuspended: Bool
  let canSuspend: Bool
  let canLetIn: Bool
  let isRejected: Bool
  let suspensionReason: String?
  let suspensionWords: String?
  let canAppeal: Bool
  let isAppealWaiting: Bool
  let isFinal: Bool
  let places: [PlaceView]
  let tier: TierView
  let reasons: [ChoiceView]
  let history: [AdmissionEventView]
  let hasHistory: Bool
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    return try await page(visit, channel.id, isOperator: false, nil)
  }

  static func act(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    let form = try await visit.form()
    do {
      switch form["do"] {
      case "ask":
        _ = try await visit.commerce.askForMarket(
          form["market"], for: channel.id, by: visit.caller, form.application, invitation: form["invitation"],
          language: visit.words.language)
      case "appeal":
        _ = try await visit.commerce.appeal(
          visit.commerce.makeID(), for: channel.id, market: form["market"].isEmpty ? nil : form["market"],
          by: visit.caller, words: form["words"], language: visit.words.language)
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      return visit.redirect("/studio/\(channel.handle)/admission?saved=yes")
    } catch {
      return try await page(visit, channel.id, isOperator: false, visit.complaint(error))
    }
  }

  static func showOperator(_ visit: Visit) async throws -> Response {
    try await page(visit, channel(visit).id, isOperator: true, nil)
  }

  static func actOperator(_ visit: Visit) async throws -> Response {
    let channel = try await channel(visit)
    let form = try await visit.form()
    let (commerce, caller) = (visit.commerce, visit.caller)
    do {
      switch form["do"] {
      case "state":
        guard let state = ChannelState(rawValue: form["state"]) else {
          throw Problem.malformed("The form does not say what the channel becomes.", field: "state")
        }
        _ = try await visit.site.admit(channel, as: state, because: form.verdict, by: caller)
      case "permission":
        try await commerce.setMarketPermission(
          of: channel.id, in: form["market"], by: caller, isApproved: form["permission"] == "approved",
          because: form.verdict)
      case "tier":
        _ = try await commerce.setTier(
          of: channel.id, by: caller, level: Int64(form["tier"]) ?? 0, isHeld: form.has("isHeld"), words: form["words"])
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      return visit.redirect("/operator/channels/\(channel.handle)?saved=yes")
    } catch {
      return try await page(visit, channel.id, isOperator: true, visit.complaint(error))
    }
  }

  private static func channel(_ visit: Visit) async throws -> Channel {
    guard try visit.requireAccount().isOperator else {
      throw GeneralRefusal.notAllowed(need: "the operator of this installation")
    }
    return try await visit.commerce.channel(handle: visit.parameter("handle"), by: visit.caller)
  }

  private static func page(
    _ visit: Visit, _ channel: ID<Channel>, isOperator: Bool, _ complaint: Visit.Complaint?
  ) async throws -> Response {
    let standing = try await visit.commerce.admissionStanding(of: channel, by: visit.caller)
    let own = try await visit.commerce.channels(by: visit.caller).first { $0.0.id == channel }
    let model = StandingPage(
      standing, tiers: try await visit.commerce.tiers(), isOperator: isOperator, isOwner: own?.1.isOwner ?? false,
      error: complaint?.sentence, isSaved: try visit.query("saved") != nil, visit.words)
    return try visit.page(
      "studio/admission", title: "\(standing.channel.name) · \(visit.words["admission.standing"])",
      status: complaint?.status ?? .ok, model)
  }

  private init(
    _ standing: AdmissionStanding, tiers: [Tier], isOperator: Bool, isOwner: Bool, error: String?, isSaved: Bool,
    _ words: Words
  ) {
    let channel = standing.channel
    self.isOperator = isOperator
    self.isOwner = isOwner && !isOperator
    handle = channel.handle
    name = channel.name
    formURL = isOperator ? "/operator/channels/\(channel.handle)" : "/studio/\(channel.handle)/admission"
    backURL = isOperator ? "/operator#channels" : "/studio/\(channel.handle)"
    backText = isOperator ? words["operator.title"] : channel.name
    stateText = words[OperatorChannelView.key(of: channel.state, isOperator: isOperator)]
    stateTone = OperatorChannelView.tone(of: channel.state)
    isSuspended = channel.state == .suspended
    canSuspend = channel.state == .approved
    canLetIn = channel.state != .approved
    isRejected = channel.state == .applied
    suspensionReason = standing.suspension?.reason.map(words.text)
    suspensionWords = standing.suspension.flatMap { $0.words.isEmpty ? nil : $0.words }
    canAppeal = standing.canAppeal && isOwner && !isOperator
    isAppealWaiting = standing.isAppealWaiting
    isFinal = standing.suspension?.isFinal ?? false
    places = standing.places.map {
      PlaceView($0, of: channel, canAct: isOwner && !isOperator, isOperator: isOperator, words)
    }
    tier = TierView(standing.tier, tiers, words)
    reasons = ChoiceView.reasons(words)
    history = standing.history.map { AdmissionEventView($0, words) }
    hasHistory = !history.isEmpty
    self.error = error
    self.isSaved = isSaved
  }
}

extension StandingPage.PlaceView {
  init(_ place: AdmissionStanding.Place, of channel: Channel, canAct: Bool, isOperator: Bool, _ words: Words) {
    code = place.market
    name = place.name
    let state: (String, String) =
      if place.sells {
        place.isOpen ? ("sellsHere", "good") : ("marketClosed", "warn")
      } else if place.permission == .applied {
        ("waits", "warn")
      } else if place.permission == .refused { ("refused", "bad") } else { ("notYet", "") }
    stateText = words["admission.\(state.0)"]
    stateTone = state.1
    let isNew = place.permission == nil && !place.sells
    hint =
      if place.isAppealWaiting { words["admission.appealWaits"] } else if isNew, channel.state != .suspended {
        words["admission.\(place.admission.rawValue)Hint"]
      } else if place.refusal?.isFinal == true { words["admission.final"] } else { nil }
    reason = place.refusal?.reason.map(words.text)
    self.words = place.refusal.flatMap { $0.words.isEmpty ? nil : $0.words }
    canAsk = canAct && isNew && channel.state != .suspended
    needsApplication = place.admission == .application
    canAppeal = canAct && place.canAppeal
    isFinal = place.refusal?.isFinal ?? false
    canApprove = isOperator && place.permission != .approved && !(place.sells && place.permission == nil)
    canRefuse = isOperator && place.permission != .refused
  }
}

extension StandingPage.TierView {
  init(_ tier: ChannelTier, _ tiers: [Tier], _ words: Words) {
    name = tiers.first { $0.level == tier.level }.map(words.text) ?? ""
    todayText = tier.dailyOrdersMax.map {
      words[
        "admission.today",
        ["left": Figures.grouped(tier.leftToday ?? 0), "max": Figures.grouped($0)]]
    }
    isNear = tier.isNearLimit
    isHeld = tier.isHeld
    nextText = tier.deliveredNeeded.map {
      words[
        "admission.next",
        ["delivered": Figures.grouped(min(tier.delivered, $0)), "needed": Figures.grouped($0)]]
    }
    choices = ChoiceView.tiers(tiers, chosen: tier.level, words)
  }
}

/// What its members are told on a channel's page: that it waits or is suspended, or how many orders are left today.
struct StandingNotice: Sendable {
  let text: String
  let tone: String
  let url: String

  /// Nil for a channel that sells and has no limit.
  init?(_ visit: Visit, _ channel: Channel) async throws {
    url = "/studio/\(channel.handle)/admission"
    guard channel.state == .approved else {
      text = visit.words["admission.notice_\(channel.state.rawValue)"]
      tone = channel.state == .applied ? "warn" : "bad"
      return
    }
    let tier = try await visit.commerce.admissionStanding(of: channel.id, by: visit.caller).tier
    guard let most = tier.dailyOrdersMax, let left = tier.leftToday else { return nil }
    let values = ["left": Figures.grouped(left), "max": Figures.grouped(most)]
    text =
      visit.words[
        left == 0 ? "admission.quotaFull" : tier.isNearLimit ? "admission.quotaNear" : "admission.today", values]
    tone = left == 0 ? "bad" : tier.isNearLimit ? "warn" : ""
  }
}

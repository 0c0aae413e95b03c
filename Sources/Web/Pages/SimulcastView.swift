import Commerce
import Media

/// What the control room says of where a show is pushed on to.
struct SimulcastView: Sendable {
  struct Target: Sendable {
    let id: String
    let address: String
    let isOn: Bool
    let state: String
    let stateText: String
    let reasonText: String?
  }

  let targets: [Target]
  let hasTargets: Bool
  let formURL: String

  init(_ answers: [SimulcastAPI.TargetAnswer], formURL: String, _ words: Words) {
    targets = answers.map { answer in
      Target(
        id: answer.id.description, address: answer.address, isOn: answer.isOn, state: answer.state.rawValue,
        stateText: words["simulcast.\(answer.state.rawValue)"],
        reasonText: answer.reason.map { words["simulcast.\($0)"] })
    }
    hasTargets = !targets.isEmpty
    self.formURL = formURL
  }
}

extension Visit {
  /// Nil for who may not change it, and once the show has ended.
  func simulcast(of show: Show, role: Role) async throws -> SimulcastView? {
    guard role.isHost, show.state != .ended else { return nil }
    let reports = site.media.simulcast.reports(of: show.id.description)
    let targets = try await commerce.simulcastTargets(of: show.id, by: caller)
    guard commerce.switches.isOn(.simulcast) || !targets.isEmpty else { return nil }
    return SimulcastView(
      targets.map { SimulcastAPI.TargetAnswer($0, reports[$0.id.description]) }, formURL: "/studio/shows/\(show.id)",
      words)
  }

  /// The section's forms.
  func changeSimulcast(_ form: Form, of show: ID<Show>) async throws {
    func target() throws -> ID<SimulcastTarget> {
      guard let id = ID<SimulcastTarget>(form["target"]) else { throw Problem.notFound("target") }
      return id
    }
    switch form["do"] {
    case "simulcast-add":
      _ = try await site.addTarget(nil, by: caller, show: show, address: form["address"], key: form["target-key"])
    case "simulcast-remove":
      try await commerce.removeSimulcastTarget(target(), by: caller, show: show)
    default:
      try await commerce.switchSimulcastTarget(target(), by: caller, show: show, isOn: form["do"] == "simulcast-on")
    }
  }
}

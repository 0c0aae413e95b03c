import Commerce
import Media

/// What the control room says of taking a show in over SRT.
struct SRTView: Sendable {
  let isOpen: Bool
  let address: String?
  let state: String
  let stateText: String
  let reasonText: String?
  let formURL: String

  init(_ answer: SRTAPI.InputAnswer, formURL: String, _ words: Words) {
    isOpen = answer.address != nil
    address = answer.address
    state = answer.state.rawValue
    stateText = words["srt.\(answer.state.rawValue)"]
    reasonText = answer.reason.map { words["srt.\($0)"] }
    self.formURL = formURL
  }
}

extension Visit {
  /// Nil for who may not see it, where SRT is not offered, and once the show has ended.
  func srt(of show: Show, role: Role) async throws -> SRTView? {
    guard role.isHost, show.state != .ended, commerce.policy.srtPorts != nil else { return nil }
    let input = try await commerce.srtInput(of: show.id, by: caller)
    return SRTView(site.srt(input, of: show.id), formURL: "/studio/shows/\(show.id)", words)
  }
}

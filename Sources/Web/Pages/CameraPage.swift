import Commerce
import Hummingbird
import Media

/// `/studio/shows/{show}/camera`: where a host goes live with this device's own camera.
struct CameraPage: Sendable {
  let show: String
  let title: String
  let state: String
  let channelName: String
  let handle: String
  let tone: Int
  let controlURL: String
  let watchURL: String
  let hasEnded: Bool
  /// What the host wants to say; nil for nothing.
  let notes: String?

  static func show(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    let id = try visit.id("show", Show.self)
    let show: Show
    do {
      show = try await visit.commerce.showToBroadcast(id, by: visit.caller)
    } catch ShowRefusal.ended {
      // A page that says so, not an error.
      show = try await visit.commerce.show(id, by: visit.caller)
    }
    let notes = try await visit.commerce.notes(of: show.id, by: visit.caller).text
    let page = CameraPage(
      show: show.id.description, title: show.title, state: show.state.rawValue, channelName: show.channelName,
      handle: show.channelHandle, tone: Tone.of(show.channel), controlURL: "/studio/shows/\(show.id)",
      watchURL: "/watch/\(show.id)", hasEnded: show.state == .ended, notes: notes.isEmpty ? nil : notes)
    return try visit.page("studio/camera", title: visit.words["camera.title"] + " · " + show.title, page)
  }
}

import Commerce
import Hummingbird

/// `/studio/shows/{show}/prompter`: what the host wants to say, in letters that can be read from across a room, running
/// by itself; and where it is written.
struct PrompterPage: Sendable {
  let title: String
  let roomURL: String
  let formURL: String
  /// As they are.
  let notes: String
  /// As they stand in the field: what was typed, where that was not taken.
  let typed: String
  let hasNotes: Bool
  let edition: Int64
  let canWrite: Bool
  let lengthMax: Int
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response { try await page(visit) }

  static func act(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    let id = try visit.id("show", Show.self)
    let form = try await visit.form()
    do {
      try await visit.commerce.putNotes(form["text"], of: id, by: visit.caller, from: Int64(form["edition"]))
      return visit.redirect("/studio/shows/\(id)/prompter?saved=yes")
    } catch {
      // What was typed stays in the field, and what somebody else wrote is to be read above it. Saved again, having
      // seen that, it takes its place.
      return try await page(visit, typed: form["text"], visit.complaint(error))
    }
  }

  private static func page(
    _ visit: Visit, typed: String? = nil, _ complaint: Visit.Complaint? = nil
  ) async throws -> Response {
    _ = try visit.requireAccount()
    let id = try visit.id("show", Show.self)
    let notes = try await visit.commerce.notes(of: id, by: visit.caller)
    let show = try await visit.commerce.show(id, by: visit.caller)
    let canWrite = try await visit.commerce.channels(by: visit.caller).contains {
      $0.0.id == show.channel && [.owner, .host].contains($0.1)
    }
    let model = PrompterPage(
      title: show.title, roomURL: "/studio/shows/\(id)", formURL: "/studio/shows/\(id)/prompter",
      notes: notes.text, typed: typed ?? notes.text, hasNotes: !notes.text.isEmpty, edition: notes.edition,
      canWrite: canWrite,
      lengthMax: ShowNotes.lengthMax, error: complaint?.sentence, isSaved: try visit.query("saved") == "yes")
    return try visit.page(
      "studio/prompter", title: "\(visit.words["prompter.title"]) · \(show.title)", status: complaint?.status ?? .ok,
      model)
  }
}

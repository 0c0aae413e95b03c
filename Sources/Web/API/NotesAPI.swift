import Commerce
import HTTPTypes

/// A show's notes, for its people alone.
enum NotesAPI {
  struct NewNotes: Codable, Described {
    let text: String
    let known: Int64?

    static let fields = [
      "text": "At most 10,000 characters.",
      "known": "The edition that this was made from: refused with `show_notes_changed` when there is another by now. "
        + "Without it, this takes the place of whatever there is.",
    ]
  }

  struct Notes: Codable, Described {
    let text: String
    let edition: Int64
    let changedAt: Moment?

    static let fields = ["edition": "Counts up with each change; 0 where nothing was written yet."]

    init(_ notes: ShowNotes) { (text, edition, changedAt) = (notes.text, notes.edition, notes.changed) }
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/shows/{show}/notes", "Shows what a host wants to say in a show, to the channel's members.",
      gives: Notes.self
    ) { call in
      Notes(try await call.commerce.notes(of: call.id("show"), by: call.caller))
    }.by(.account),
    Endpoint(
      .put, "/api/v1/shows/{show}/notes", "Writes a show's notes anew.", takes: NewNotes.self, gives: Notes.self
    ) { call, body in
      Notes(try await call.commerce.putNotes(body.text, of: call.id("show"), by: call.caller, from: body.known))
    }.by(.account),
  ]
}

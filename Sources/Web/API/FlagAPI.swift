import Commerce
import HTTPTypes
import Hummingbird

/// What viewers tell the operator of shows and clips (docs/decisions/0055).
enum FlagAPI {
  struct NewFlag: Codable, Described {
    let reason: Flag.Reason
    let note: String?

    static let fields = ["note": "What a person would add, for the operator alone."]
  }

  struct Counted: Codable {
    let reason: Flag.Reason
    let count: Int
  }

  struct Flagged: Codable, Described {
    let kind: FeedAPI.Kind
    let id: String
    let title: String
    let channel: String
    let page: String
    let count: Int64
    let lastAt: Moment
    let reasons: [Counted]
    let notes: [String]

    static let fields = [
      "kind": "Whether it is a show or a clip; id is of that.", "channel": "Its handle.",
      "notes": "What was said besides, the newest first; at most five.",
    ]

    init(_ film: FlaggedFilm) {
      switch film.subject {
      case .show(let show): (kind, id, page) = (.show, "\(show)", "/watch/\(show)")
      case .clip(let clip): (kind, id, page) = (.clip, "\(clip)", "/clips/\(clip)")
      }
      title = film.title
      channel = film.channelHandle
      count = film.count
      lastAt = film.last
      reasons = film.reasons.map { Counted(reason: $0.reason, count: $0.count) }
      notes = film.notes
    }
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .put, "/api/v1/shows/{show}/flag",
      "Tells the operator that a show ought not to be seen; said again, it is what was said last.", takes: NewFlag.self
    ) { call, body in
      try await call.commerce.flag(
        .show(call.id("show")), body.reason, note: body.note ?? "", by: call.caller, visitor: call.visitor)
    }.limited(.chat).by(.visitor),
    Endpoint(
      .put, "/api/v1/clips/{clip}/flag", "Tells the operator that a clip ought not to be seen.", takes: NewFlag.self
    ) { call, body in
      try await call.commerce.flag(
        .clip(call.id("clip")), body.reason, note: body.note ?? "", by: call.caller, visitor: call.visitor)
    }.limited(.chat).by(.visitor),
    Endpoint(
      .get, "/api/v1/flags",
      "Lists the shows and clips that viewers have flagged and no operator has looked at, at most 100; to operators.",
      gives: List<Flagged>.self
    ) { call in
      List(try await call.commerce.flaggedFilms(by: call.caller).map(Flagged.init))
    }.by(.account),
    Endpoint(
      .delete, "/api/v1/shows/{show}/flags", "Says that an operator has looked at a flagged show.", as: .noContent
    ) { call in
      try await call.commerce.settleFlags(of: .show(call.id("show")), by: call.caller)
      return Response(status: .noContent)
    }.by(.account),
    Endpoint(
      .delete, "/api/v1/clips/{clip}/flags", "Says that an operator has looked at a flagged clip.", as: .noContent
    ) { call in
      try await call.commerce.settleFlags(of: .clip(call.id("clip")), by: call.caller)
      return Response(status: .noContent)
    }.by(.account),
  ]
}

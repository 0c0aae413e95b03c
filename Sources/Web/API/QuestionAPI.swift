import Commerce
import HTTPTypes
import Hummingbird

/// What viewers ask, and what whoever runs the show does about it (docs/decisions/0043).
enum QuestionAPI {
  struct QuestionAnswer: Codable, Described {
    let id: ID<Message>
    let name: String
    let text: String
    let role: String
    let at: Moment
    let state: Message.Question
    let isPinned: Bool

    static let fields = ["isPinned": "Whether it is above the chat now."]

    init(_ question: AskedQuestion) {
      id = question.message.id
      name = question.message.name
      text = question.message.text
      role = question.message.role.rawValue
      at = question.message.at
      state = question.message.question ?? .open
      isPinned = question.isPinned
    }
  }

  struct NewQuestionState: Codable { let state: Message.Question }

  struct QuestionPin: Codable, Described {
    let message: ID<Message>?

    static let fields = ["message": "The question; left out, what is above the chat is taken down."]
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/shows/{show}/questions",
      "Lists a show's questions, at most 100: the open ones, the first asked first; to who moderates.",
      gives: List<QuestionAnswer>.self
    ) { call in
      let asked = try call.query("state") ?? Message.Question.open.rawValue
      guard let state = Message.Question(rawValue: asked) else {
        throw GeneralRefusal.invalid(field: "state", why: "must be open or answered")
      }
      return List(
        try await call.commerce.questions(of: call.id("show"), state, by: call.caller).map(QuestionAnswer.init))
    }.query("state", "`answered` for those that were, the last asked first; `open` when it is left out.").by(.account),
    Endpoint(
      .put, "/api/v1/shows/{show}/messages/{message}/question",
      "Says that a question was answered, or that it was not; for who moderates.", takes: NewQuestionState.self,
      gives: QuestionAnswer.self
    ) { call, body in
      let show: ID<Show> = try call.id("show")
      return QuestionAnswer(
        try await call.commerce.markQuestion(
          body.state, by: call.caller, show: show, message: call.id("message", Message.self),
          mediaTime: call.mediaTime(of: show)))
    }.by(.account),
    Endpoint(
      .put, "/api/v1/shows/{show}/pinned-question",
      "Puts a question above the chat, or takes it down; for who moderates.",
      takes: QuestionPin.self
    ) { call, body in
      let show: ID<Show> = try call.id("show")
      try await call.commerce.pinQuestion(
        by: call.caller, show: show, message: body.message, mediaTime: call.mediaTime(of: show))
    }.by(.account),
  ]
}

import Commerce
import HTTPTypes
import Hummingbird

/// Polls: what a host asks those who watch.
enum PollAPI {
  struct PollAnswer: Codable, Described {
    let id: ID<Poll>
    let show: ID<Show>
    let question: String
    let answers: [String]
    let votes: [Int64]
    let state: Poll.State
    let openedAt: Moment
    let endsAt: Moment
    let closedAt: Moment?
    let openMediaTime: Int64
    let endMediaTime: Int64

    static let fields = [
      "votes": "What each answer has, in their order.",
      "endsAt": "Votes are taken for 3 s more, for those whose picture is behind.",
      "closedAt": "Left out while it is open.", "openMediaTime": "Milliseconds of the show's own clock.",
    ]

    init(_ poll: Poll) {
      id = poll.id
      show = poll.show
      question = poll.question
      answers = poll.answers
      votes = poll.votes
      state = poll.state
      openedAt = poll.opened
      endsAt = poll.ends
      closedAt = poll.closed
      openMediaTime = poll.openMediaTime
      endMediaTime = poll.endMediaTime
    }
  }

  struct BallotAnswer: Codable, Described {
    let poll: PollAnswer
    let mine: Int64?

    static let fields = ["mine": "The answer you voted for, from 0; left out when you have not."]

    init(_ ballot: PollBallot) {
      poll = PollAnswer(ballot.poll)
      mine = ballot.mine
    }
  }

  struct NewPoll: Codable, Described {
    let id: ID<Poll>?
    let question: String
    let answers: [String]
    let durationSeconds: Int64
    let mediaTime: Int64?

    static let fields = [
      "question": "1 to 140 characters.", "answers": "2 to 6, each of 1 to 60 characters, all different.",
      "durationSeconds": "10 to 600.",
    ]
  }

  struct NewVote: Codable, Described {
    let answer: Int64

    static let fields = ["answer": "From 0. Another one later takes the place of this one."]
  }

  static let endpoints: [Endpoint] = forHosts + forEverybody

  private static let forHosts: [Endpoint] = [
    Endpoint(
      .post, "/api/v1/shows/{show}/polls", "Opens a poll in a show on air; for a channel's owners and hosts.",
      takes: NewPoll.self, gives: PollAnswer.self, as: .created
    ) { call, body in
      let show: ID<Show> = try call.id("show")
      return PollAnswer(
        try await call.commerce.openPoll(
          body.id ?? call.commerce.makeID(), by: call.caller, show: show,
          PollDraft(question: body.question, answers: body.answers, durationSeconds: body.durationSeconds),
          mediaTime: body.mediaTime ?? call.mediaTime(of: show)))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/shows/{show}/polls/{poll}/end", "Closes a poll now; for a channel's owners and hosts.",
      gives: PollAnswer.self
    ) { call in
      let show: ID<Show> = try call.id("show")
      return PollAnswer(
        try await call.commerce.closePoll(
          call.id("poll"), by: call.caller, show: show, mediaTime: call.mediaTime(of: show)))
    }.repeated(.ignored).by(.account),
    Endpoint(
      .delete, "/api/v1/shows/{show}/polls/{poll}",
      "Takes a poll away, and forgets what it said; for a channel's owners, hosts and moderators.", as: .noContent
    ) { call in
      try await call.commerce.removePoll(call.id("poll"), by: call.caller, show: call.id("show"))
      return Response(status: .noContent)
    }.by(.account),
  ]

  private static let forEverybody: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/shows/{show}/polls", "Lists a show's polls, the newest first.", gives: List<PollAnswer>.self
    ) { call in
      List(try await call.commerce.polls(of: call.id("show"), by: call.caller).map(PollAnswer.init))
    },
    Endpoint(
      .get, "/api/v1/polls/{poll}", "Shows a poll, and what you voted for.", gives: BallotAnswer.self
    ) { call in
      BallotAnswer(
        try await call.commerce.ballot(
          call.id("poll"), by: call.caller, visitor: call.visitor, address: call.address))
    }.by(.visitor),
    Endpoint(
      .put, "/api/v1/polls/{poll}/vote", "Votes in a poll, once; another vote takes the place of the one before.",
      takes: NewVote.self, gives: BallotAnswer.self
    ) { call, body in
      BallotAnswer(
        try await call.commerce.vote(
          in: call.id("poll"), for: body.answer, by: call.caller, visitor: call.visitor, address: call.address))
    }.by(.visitor),
  ]
}

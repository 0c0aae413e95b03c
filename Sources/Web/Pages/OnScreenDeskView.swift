import Commerce

/// Where a host opens polls and shows announcements and countdowns: `parts/on-screen.mustache`.
struct OnScreenDeskView: Sendable {
  struct Choice: Sendable {
    let value: String
    let text: String
    var isChosen = false
  }

  struct Row: Sendable {
    let id: String
    let question: String
    let text: String
    let sums: [String]
    let canEnd: Bool
  }

  struct BannerRow: Sendable {
    let text: String
    let how: String
  }

  let formURL: String
  let polls: [Row]
  let hasPolls: Bool
  /// Only in a show on air.
  let canPoll: Bool
  /// Then the next waits.
  let isPolling: Bool
  let answers: [Choice]
  let pollDurations: [Choice]
  /// Until the show has ended.
  let canShow: Bool
  let banner: BannerRow?
  let bannerDurations: [Choice]
  let products: [Choice]
  let hasProducts: Bool

  private static let pollSeconds: [Int64] = [15, 30, 60, 120, 180, 300, 600]
  private static let bannerSeconds: [Int64] = [10, 15, 30, 60, 120, 180, 300, 600, 900]

  init(
    _ polls: [Poll], banner: Banner?, cards: [ProductCard], state: ShowState, formURL: String, now: Moment,
    _ words: Words
  ) {
    self.formURL = formURL
    self.polls = polls.map { poll in
      Row(
        id: "\(poll.id)", question: poll.question, text: words.state(of: poll, at: now),
        sums: zip(poll.answers, poll.votes).map { "\($0) \(Figures.grouped($1))" }, canEnd: poll.state == .open)
    }
    hasPolls = !polls.isEmpty
    canPoll = state == .live
    isPolling = polls.contains { $0.state == .open }
    answers = (0..<6).map {
      Choice(value: "\($0)", text: words["onscreenDesk.answer", ["number": "\($0 + 1)"]], isChosen: $0 < 2)
    }
    canShow = state != .ended
    self.banner = banner.flatMap { banner in
      guard banner.ends > now else { return nil }
      return BannerRow(text: banner.text, how: words["onscreenDesk.till", ["time": banner.ends.plainText]])
    }
    func choices(_ seconds: [Int64], chosen: Int64) -> [Choice] {
      seconds.map { seconds in
        let text =
          seconds % 60 == 0
          ? words["giveawayDesk.minutes", ["count": "\(seconds / 60)"]]
          : words["giveawayDesk.seconds", ["count": "\(seconds)"]]
        return Choice(value: "\(seconds)", text: text, isChosen: seconds == chosen)
      }
    }
    pollDurations = choices(Self.pollSeconds, chosen: 60)
    bannerDurations = choices(Self.bannerSeconds, chosen: 30)
    products = cards.map { Choice(value: "\($0.id)", text: $0.title) }
    hasProducts = !products.isEmpty
  }
}

extension Words {
  /// How a poll stands, for its host.
  fileprivate func state(of poll: Poll, at now: Moment) -> String {
    let all = plural("onscreenDesk.votes", poll.votesInAll)
    if poll.state != .open { return "\(self["onscreenDesk.closed"]) · \(all)" }
    if poll.ends <= now { return "\(self["onscreenDesk.closing"]) · \(all)" }
    return "\(self["onscreenDesk.till", ["time": poll.ends.plainText]]) · \(all)"
  }
}

extension Visit {
  /// Does what a form of the desk asks for.
  ///
  /// - Parameter mediaTime: where the show's clock stands, in milliseconds.
  func putOnScreen(_ form: Form, in show: ID<Show>, mediaTime: Int64?) async throws {
    func number(_ name: String) throws -> Int64 {
      guard let value = Int64(form[name]) else {
        throw GeneralRefusal.invalid(field: name, why: "must be a whole number")
      }
      return value
    }
    func poll() throws -> ID<Poll> {
      guard let id = ID<Poll>(form["poll"]) else { throw Problem.notFound("poll") }
      return id
    }
    switch form["do"] {
    case "poll":
      let answers = (0..<6).map { form["answer\($0)"] }.filter { !$0.allSatisfy(\.isWhitespace) }
      _ = try await commerce.openPoll(
        commerce.makeID(), by: caller, show: show,
        PollDraft(question: form["question"], answers: answers, durationSeconds: try number("duration")),
        mediaTime: mediaTime)
    case "end-poll": try await commerce.closePoll(poll(), by: caller, show: show, mediaTime: mediaTime)
    case "remove-poll": try await commerce.removePoll(poll(), by: caller, show: show)
    case "hide-banner": try await commerce.hideBanner(by: caller, show: show, mediaTime: mediaTime)
    default:
      let isCountdown = form["form"] == "countdown"
      let product = ID<Product>(form["product"])
      guard product != nil || form["product"].isEmpty else { throw Problem.notFound("product") }
      let end: BannerDraft.End =
        try isCountdown && !form["until"].isEmpty
        ? .at(ShowFormPage.moment(form["until"], offsetMinutes: form["offset"], "until"))
        : .after(seconds: number("seconds"))
      _ = try await commerce.showBanner(
        commerce.makeID(), by: caller, show: show,
        BannerDraft(text: form["text"], product: product, isCountdown: isCountdown, end: end), mediaTime: mediaTime)
    }
  }
}

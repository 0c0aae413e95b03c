import Commerce

/// How a show is or was watched, for those who run it.
struct AudienceView: Sendable {
  struct ReactionView: Sendable {
    let kind: String
    let name: String
    let countText: String
  }

  let viewersText: String
  let peakText: String
  let watchedText: String
  let rateText: String
  let reactions: [ReactionView]
  let isOver: Bool

  init(_ audience: AudienceAPI.Audience, isOver: Bool, _ words: Words) throws {
    let taps = try audience.reactions.taps()
    viewersText = Figures.grouped(Int64(audience.viewers))
    peakText = Figures.grouped(audience.peak)
    watchedText = words["audience.minutes", ["minutes": Figures.grouped(audience.watchedSeconds / 60)]]
    rateText = Figures.grouped(audience.reactionsPerMinute)
    reactions = Reaction.allCases.map {
      ReactionView(kind: $0.rawValue, name: words["audience.\($0.rawValue)"], countText: Figures.grouped(taps[$0]))
    }
    self.isOver = isOver
  }
}

/// Why a show was not changed.
public enum ShowRefusal: Refusal, Equatable {
  case notLive
  case ended
  case tooManyShows(limit: Int)
  case runFull(limit: Int)

  public var code: String {
    switch self {
    case .notLive: "show_not_live"
    case .ended: "show_ended"
    case .tooManyShows: "too_many_shows"
    case .runFull: "run_full"
    }
  }

  public var sentence: String {
    switch self {
    case .notLive: "The show is not on air. Start it first."
    case .ended: "The show has ended. Schedule a new one."
    case .tooManyShows(let limit): "A channel has at most \(limit) shows that have not ended. End one first."
    case .runFull(let limit): "A run of show has at most \(limit) products. Take one out first."
    }
  }

  public var kind: RefusalKind { .conflict }
}

/// Why a show was not changed.
public enum ShowRefusal: Refusal, Equatable {
  case notLive
  case ended
  case onAir
  case tooManyShows(limit: Int)
  case runFull(limit: Int)
  case runChanged
  case notesChanged

  public var code: String {
    switch self {
    case .notLive: "show_not_live"
    case .ended: "show_ended"
    case .onAir: "show_on_air"
    case .tooManyShows: "too_many_shows"
    case .runFull: "run_full"
    case .runChanged: "run_changed"
    case .notesChanged: "show_notes_changed"
    }
  }

  public var sentence: String {
    switch self {
    case .notLive: "The show is not on air. Start it first."
    case .ended: "The show has ended. Schedule a new one."
    case .onAir: "The show is on air. End it instead."
    case .tooManyShows(let limit): "A channel has at most \(limit) shows that have not ended. End one first."
    case .runFull(let limit): "A run of show has at most \(limit) products. Take one out first."
    case .runChanged:
      "Somebody else has changed the run of the show meanwhile. Look at it as it is now, and save again."
    case .notesChanged:
      "Somebody else has written in these notes meanwhile. Look at them as they are now, and save again."
    }
  }

  public var kind: RefusalKind { .conflict }
}

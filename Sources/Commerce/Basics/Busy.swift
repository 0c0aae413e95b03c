import Store

/// The database had too much to do. Nothing was done; the same call may be made again.
public enum Busy: Refusal, Equatable {
  case database

  /// Nil for any other error.
  public init?(_ error: any Error) {
    switch error as? StoreFault {
    case .overloaded, .contended: self = .database
    default: return nil
    }
  }

  public var code: String { "busy" }
  public var sentence: String { "There is too much to do at this moment. Try again in a second." }
  public var kind: RefusalKind { .busy }
}

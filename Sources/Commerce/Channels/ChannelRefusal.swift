/// Why a channel or its members were not changed.
public enum ChannelRefusal: Refusal, Equatable {
  case handleTaken
  case tooManyChannels(limit: Int)
  case tooManyMembers(limit: Int)
  case noSuchPerson
  case lastOwner
  case notApproved
  case wrongTurn(from: ChannelState, to: ChannelState)

  public var code: String {
    switch self {
    case .handleTaken: "handle_taken"
    case .tooManyChannels: "too_many_channels"
    case .tooManyMembers: "too_many_members"
    case .noSuchPerson: "no_such_person"
    case .lastOwner: "last_owner"
    case .notApproved: "channel_not_approved"
    case .wrongTurn: "channel_state"
    }
  }

  public var sentence: String {
    switch self {
    case .handleTaken: "Another channel has this handle. Choose another."
    case .tooManyChannels(let limit): "An account has at most \(limit) channels."
    case .tooManyMembers(let limit): "A channel has at most \(limit) members. Remove one first."
    case .noSuchPerson: "There is no account with this e-mail address. Ask the person to sign up first."
    case .lastOwner: "A channel keeps at least one owner. Make another one first."
    case .notApproved: "The operator has not approved this channel."
    case .wrongTurn(let from, let to): "A channel that is \(from.rawValue) cannot become \(to.rawValue)."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .noSuchPerson: .invalid
    default: .conflict
    }
  }

  public var field: String? {
    switch self {
    case .handleTaken: "handle"
    case .noSuchPerson: "email"
    case .wrongTurn: "state"
    default: nil
    }
  }
}

/// Why an account was not made, or someone not let in.
public enum PeopleRefusal: Refusal, Equatable {
  case emailTaken
  case wrongEmailOrPassword
  case tooManyAttempts(seconds: Int64)
  case busy
  case setupTokenUnknown
  case tooManyKeys(limit: Int)

  public var code: String {
    switch self {
    case .emailTaken: "email_taken"
    case .wrongEmailOrPassword: "wrong_email_or_password"
    case .tooManyAttempts: "too_many_attempts"
    case .busy: "sign_in_busy"
    case .setupTokenUnknown: "setup_token_unknown"
    case .tooManyKeys: "too_many_keys"
    }
  }

  public var sentence: String {
    switch self {
    case .emailTaken: "There is an account with this e-mail address already. Sign in instead."
    case .wrongEmailOrPassword: "The e-mail address or the password is wrong."
    case .tooManyAttempts(let seconds): "Too many attempts. Try again in \(seconds) seconds."
    case .busy: "Too many people are signing in at this moment. Try again in a few seconds."
    case .setupTokenUnknown: "This link has been used or is too old. Restart the program for a new one."
    case .tooManyKeys(let limit): "An account has at most \(limit) API keys. Revoke one first."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .emailTaken: .conflict
    case .wrongEmailOrPassword: .unauthenticated
    case .tooManyAttempts, .busy: .limited
    case .setupTokenUnknown: .gone
    case .tooManyKeys: .conflict
    }
  }

  public var field: String? {
    switch self {
    case .emailTaken: "email"
    case .setupTokenUnknown: "token"
    default: nil
    }
  }
}

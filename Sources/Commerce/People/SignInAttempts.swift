/// How often one may try to sign in: by where the attempts come from, and by whose account they are on.
final class SignInAttempts: Sendable {
  private let byAddress: RateLimit
  private let byEmail: RateLimit

  init(policy: Policy) {
    byAddress = RateLimit(burst: policy.signInBurst, everyMilliseconds: policy.signInAddressSeconds * 1000)
    byEmail = RateLimit(burst: policy.signInBurst, everyMilliseconds: policy.signInEmailSeconds * 1000)
  }

  /// Throws `PeopleRefusal.tooManyAttempts`.
  func take(address: String, email: String, at now: Moment) throws {
    guard let wait = byAddress.take(address, at: now) ?? byEmail.take(email, at: now) else { return }
    throw PeopleRefusal.tooManyAttempts(seconds: (wait + 999) / 1000)
  }
}

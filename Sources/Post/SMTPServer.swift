/// The server that mail is handed to. Its password is a secret: it is in no description.
public struct SMTPServer: Sendable, CustomStringConvertible {
  public enum Security: String, Sendable, CaseIterable {
    /// Begins in the clear and is encrypted before anything is said (RFC 3207); without encryption nothing is.
    case starttls
    /// Encrypted from the first byte (RFC 8314).
    case tls
    /// In the clear.
    case none
  }

  /// How long one conversation may take, at most: `connectSeconds`, some ten answers, and `takenSeconds`.
  public struct Limits: Sendable {
    public var connectSeconds: Int64 = 30
    /// For each answer.
    public var answerSeconds: Int64 = 30
    /// For the answer to a whole message: too little would send it again (RFC 5321 §4.5.3.2.6).
    public var takenSeconds: Int64 = 600

    public init() {}

    /// The longest a delivery can take.
    public var deliverySeconds: Int64 { connectSeconds + 10 * answerSeconds + takenSeconds }
  }

  public var host: String
  public var port: Int
  public var security: Security
  /// Empty for none: then nobody signs in.
  public var user: String
  public var password: String
  /// What this side calls itself: a domain name.
  public var ownName: String
  /// A PEM file with authorities beside those of the system; nil for none.
  public var authoritiesPath: String?
  public var limits = Limits()

  public init(
    host: String, port: Int, security: Security = .starttls, user: String = "", password: String = "",
    ownName: String = "localhost", authoritiesPath: String? = nil
  ) {
    self.host = host
    self.port = port
    self.security = security
    self.user = user
    self.password = password
    self.ownName = ownName
    self.authoritiesPath = authoritiesPath
  }

  public var description: String { "\(host):\(port) (\(security.rawValue))" }
}

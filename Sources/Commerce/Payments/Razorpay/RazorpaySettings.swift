/// What an operator got from Razorpay's dashboard. Keys are shown to nobody: neither its description nor a mirror has them.
public struct RazorpaySettings: Sendable, CustomStringConvertible, CustomReflectable {
  /// Razorpay's own address.
  public static let apiBase = "https://api.razorpay.com"

  /// While a secret is changed there are two: deliveries that are repeated stay signed with the old one.
  public static let webhookSecretsMax = 2

  let keyID: String
  let keySecret: String
  let webhookSecrets: [String]
  let apiBase: String

  public init(
    keyID: String, keySecret: String, webhookSecrets: [String], apiBase: String = RazorpaySettings.apiBase
  ) {
    self.keyID = keyID
    self.keySecret = keySecret
    self.webhookSecrets = webhookSecrets
    self.apiBase = apiBase.hasSuffix("/") ? String(apiBase.dropLast()) : apiBase
  }

  /// Whether the key moves money: those of test mode say so (`rzp_test_…`).
  var isLive: Bool { keyID.hasPrefix("rzp_live_") }

  public var description: String { "Razorpay (\(isLive ? "live" : "test") mode)" }

  public var customMirror: Mirror { Mirror(reflecting: description) }
}

/// What an operator got from Stripe's dashboard. Keys are shown to nobody: neither its description nor a mirror has them.
public struct StripeSettings: Sendable, CustomStringConvertible, CustomReflectable {
  /// Stripe's own address.
  public static let apiBase = "https://api.stripe.com"

  /// The version of the API that this program speaks, whatever the account's own is: what is asked and answered is of
  /// this date (https://docs.stripe.com/api/versioning).
  public static let apiVersion = "2026-10-28.endive"

  /// While a secret is changed there are two; more would be a mistake.
  public static let webhookSecretsMax = 2

  let secretKey: String
  /// The one of the pair that browsers may have.
  public let publishableKey: String
  let webhookSecrets: [String]
  let apiBase: String
  /// Where the buyer's browser goes after a second step, of a path of ours: the order's page, or that of the account's
  /// cards.
  let returnURL: @Sendable (_ path: String) -> String

  public init(
    secretKey: String, publishableKey: String, webhookSecrets: [String], apiBase: String = StripeSettings.apiBase,
    returnURL: @escaping @Sendable (_ path: String) -> String
  ) {
    self.secretKey = secretKey
    self.publishableKey = publishableKey
    self.webhookSecrets = webhookSecrets
    self.apiBase = apiBase.hasSuffix("/") ? String(apiBase.dropLast()) : apiBase
    self.returnURL = returnURL
  }

  /// Whether the key moves money: those of test mode say so (`sk_test_…`, `rk_test_…`).
  var isLive: Bool { secretKey.hasPrefix("sk_live_") || secretKey.hasPrefix("rk_live_") }

  public var description: String { "Stripe (\(isLive ? "live" : "test") mode)" }

  public var customMirror: Mirror { Mirror(reflecting: description) }
}

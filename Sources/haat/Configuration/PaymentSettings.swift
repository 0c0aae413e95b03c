import Commerce
import Foundation

extension Settings {
  /// What Stripe is reached with; nil when there is no key.
  func stripe(publicURL: String) -> StripeSettings? {
    guard !text("payments.stripe.secretKey").isEmpty else { return nil }
    return StripeSettings(
      secretKey: text("payments.stripe.secretKey"), publishableKey: text("payments.stripe.publishableKey"),
      webhookSecrets: Self.webhookSecrets(text("payments.stripe.webhookSecrets")),
      apiBase: text("payments.stripe.apiBase"), returnURL: { "\(publicURL)\($0)" })
  }

  /// What is wrong with the keys, and where it was said; a key is never repeated.
  static func stripeProblem(_ values: [String: String], _ sources: [String: String]) -> ConfigurationProblem? {
    func problem(_ name: String, _ why: String) -> ConfigurationProblem {
      let setting = "payments.stripe.\(name)"
      return ConfigurationProblem(source: sources[setting] ?? setting, why: "“\(setting)”: \(why)")
    }
    func value(_ name: String) -> String { values["payments.stripe.\(name)"] ?? "" }
    let (secret, publishable) = (value("secretKey"), value("publishableKey"))
    if secret.isEmpty {
      return values["payments.provider"] == "stripe"
        ? problem("secretKey", "payments.provider is stripe, which needs it") : nil
    }
    guard let mode = ["test", "live"].first(where: { secret.hasPrefix("sk_\($0)_") || secret.hasPrefix("rk_\($0)_") })
    else { return problem("secretKey", "it does not begin with sk_test_, sk_live_, rk_test_ or rk_live_") }
    guard secret.utf8.allSatisfy(isPlain) else { return problem("secretKey", "it has a character that no key has") }
    guard publishable.hasPrefix("pk_\(mode)_"), publishable.utf8.allSatisfy(isPlain) else {
      return problem("publishableKey", "it does not begin with pk_\(mode)_, as the secret key's pair does")
    }
    let secrets = webhookSecrets(value("webhookSecrets"))
    guard (1...StripeSettings.webhookSecretsMax).contains(secrets.count), secrets.allSatisfy({ $0.hasPrefix("whsec_") })
    else { return problem("webhookSecrets", "there must be one or two, each beginning with whsec_") }
    guard let base = URL(string: value("apiBase")), let host = base.host(),
      base.scheme == "https" || (base.scheme == "http" && ["127.0.0.1", "localhost", "::1"].contains(host)),
      base.path().isEmpty || base.path() == "/", base.query() == nil, base.user() == nil
    else { return problem("apiBase", "it is not an https address without a path (http only for this machine)") }
    if mode == "live", !(values["public.url"] ?? "").hasPrefix("https://") {
      return problem("secretKey", "it moves money, and Stripe's page needs a public.url with https:// to come back to")
    }
    return nil
  }

  private static func webhookSecrets(_ text: String) -> [String] {
    text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }

  private static func isPlain(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }
}

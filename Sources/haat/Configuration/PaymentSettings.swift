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
    guard isBase(value("apiBase")) else { return problem("apiBase", noBase) }
    if mode == "live", !(values["public.url"] ?? "").hasPrefix("https://") {
      return problem("secretKey", "it moves money, and Stripe's page needs a public.url with https:// to come back to")
    }
    return nil
  }

  /// What Razorpay is reached with; nil when there is no key.
  var razorpay: RazorpaySettings? {
    guard !text("payments.razorpay.keyId").isEmpty else { return nil }
    return RazorpaySettings(
      keyID: text("payments.razorpay.keyId"), keySecret: text("payments.razorpay.keySecret"),
      webhookSecrets: Self.webhookSecrets(text("payments.razorpay.webhookSecrets")),
      apiBase: text("payments.razorpay.apiBase"))
  }

  /// The same for Razorpay's.
  static func razorpayProblem(_ values: [String: String], _ sources: [String: String]) -> ConfigurationProblem? {
    func problem(_ name: String, _ why: String) -> ConfigurationProblem {
      ConfigurationProblem(source: sources[name] ?? name, why: "“\(name)”: \(why)")
    }
    func own(_ name: String, _ why: String) -> ConfigurationProblem { problem("payments.razorpay.\(name)", why) }
    func value(_ name: String) -> String { values["payments.razorpay.\(name)"] ?? "" }
    let isChosen = values["payments.provider"] == "razorpay"
    if values["payments.provider"] == "none", values["payments.connect"] == "true" {
      return problem("payments.connect", "payments.provider is none, and so there is nobody to be paid through")
    }
    let id = value("keyId")
    if id.isEmpty {
      if isChosen { return own("keyId", "payments.provider is razorpay, which needs it") }
      return value("keySecret").isEmpty ? nil : own("keyId", "there is a secret, but not the id it belongs to")
    }
    guard id.hasPrefix("rzp_test_") || id.hasPrefix("rzp_live_"), id.utf8.allSatisfy({ isPlain($0) && $0 != 0x3A })
    else { return own("keyId", "it does not begin with rzp_test_ or rzp_live_") }
    guard !value("keySecret").isEmpty, value("keySecret").utf8.allSatisfy(isPlain) else {
      return own("keySecret", "it is missing, or has a character that no key has")
    }
    let secrets = webhookSecrets(value("webhookSecrets"))
    guard (1...RazorpaySettings.webhookSecretsMax).contains(secrets.count),
      secrets.allSatisfy({ $0.utf8.count >= 8 && $0.utf8.allSatisfy(isPlain) })
    else { return own("webhookSecrets", "there must be one or two, each of at least 8 characters") }
    guard isBase(value("apiBase")) else { return own("apiBase", noBase) }
    return nil
  }

  private static func isBase(_ text: String) -> Bool {
    guard let base = URL(string: text), let host = base.host() else { return false }
    return (base.scheme == "https" || (base.scheme == "http" && ["127.0.0.1", "localhost", "::1"].contains(host)))
      && (base.path().isEmpty || base.path() == "/") && base.query() == nil && base.user() == nil
  }

  private static let noBase = "it is not an https address without a path (http only for this machine)"

  private static func webhookSecrets(_ text: String) -> [String] {
    text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }

  private static func isPlain(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }
}

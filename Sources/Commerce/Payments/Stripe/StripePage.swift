/// What a page with Stripe's own fields for a card needs. Their script comes from Stripe: that is what keeps card numbers
/// away from us (PCI DSS), and the one thing a page of ours ever loads from another host.
extension StripeSettings {
  /// The browser's library in the version that goes with `apiVersion` (https://docs.stripe.com/sdks/stripejs-versioning).
  /// A stand-in for Stripe brings its own.
  public var scriptURL: String {
    let train = Self.apiVersion.split(separator: ".").last ?? ""
    return isStripeItself ? "https://js.stripe.com/\(train)/stripe.js" : apiBase + "/_config/stripe.js"
  }

  /// What the page's Content-Security-Policy has to allow (https://docs.stripe.com/security/guide#content-security-policy):
  /// the script, its frames and the bank's, and the calls it makes.
  public var pageSources: (script: [String], frame: [String], connect: [String]) {
    guard isStripeItself else { return ([apiBase], [apiBase], [apiBase]) }
    let own = ["https://js.stripe.com", "https://*.js.stripe.com"]
    return (own, own + ["https://hooks.stripe.com"], ["https://api.stripe.com"])
  }

  var isStripeItself: Bool { apiBase == Self.apiBase }
}

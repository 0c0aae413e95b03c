import Commerce
import HTTPTypes
import Hummingbird

/// The partner whose link brought this browser here, remembered for a day: the last link wins.
///
/// It holds the partner's public key and nothing of the visitor, is this installation's own, and goes to no other site.
struct ViaCookie: Sendable {
  static let name = "haat_via"

  let isSecure: Bool
  let hours: Int64

  /// What a page that was asked for with `?via=` sets. An empty one forgets; what can be no key changes nothing.
  func setting(_ asked: String) -> HTTPField? {
    guard !asked.isEmpty else { return cookie("", maxAge: 0) }
    return Partner.readVia(asked).map { cookie($0, maxAge: hours * 3600) }
  }

  private func cookie(_ value: String, maxAge: Int64) -> HTTPField {
    let secure = isSecure ? "; Secure" : ""
    return HTTPField(
      name: .setCookie, value: "\(Self.name)=\(value); Path=/; Max-Age=\(maxAge); HttpOnly; SameSite=Lax\(secure)")
  }
}

extension OrderAPI.NewOrder {
  /// What the order says of where it comes from, and else the last link that this browser followed. A frame in another
  /// site's page says it all: a link that was followed elsewhere has no part in what is bought there.
  func source(_ request: Request) -> OrderSource {
    let followed = site == nil ? request.cookies[ViaCookie.name]?.value : nil
    return OrderSource(via: via ?? followed, site: site, mediaTime: mediaTime, clip: clip)
  }
}

import Commerce
import HTTPTypes
import Hummingbird

/// By what the tabs of one guest's browser are counted as one viewer.
///
/// A number that says nothing of anybody: set by the event stream of a show, sent to the addresses of shows only, gone
/// when the browser is closed, and written down nowhere. It opens nothing, so it is no secret.
enum ViewerCookie {
  static let name = "haat_viewer"
  /// By what a page that has no cookie, a frame in another site's, says the same.
  static let parameter = "viewer"

  static func value(_ request: Request) -> ID<Viewer>? {
    request.uri.queryParameters[parameter[...]].flatMap { ID<Viewer>(String($0)) }
      ?? request.cookies[name].flatMap { ID<Viewer>(String($0.value)) }
  }

  static func setting(_ id: ID<Viewer>, isSecure: Bool) -> HTTPField {
    let secure = isSecure ? "; Secure" : ""
    return HTTPField(
      name: .setCookie, value: "\(name)=\(id); Path=/api/v1/shows; HttpOnly; SameSite=Lax\(secure)")
  }
}

extension Call {
  /// Who watches, of those that are known again: an account, or a browser.
  var viewer: String? {
    if let account = caller.account { return "account \(account)" }
    return ViewerCookie.value(request).map { "browser \($0)" }
  }
}

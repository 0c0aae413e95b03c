import Commerce
import Hummingbird

/// `/sandbox/authentications/{payment}`: plays the buyer's bank, which asks for a second step.
///
/// With `?return=` it then sends the browser there, with `payment=approved` or `payment=refused` added.
struct AuthenticationPage: Sendable {
  let reference: String
  /// Nil when a card is saved.
  let amountText: String?
  let isOpen: Bool
  let formURL: String
  let returnPath: String

  static func show(_ visit: Visit) async throws -> Response {
    let payment = try visit.parameter("payment")
    guard let found = try await visit.site.sandbox?.authentication(payment) else { throw Problem.notFound("payment") }
    let model = AuthenticationPage(
      reference: found.reference, amountText: found.amount.map(visit.words.money), isOpen: found.isOpen,
      formURL: visit.request.uri.path, returnPath: try Visit.safeReturn(visit.query("return")))
    // As a bank's own page, it is asked for in any shop's frame, and that in any site's.
    return try visit.page("authentication", title: visit.words["bank.title"], model).framed(by: .anyone)
  }

  static func answer(_ visit: Visit) async throws -> Response {
    guard let sandbox = visit.site.sandbox else { throw Problem.notFound("payment") }
    let form = try await visit.form()
    let approved = form["answer"] == "approve"
    try await sandbox.authenticate(visit.parameter("payment"), approved: approved)
    let path = Visit.safeReturn(form["return"])
    let mark = path.contains("?") ? "&" : "?"
    return visit.redirect("\(path)\(mark)payment=\(approved ? "approved" : "refused")")
  }
}

import Hummingbird

/// A refusal or a fault, as a page with a next step.
struct ErrorPage: Sendable {
  let status: String
  let headline: String
  let explanation: String
  let requestID: String?
  let actionURL: String
  let actionText: String

  init(_ problem: Problem, requestID: String, path: String, _ words: Words) {
    status = String(problem.status)
    switch problem.status {
    case 404:
      headline = words["errors.notFoundHeadline"]
      explanation = words["errors.notFoundText"]
    case 403:
      headline = words["errors.forbiddenHeadline"]
      explanation = words["errors.forbiddenText"]
    case 429:
      headline = words["errors.limitedHeadline"]
      explanation = words["errors.limitedText"]
    case 500...:
      headline = words["errors.faultHeadline"]
      explanation = words["errors.faultText"]
    default:
      headline = words["errors.otherHeadline"]
      explanation = words.sentence(for: problem)
    }
    self.requestID = problem.status >= 500 ? requestID : nil
    let again = problem.status == 429 || problem.status >= 500
    actionURL = again ? path : "/"
    actionText = words[again ? "errors.again" : "errors.home"]
  }

  /// Who is not signed in is asked to; everybody else sees what was wrong.
  static func answer(_ problem: Problem, _ visit: Visit) throws -> Response {
    if problem.code == "sign_in_needed", visit.request.method == .get {
      return visit.redirect("/sign-in?return=\(Visit.encoded(visit.request.uri.path))")
    }
    let model = ErrorPage(problem, requestID: visit.context.id, path: visit.request.uri.path, visit.words)
    return try visit.page("error", title: model.headline, status: problem.responseStatus, model)
  }
}

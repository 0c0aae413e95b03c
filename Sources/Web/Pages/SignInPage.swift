import Commerce
import Hummingbird

/// `/sign-in`, and the way out.
struct SignInPage: Sendable {
  let returnPath: String
  let returnEncoded: String
  var email = ""
  var error: String?

  init(returnPath: String) {
    self.returnPath = returnPath
    returnEncoded = Visit.encoded(returnPath)
  }

  static func show(_ visit: Visit) async throws -> Response {
    let page = try SignInPage(returnPath: Visit.safeReturn(visit.query("return")))
    if visit.context.account != nil { return visit.redirect(page.returnPath) }
    return try visit.page("sign-in", title: visit.words["sign.inTitle"], page)
  }

  static func signIn(_ visit: Visit) async throws -> Response {
    let form = try await visit.form()
    var page = SignInPage(returnPath: Visit.safeReturn(form["return"]))
    do {
      return try await visit.signedIn(
        email: form["email"], password: form.exact("password"), thenTo: page.returnPath)
    } catch {
      let complaint = try visit.complaint(error)
      page.email = form["email"]
      page.error = complaint.sentence
      return try visit.page("sign-in", title: visit.words["sign.inTitle"], status: complaint.status, page)
    }
  }

  static func signOut(_ visit: Visit) async throws -> Response {
    if let token = visit.request.cookies[SessionCookie.name]?.value { try await visit.commerce.signOut(token: token) }
    var response = visit.redirect("/")
    response.headers.append(visit.site.sessionCookie.removing)
    return response
  }
}

/// `/sign-up`: an account to buy, sell and host.
struct SignUpPage: Sendable {
  let returnPath: String
  let returnEncoded: String
  var name = ""
  var email = ""
  var error: String?

  init(returnPath: String) {
    self.returnPath = returnPath
    returnEncoded = Visit.encoded(returnPath)
  }

  static func show(_ visit: Visit) async throws -> Response {
    let page = try SignUpPage(returnPath: Visit.safeReturn(visit.query("return")))
    return try visit.page("sign-up", title: visit.words["sign.upTitle"], page)
  }

  static func signUp(_ visit: Visit) async throws -> Response {
    let form = try await visit.form()
    var page = SignUpPage(returnPath: Visit.safeReturn(form["return"]))
    do {
      try visit.site.limits.take(.signUp, visit.address)
      let password = form.exact("password")
      _ = try await visit.commerce.makeAccount(
        visit.commerce.makeID(), email: form["email"], name: form["name"], password: password,
        address: visit.address)
      return try await visit.signedIn(email: form["email"], password: password, thenTo: page.returnPath)
    } catch {
      let complaint = try visit.complaint(error)
      page.name = form["name"]
      page.email = form["email"]
      page.error = complaint.sentence
      return try visit.page("sign-up", title: visit.words["sign.upTitle"], status: complaint.status, page)
    }
  }
}

/// `/setup?token=`: the first operator's account, made once with the code that the server printed.
struct SetupPage: Sendable {
  var token = ""
  var name = ""
  var email = ""
  var error: String?

  static func show(_ visit: Visit) async throws -> Response {
    try visit.page(
      "setup", title: visit.words["setup.title"], SetupPage(token: String((visit.query("token") ?? "").prefix(200))))
  }

  static func make(_ visit: Visit) async throws -> Response {
    let form = try await visit.form()
    do {
      try visit.site.limits.take(.signUp, visit.address)
      let password = form.exact("password")
      _ = try await visit.commerce.makeOperator(
        token: form["token"], email: form["email"], name: form["name"], password: password)
      return try await visit.signedIn(email: form["email"], password: password, thenTo: "/operator")
    } catch {
      let complaint = try visit.complaint(error)
      let page = SetupPage(
        token: form["token"], name: form["name"], email: form["email"], error: complaint.sentence)
      return try visit.page("setup", title: visit.words["setup.title"], status: complaint.status, page)
    }
  }
}

extension Visit {
  /// Signs in and sends the browser on, with its cookie.
  fileprivate func signedIn(email: String, password: String, thenTo path: String) async throws -> Response {
    let signedIn = try await commerce.signIn(email: email, password: password, address: address)
    var response = redirect(path)
    response.headers.append(
      site.sessionCookie.setting(signedIn.token, until: signedIn.expires, now: commerce.clock.now))
    return response
  }
}

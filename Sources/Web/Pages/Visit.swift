import Commerce
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// One request for a page: who asks, and in which language to answer.
struct Visit: Sendable {
  let site: Site
  let request: Request
  let context: WebContext
  let words: Words

  init(_ request: Request, _ context: WebContext, _ site: Site) throws {
    guard let words = site.screens.words(context.language) ?? site.screens.words("en") else { throw Problem.fault }
    self.site = site
    self.request = request
    self.context = context
    self.words = words
  }

  var commerce: Commerce { site.commerce }
  var caller: Caller { context.caller }

  /// Throws `GeneralRefusal.signInNeeded` for a guest.
  func requireAccount() throws -> Account {
    guard let account = context.account else { throw GeneralRefusal.signInNeeded }
    return account
  }

  /// The id in the address; what is no id names nothing.
  func id<Entity>(_ parameter: String, _ entity: Entity.Type) throws -> ID<Entity> {
    guard let text = context.parameters.get(parameter), let id = ID<Entity>(text) else {
      throw Problem.notFound("page")
    }
    return id
  }

  func parameter(_ name: String) throws -> String {
    guard let text = context.parameters.get(name) else { throw Problem.notFound("page") }
    return PlainQuery.part(text)
  }

  /// Throws a 400 for what no text has, such as NUL.
  func query(_ name: String) throws -> String? { try PlainQuery.value(name, of: request.uri) }

  /// Where a list goes on. Throws a 400 for what is no cursor.
  var cursor: Cursor? { get throws { try Cursor.after(query("after")) } }

  /// What a page asks of a list, where the operator allows so much.
  func pageLimit(_ wanted: Int) -> Int { commerce.policy.pageLimit(wanted) }

  /// How many watch now.
  func viewers(of show: ID<Show>) async -> Int { await site.rooms.viewers(show) }

  func form() async throws -> Form {
    try site.limits.take(.writes, address)
    return try await Form(request, limit: site.configuration.limits.bodyBytes)
  }

  var address: String { context.address(of: request, site.configuration) }

  /// What a form says about a refusal; a fault is thrown on.
  func complaint(_ error: any Error) throws -> Complaint {
    guard let problem = Problem(error) else { throw error }
    // Nothing on the page would help: these are pages of their own.
    guard ![401, 404].contains(problem.status) || problem.code == "wrong_email_or_password" else { throw error }
    return Complaint(status: problem.responseStatus, sentence: words.sentence(for: problem))
  }

  struct Complaint: Sendable {
    let status: HTTPResponse.Status
    let sentence: String
  }
}

extension Visit {
  func page(
    _ template: String, title: String, description: String? = nil, sharing: Sharing? = nil,
    status: HTTPResponse.Status = .ok, modules: [String] = [], _ model: some Sendable
  ) throws -> Response {
    let frame = frame(template, title: title, description: description, sharing: sharing, modules: modules)
    guard let html = site.screens.render(template, model, frame, words) else { throw Problem.fault }
    var headers: HTTPFields = [.contentType: "text/html; charset=utf-8", .contentLanguage: words.language]
    if let asked = try? query("lang"), asked == words.language {
      headers[.setCookie] = "\(Languages.cookie)=\(asked); Path=/; Max-Age=31536000; SameSite=Lax"
    }
    if request.method == .get, let asked = try? query("via"), let cookie = viaCookie.setting(asked) {
      headers.append(cookie)
    }
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
  }

  private var viaCookie: ViaCookie {
    ViaCookie(isSecure: site.configuration.secureCookies, hours: commerce.policy.attributionHours)
  }

  /// After a form: the browser fetches `path`, and a reload sends nothing twice.
  func redirect(_ path: String) -> Response {
    Response(status: .seeOther, headers: [.location: path, .cacheControl: "no-store"])
  }

  /// The same, with a cookie.
  func redirect(_ path: String, settingCookie cookie: HTTPField) -> Response {
    var response = redirect(path)
    response.headers.append(cookie)
    return response
  }

  private func frame(
    _ template: String, title: String, description: String?, sharing: Sharing?, modules: [String]
  ) -> Frame {
    let path = request.uri.path
    return Frame(
      language: words.language,
      direction: words.direction,
      locale: words["language.locale"],
      title: title == words["site.name"] ? "\(title) · \(words["site.tagline"])" : "\(title) · \(words["site.name"])",
      description: description ?? words["home.lead"],
      sharing: sharing?.absolute(site.configuration.publicURL),
      assets: "/static/\(site.statics.hash)",
      modules: modules,
      account: context.account.map { Frame.AccountView(name: $0.name, isOperator: $0.isOperator) },
      returnPath: Self.encoded(path),
      languages: site.screens.languages.all.compactMap { code in
        guard let words = site.screens.words(code) else { return nil }
        return Frame.LanguageView(
          code: code, name: words["language.name"], href: "\(path)?lang=\(code)", isCurrent: code == self.words.language
        )
      },
      atOrders: path.hasPrefix("/orders"), atStudio: path.hasPrefix("/studio"), atOperator: path.hasPrefix("/operator"),
      off: off)
  }

  /// A path of ours to come back to; anything else is the front page, so that a link here leads nowhere else.
  static func safeReturn(_ path: String?) -> String {
    guard let path, path.hasPrefix("/"), path.utf8.count <= 500,
      path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }), !path.hasPrefix("//")
    else { return "/" }
    return path
  }

  static func encoded(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics.intersection(.init(charactersIn: "\0"..."\u{7F}")))
      ?? ""
  }
}

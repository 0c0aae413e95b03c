import Commerce
import HTTPTypes
import Hummingbird

/// Accounts, sessions and API keys.
enum PeopleAPI {
  struct Person: Codable { let account: Account }

  struct Me: Codable {
    struct Membership: Codable {
      let id: ID<CommerceChannel>
      let handle: String
      let name: String
      let role: Role
    }

    let account: Account
    let channels: [Membership]
  }

  struct SignIn: Codable {
    let email: String
    let password: String
  }

  struct NewAccount: Codable {
    let id: ID<Account>?
    let email: String
    let name: String
    let password: String
  }

  struct NewOperator: Codable {
    let token: String
    let email: String
    let name: String
    let password: String
  }

  struct NewKey: Codable { let name: String }

  struct MadeKey: Codable {
    let key: APIKey
    /// Shown this once.
    let secret: String
  }

  static let endpoints: [Endpoint] = [
    signingIn("/api/v1/session", "Signs in. The answer sets a cookie.", takes: SignIn.self) { call, body in
      (body.email, body.password)
    },
    Endpoint(.get, "/api/v1/session", "Says who is signed in, and on which channels.", gives: Me.self) { call in
      guard let id = call.caller.account, let account = try await call.commerce.account(id) else {
        throw GeneralRefusal.signInNeeded
      }
      let channels = try await call.commerce.channels(by: call.caller)
      return Me(
        account: account,
        channels: channels.map { Me.Membership(id: $0.id, handle: $0.handle, name: $0.name, role: $1) })
    }.by(.account),
    Endpoint(.delete, "/api/v1/session", "Signs out.", as: .noContent) { call in
      if let token = call.request.cookies[SessionCookie.name]?.value { try await call.commerce.signOut(token: token) }
      var response = Response(status: .noContent)
      response.headers.append(call.site.sessionCookie.removing)
      return response
    },
    signingIn("/api/v1/accounts", "Makes an account and signs it in.", takes: NewAccount.self) { call, body in
      _ = try await call.commerce.makeAccount(
        body.id ?? call.commerce.makeID(), email: body.email, name: body.name, password: body.password,
        address: call.address)
      return (body.email, body.password)
    }.limited(.signUp),
    signingIn(
      "/api/v1/setup", "Makes the operator's account, with the token the program printed.", takes: NewOperator.self
    ) { call, body in
      _ = try await call.commerce.makeOperator(
        token: body.token, email: body.email, name: body.name, password: body.password)
      return (body.email, body.password)
    }.limited(.signUp),
    Endpoint(.get, "/api/v1/api-keys", "Lists your API keys.", gives: List<APIKey>.self) { call in
      List(try await call.commerce.apiKeys(by: call.caller))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/api-keys", "Makes an API key. Its secret is in this answer and nowhere else.",
      takes: NewKey.self, gives: MadeKey.self, as: .created
    ) { call, body in
      let (key, secret) = try await call.commerce.makeAPIKey(by: call.caller, name: body.name)
      return MadeKey(key: key, secret: secret.text)
    }.by(.account),
    Endpoint(.delete, "/api/v1/api-keys/{key}", "Revokes an API key, at once.", as: .noContent) { call in
      try await call.commerce.revokeAPIKey(by: call.caller, id: call.id("key"))
      return Response(status: .noContent)
    }.by(.account),
  ]

  /// An endpoint that ends with somebody signed in: `prepare` gives the e-mail address and password to sign in with.
  private static func signingIn<Body: Decodable & Sendable>(
    _ path: String, _ summary: String, takes: Body.Type,
    prepare: @escaping @Sendable (Call, Body) async throws -> (email: String, password: String)
  ) -> Endpoint {
    var endpoint = Endpoint(.post, path, summary, as: .created) { call in
      let (email, password) = try await prepare(call, call.decode(Body.self))
      let signedIn = try await call.commerce.signIn(email: email, password: password, address: call.address)
      var response = try Endpoint.json(Person(account: signedIn.account), as: .created)
      response.headers.append(
        call.site.sessionCookie.setting(signedIn.token, until: signedIn.expires, now: call.commerce.clock.now))
      return response
    }
    endpoint.body = .json(takes)
    endpoint.answer = .json(Person.self)
    // An answer that signs somebody in is not kept.
    return endpoint.repeated(.ignored)
  }
}

import Commerce
import Testing
import Web
import TestKit

@Suite(.timeLimit(.minutes(2))) struct PeopleTests {
  @Test func `who signs in gets a cookie that scripts cannot read and other sites do not send`() async throws {
    try await RunningWeb.run { web in
      let reply = try await web.guest.post(
        "/api/v1/session", ["email": .string(MarketSquare.ownerEmail), "password": .string(MarketSquare.password)])
      #expect(reply.status == 201)
      #expect(reply.json["account"]["name"] == "Lata")
      let cookie = try #require(reply.header("set-cookie"))
      #expect(cookie.contains("; Path=/; ") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"))
      #expect(!cookie.contains("Secure"))

      let owner = Client(port: web.port, cookie: try reply.cookie("haat_session"))
      let me = try await owner.get("/api/v1/session")
      #expect(me.status == 200)
      #expect(me.json["channels"][0]["handle"] == "lamps" && me.json["channels"][0]["role"] == "owner")
    }
  }

  @Test func `a cookie says Secure where the site is served over https`() async throws {
    try await RunningWeb.run(configure: { $0.secureCookies = true }) { web in
      let reply = try await web.guest.post(
        "/api/v1/session", ["email": .string(MarketSquare.ownerEmail), "password": .string(MarketSquare.password)])
      #expect(reply.header("set-cookie")?.hasSuffix("; Secure") == true)
    }
  }

  @Test func `a wrong password and an unknown address are refused in the same words`() async throws {
    try await RunningWeb.run { web in
      let wrong = try await web.guest.post(
        "/api/v1/session", ["email": .string(MarketSquare.ownerEmail), "password": "not this one"])
      let unknown = try await web.guest.post(
        "/api/v1/session", ["email": "nobody@example.com", "password": "not this one"])
      #expect(wrong.status == 401 && unknown.status == 401)
      #expect(wrong.body == unknown.body)
      #expect(wrong.header("content-type") == "application/problem+json")
      #expect(wrong.json["type"] == "/problems/wrong_email_or_password")
    }
  }

  @Test func `signing out ends the session and takes the cookie away`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let reply = try await owner.delete("/api/v1/session")
      #expect(reply.status == 204)
      #expect(try reply.cookie("haat_session") == "")
      #expect(try await owner.get("/api/v1/session").status == 401)
    }
  }

  @Test func `a session that is a day old gets a new token`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      web.square.clock.advance(days: 1)
      web.square.clock.advance(seconds: 1)
      let reply = try await owner.get("/api/v1/session")
      let renewed = try reply.cookie("haat_session")
      #expect(renewed != owner.cookie)
      #expect(try await Client(port: web.port, cookie: renewed).get("/api/v1/session").status == 200)
    }
  }

  @Test func `a new token comes with a refusal too`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      web.square.clock.advance(days: 1)
      web.square.clock.advance(seconds: 1)
      let refused = try await owner.get("/api/v1/orders/\(web.square.show.id)")
      #expect(refused.status == 404)
      let renewed = try refused.cookie("haat_session")
      #expect(try await Client(port: web.port, cookie: renewed).get("/api/v1/session").status == 200)
    }
  }

  @Test func `anyone can make an account and is signed in with it`() async throws {
    try await RunningWeb.run { web in
      let reply = try await web.guest.post(
        "/api/v1/accounts", ["email": "asha@example.com", "name": "Asha", "password": "a lamp in the window"])
      #expect(reply.status == 201)
      let asha = Client(port: web.port, cookie: try reply.cookie("haat_session"))
      #expect(try await asha.get("/api/v1/session").json["account"]["email"] == "asha@example.com")

      let again = try await web.guest.post(
        "/api/v1/accounts", ["email": "asha@example.com", "name": "Asha", "password": "another lamp, another window"])
      #expect(again.status == 409 && again.code == "email_taken" && again.json["field"] == "email")
    }
  }

  @Test func `an API key does what its account may, until it is revoked`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let made = try await owner.post("/api/v1/api-keys", ["name": "import"])
      #expect(made.status == 201)
      let program = Client(port: web.port, bearer: made.json["secret"].string)
      #expect(try await program.get("/api/v1/channels/lamps/products").status == 200)

      let listed = try await owner.get("/api/v1/api-keys")
      #expect(listed.json["items"][0]["name"] == "import" && listed.json["items"][0]["secret"] == .null)
      #expect(try await owner.delete("/api/v1/api-keys/\(made.json["key"]["id"].string ?? "")").status == 204)
      let refused = try await program.get("/api/v1/channels/lamps/products")
      #expect(refused.status == 401 && refused.code == "api_key_unknown")
    }
  }

  @Test func `a write with a cookie is taken from our own pages only`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      func tries(_ headers: [String: String]) async throws -> Int {
        try await owner.post("/api/v1/api-keys", ["name": "mine"], headers: headers).status
      }
      #expect(try await tries(["Sec-Fetch-Site": "same-origin"]) == 201)
      #expect(try await tries(["Sec-Fetch-Site": "none"]) == 201)
      #expect(try await tries(["Sec-Fetch-Site": "cross-site"]) == 403)
      #expect(try await tries(["Sec-Fetch-Site": "same-site"]) == 403)
      #expect(try await tries(["Origin": "http://localhost:8080"]) == 201)
      #expect(try await tries(["Origin": "https://evil.example"]) == 403)
      #expect(try await tries(["Origin": "null"]) == 403)
      let stranger = try await web.guest.post(
        "/api/v1/session", ["email": .string(MarketSquare.ownerEmail), "password": .string(MarketSquare.password)],
        headers: ["Sec-Fetch-Site": "cross-site"])
      #expect(stranger.status == 403, "nobody is signed in by another site either")
      // An empty value is not sent at all: neither header.
      #expect(try await tries(["Origin": ""]) == 403)
    }
  }
}

import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// What is kept of a person, to take along, and its end.
@Suite(.timeLimit(.minutes(3))) struct AccountDataTests {
  private static let form = ["Content-Type": "application/x-www-form-urlencoded"]

  @Test func `everybody gets all that is kept of them, and nothing of others`() async throws {
    try await RunningWeb.run { web in
      _ = try await web.square.person("Asha")
      _ = try await web.square.person("Ravi")
      let (asha, ravi) = (try await web.signedIn("asha@example.com"), try await web.signedIn("ravi@example.com"))
      for (who, name) in [(asha, "Asha"), (ravi, "Ravi")] {
        _ = try await web.placed(by: who)
        let said = try await who.post(
          "/api/v1/shows/\(web.square.show.id)/messages", ["text": .string("\(name) was here")])
        #expect(said.status == 201)
        #expect(try await who.put("/api/v1/channels/\(web.square.channel.id)/follow").status == 200)
      }
      let reply = try await asha.get("/api/v1/account/data")
      #expect(reply.status == 200, "\(reply.text)")
      let data = reply.json
      #expect(data["account"]["email"] == "asha@example.com" && data["isWhole"] == true)
      #expect(data["messages"][0]["text"] == "Asha was here" && data["messages"][1] == .null)
      #expect(data["orders"][0]["buyer"]["name"].string != nil && data["orders"][1] == .null)
      #expect(data["follows"][0]["channel"]["id"].string == "\(web.square.channel.id)")
      #expect(!reply.text.contains("Ravi was here") && !reply.text.contains("ravi@"))
      #expect(try await web.guest.get("/api/v1/account/data").status == 401)
    }
  }

  @Test(arguments: ["en", "hi"])
  func `by a form the account is deleted, after its password was said once more`(language: String) async throws {
    try await RunningWeb.run { web in
      _ = try await web.square.person("Asha")
      let asha = try await web.signedIn("asha@example.com")
      func delete(_ password: String) async throws -> Reply {
        try await asha.send(
          "POST", "/account", headers: Self.form.merging(["Accept-Language": language]) { $1 },
          body: Array("do=delete&password=\(password.replacing(" ", with: "+"))".utf8))
      }
      let wrong = try await delete("not this one")
      #expect(wrong.status == 401 && wrong.text.contains("<details class=\"panel\" open>"), "\(wrong.text)")
      let gone = try await delete(MarketSquare.password)
      #expect(gone.status == 303 && gone.header("location") == "/account/deleted", "\(gone.text)")
      #expect(gone.header("set-cookie")?.contains("haat_session=;") == true)
      let farewell = try await web.guest.get("/account/deleted", headers: ["Accept-Language": language])
      #expect(farewell.status == 200 && farewell.header("content-language") == language)
      #expect(try await asha.get("/api/v1/session").status == 401)
      let again = try await web.guest.post(
        "/api/v1/session", ["email": "asha@example.com", "password": .string(MarketSquare.password)])
      #expect(again.status == 401)
    }
  }

  @Test func `a program deletes it with the password, and an owner's stays`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let refused = try await owner.post("/api/v1/account/deletion", ["password": .string(MarketSquare.password)])
      #expect(refused.status == 409 && refused.json["code"] == "account_member", "\(refused.text)")
      _ = try await web.square.person("Asha")
      let asha = try await web.signedIn("asha@example.com")
      let gone = try await asha.post("/api/v1/account/deletion", ["password": .string(MarketSquare.password)])
      #expect(gone.status == 204, "\(gone.text)")
      #expect(try await asha.get("/api/v1/account/data").status == 401)
    }
  }
}

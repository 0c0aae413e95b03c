import Commerce
import Foundation
import Store
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// Backups over HTTP: for the operator alone, and to take away only with the password once more.
@Suite(.timeLimit(.minutes(2))) struct BackupWebTests {
  private static let path = "/api/v1/operator/backups"
  private static let page = "/operator/backups"

  private static func run(_ body: @Sendable (RunningWeb) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "haat-backups-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await RunningWeb.run(configure: { $0.backups.directory = directory }) { try await body($0) }
  }

  @Test func `an operator makes one, and takes it away with their password`() async throws {
    try await Self.run { web in
      let (owner, house) = (try await web.owner, try await web.operator)
      #expect(try await [303, 401].contains(web.guest.get(Self.page).status))
      #expect(try await owner.get(Self.page).status == 403)
      #expect(try await owner.get(Self.path).status == 403)
      #expect(try await owner.post(Self.path).status == 403)
      #expect(try await owner.submit(Self.page, ["do": "make"]).status == 403)
      #expect(try await house.get("\(Self.page)?lang=en").text.contains("There is no backup yet."))
      _ = try await web.placed()
      #expect(try await house.submit(Self.page, ["do": "make"]).status == 303)
      let made = try await web.until({ try await house.get(Self.path).json["items"] }, is: { !$0.array.isEmpty })[0]
      let name = made["name"].string ?? ""
      #expect(made["rows"]["orders"] == 1 && made["engine"] == "SQLite" && made["cause"] == "operator")
      #expect(made["schema"].string == (try Commerce.migrations.last?.name))
      let text = try await house.get("\(Self.page)?lang=hi").text
      #expect(text.contains(name) && text.contains("जाँचा हुआ") && !text.contains("backups.cause"))
      func take(_ password: String, _ file: String, by client: Client) async throws -> Reply {
        try await client.submit(Self.page, ["do": "download", "backup": file, "password": password])
      }
      #expect(try await take("not the password", name, by: house).status == 401)
      #expect(try await take(MarketSquare.password, "../\(name)", by: house).status == 404)
      #expect(try await take(MarketSquare.password, name, by: owner).status == 403)
      let file = try await take(MarketSquare.password, name, by: house)
      #expect(file.status == 200 && file.header("content-disposition")?.contains(name) == true)
      #expect(file.body.starts(with: Array("SQLite format 3".utf8)) && Double(file.body.count) == made["bytes"].number)
      #expect(file.header("cache-control") == "private, no-store")
      #expect(try await house.submit(Self.page, ["do": "verify", "backup": name]).status == 303)
      #expect(try await house.submit(Self.page, ["do": "remove", "backup": name, "password": ""]).status == 401)
      let removed = try await house.submit(
        Self.page, ["do": "remove", "backup": name, "password": MarketSquare.password])
      #expect(removed.status == 303)
      #expect(try await house.get(Self.path).json["items"].array.isEmpty)
      #expect(try await house.post(Self.path).status == 202)
      let again = try await web.until({ try await house.get(Self.path).json["items"] }, is: { !$0.array.isEmpty })
      #expect(again[0]["rows"]["orders"] == 1)
      #expect(try await house.get("\(Self.page)/now").text.contains("data-live=\"list\""))
    }
  }

  @Test func `one that cannot be made says why`() async throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "haat-file-\(UUID().uuidString)")
    try Data().write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    try await RunningWeb.run(configure: { $0.backups.directory = file.path }) { web in
      let house = try await web.operator
      #expect(try await house.submit(Self.page, ["do": "make"]).status == 303)
      _ = try await web.until(
        { try await house.get("\(Self.page)?lang=en").text }, is: { $0.contains("The backup could not be made") })
    }
  }
}

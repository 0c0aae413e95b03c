import Foundation
import TestKit
import Testing

/// schemathesis' own check of whose things are whose, along the document's links, with two sellers.
@Suite struct AuthorizationTests {
  @Test(.timeLimit(.minutes(6)))
  func `of two sellers neither reads what the other made, and a hole would be found`() async throws {
    let program = try HaatProgram()
    let addresses = try await program.serve(["--channels-admission", "open"])
    _ = try await Stall.setUp(at: addresses, stock: 1)
    // Without a hole in what is looked at, the check would say nothing of the rest.
    let hole = try await check(
      addresses,
      [
        "--hole", "/api/v1/products/", "--seconds", "120", "--paths",
        #"^/api/v1/(channels|channels/\{channel\}/products|products/\{product\})$"#,
      ])
    #expect(hole.status == 1 && hole.output.contains("received the `Product` that"), "\(hole.output.suffix(2_000))")
    let whole = try await check(addresses, ["--seconds", "75"])
    #expect(whole.status == 0, "\(whole.output.suffix(4_000))")
    // It made things, and asked for them.
    let words = whole.output.split(separator: " ").map(String.init)
    let covered = zip(words, words.dropFirst()).first { $1 == "covered" }.flatMap { Int($0.0) } ?? 0
    #expect(covered >= 15, "\(covered) links were followed")
  }

  private func check(
    _ addresses: HaatProgram.Addresses, _ more: [String]
  ) async throws -> (status: Int32, output: String) {
    let scripts = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Scripts/authorization")
    let fetched = try await HaatProgram.run(scripts.appending(path: "fetch.sh"), [], in: scripts, within: 120)
    guard fetched.status == 0 else { throw Trouble("schemathesis was not fetched: \(fetched.output)") }
    return try await HaatProgram.run(
      scripts.appending(path: "check"), ["http://127.0.0.1:\(addresses.httpPort)"] + more, in: scripts, within: 200)
  }
}

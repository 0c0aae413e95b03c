import Foundation
import TestKit
import TestPrograms

/// One localstripe of the test's own (`Scripts/stripe/localstripe-server`), with a state that ends with it.
final class Localstripe: Sendable {
  /// A request as it came, but for the secret key.
  struct Recorded: Codable, Sendable {
    let method: String
    let path: String
    let query: [[String]]
    var form: [[String]]
    let version: String?
    let key: String?
    let type: String?

    /// What a parameter was; nil when it was not sent.
    subscript(_ name: String) -> String? { (form + query).first { $0.first == name }?.last }
  }

  let port: Int
  private let process: TestProcess
  private let input: Pipe

  var url: String { "http://127.0.0.1:\(port)" }

  init() throws {
    try Self.fetch()
    process = TestProcess()
    input = Pipe()
    let output = Pipe()
    process.executableURL = Self.script("localstripe-server")
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let said = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    guard let port = Int(said.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      process.terminate()
      throw FixtureFault("localstripe did not start: \(said)")
    }
    self.port = port
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.terminate()
  }

  private var control: Client { Client(port: port) }

  /// Every request to `/v1/` so far.
  func requests() async throws -> [Recorded] {
    try JSONDecoder().decode([Recorded].self, from: Data(try await control.get("/_config/requests").body))
  }

  /// The buyer's answer to the second step of a payment; gives where they are sent back to.
  @discardableResult
  func authenticate(_ payment: String, approved: Bool) async throws -> String? {
    try await control.send(
      "POST", "/_config/bank/\(payment)", headers: ["Content-Type": "application/x-www-form-urlencoded"],
      body: Array("success=\(approved)".utf8)
    ).header("location")
  }

  /// Events go to `url` from now on, each once, a second after it happened.
  func sendWebhooks(to url: String, secret: String) async throws {
    _ = try await control.post("/_config/webhooks/test", ["url": .string(url), "secret": .string(secret)])
  }

  /// A payment method of one of the test cards, as a buyer's browser would get it.
  func method(_ number: String) async throws -> String {
    let form = "type=card&card[number]=\(number)&card[exp_month]=12&card[exp_year]=2030&card[cvc]=123"
    let reply = try await control.send(
      "POST", "/v1/payment_methods",
      headers: [
        "Authorization": "Bearer sk_test_of_the_tests", "Content-Type": "application/x-www-form-urlencoded",
      ], body: Array(form.utf8))
    return reply.json["id"].string ?? ""
  }

  /// What refunds that are made from now on say of themselves.
  func makeRefunds(_ status: String) async throws {
    _ = try await control.post("/_config/refunds", ["next": .string(status)])
  }

  func setRefund(_ id: String, _ status: String) async throws {
    _ = try await control.post("/_config/refunds", ["id": .string(id), "status": .string(status)])
  }

  /// Says to Stripe who they are, at the address of an account link; gives where they are sent back to.
  func finishOnboarding(at url: String) async throws -> String? {
    try await control.send(
      "POST", String(url.dropFirst(self.url.count)), headers: ["Content-Type": "application/x-www-form-urlencoded"],
      body: Array("state=active".utf8)
    ).header("location")
  }

  /// Whether a connected account takes transfers: `active`, `inactive`.
  func setTransfers(of account: String, _ state: String) async throws {
    _ = try await control.send(
      "POST", "/_config/onboarding/\(account)", headers: ["Content-Type": "application/x-www-form-urlencoded"],
      body: Array("state=\(state)".utf8))
  }

  /// All transfers, with their reversals, the oldest first.
  func transfers() async throws -> [JSON] { try await control.get("/_config/transfers").json.array }

  /// An object as it is now.
  func object(_ path: String) async throws -> JSON {
    try await control.get("/v1/\(path)", headers: ["Authorization": "Bearer sk_test_of_the_tests"]).json
  }

  /// What of the requests does not fit Stripe's own types, a line each.
  static func check(_ requests: [Recorded]) throws -> [String] {
    try fetch()
    let file = FileManager.default.temporaryDirectory.appending(path: "haat-stripe-\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: file) }
    try JSONEncoder().encode(requests).write(to: file)
    let (status, text) = try run(script("check-parameters"), [file.path])
    let lines = text.split(separator: "\n").map(String.init)
    guard status == (lines.isEmpty ? 0 : 1) else { throw FixtureFault("check-parameters ended with \(status)") }
    return lines
  }

  private static func fetch() throws {
    let (status, _) = try fetching.get()
    guard status == 0 else { throw FixtureFault("Scripts/stripe/fetch.sh ended with \(status)") }
  }

  /// Once for all tests of the process.
  private static let fetching = Result { try run(script("fetch.sh"), []) }

  private static func run(_ program: URL, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = TestProcess()
    let output = Pipe()
    process.executableURL = program
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  private static func script(_ name: String) -> URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Scripts/stripe/\(name)")
  }
}

import Foundation
import TestKit
import Testing

@testable import Post

/// Against aiosmtpd, a server of somebody else's, and against sockets that behave badly.
@Suite(.timeLimit(.minutes(2))) struct SMTPClientTests {
  private static let text = "From: <orders@haat.example>\r\nSubject: Lamp\r\n\r\n.first\r\n\r\n..\r\nlast\r\n"

  private static func envelope(_ to: String, message: String = text) throws -> SMTPEnvelope {
    try SMTPEnvelope(from: "orders@haat.example", to: to, message: Array(message.utf8))
  }

  private static func server(_ port: Int, _ security: SMTPServer.Security = .none) -> SMTPServer {
    SMTPServer(host: "localhost", port: port, security: security, ownName: "haat.example")
  }

  private static func withDirectory(_ body: (URL) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "haat-post-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try await body(directory)
  }

  @Test func `a message arrives as it was written`() async throws {
    let there = try await MailServer()
    let client = try SMTPClient(Self.server(there.port))
    #expect(try await client.deliver(Self.envelope("asha@example.com")) == .taken(words: "250 2.0.0 Taken as 4711"))
    let message = "To: <दीपक@example.com>\r\n\r\nनमस्ते\r\n"
    let hindi = await client.deliver(try Self.envelope("दीपक@example.com", message: message))
    #expect(hindi == .taken(words: "250 2.0.0 Taken as 4711"))
    let taken = try await there.taken(2)
    #expect(taken.map(\.content) == [Self.text, message])
    #expect(taken.map(\.to) == [["asha@example.com"], ["दीपक@example.com"]])
    #expect(taken.map(\.utf8) == [false, true] && taken[0].from == "orders@haat.example")
    #expect(taken[0].hello == "haat.example" && !taken[0].secure)
  }

  @Test(arguments: [SMTPServer.Security.starttls, .tls], [false, true])
  func `a server is told user and password once its certificate holds`(
    security: SMTPServer.Security, onlyLogin: Bool
  ) async throws {
    try await Self.withDirectory { directory in
      let files = try MailServer.makeCertificate(in: directory)
      let there = try await MailServer(
        ["--certificate", files.certificate, "--key", files.key, "--user", "asha", "--password", "sécret"]
          + (security == .tls ? ["--implicit"] : []) + (onlyLogin ? ["--only-login"] : []))
      var server = Self.server(there.port, security)
      (server.user, server.password) = ("asha", "sécret")
      let envelope = try Self.envelope("asha@example.com")
      // Nobody vouches for the certificate.
      #expect(try await SMTPClient(server).deliver(envelope) == .deferred(.certificate, words: ""))
      server.authoritiesPath = files.certificate
      #expect(try await SMTPClient(server).deliver(envelope) == .taken(words: "250 2.0.0 Taken as 4711"))
      let taken = try await there.taken(1)
      #expect(taken.count == 1 && taken[0].login == "asha" && taken[0].secure)
      // The same server under a name that its certificate is not for.
      server.host = "127.0.0.1"
      #expect(try await SMTPClient(server).deliver(envelope) == .deferred(.certificate, words: ""))
      server.host = "localhost"
      server.password = "wrong"
      guard case .deferred(.login, let words) = try await SMTPClient(server).deliver(envelope) else {
        return #expect(Bool(false), "a wrong password was taken")
      }
      #expect(words.hasPrefix("535") && there.taken.count == 1)
    }
  }

  @Test func `a server without encryption gets nothing from who asks for it`() async throws {
    let there = try await MailServer()
    let client = try SMTPClient(Self.server(there.port, .starttls))
    #expect(try await client.deliver(Self.envelope("asha@example.com")) == .deferred(.unencrypted, words: ""))
    #expect(there.taken.isEmpty)
  }

  @Test func `what a server says decides whether it is asked again`() async throws {
    let there = try await MailServer(["--ascii", "--size", "2000"])
    let client = try SMTPClient(Self.server(there.port))
    func deliver(_ to: String, _ message: String = Self.text) async throws -> SMTPOutcome {
      await client.deliver(try Self.envelope(to, message: message))
    }
    let nobody = SMTPOutcome.refused(.recipient, words: "550 5.1.1 There is nobody of this name")
    #expect(try await deliver("nobody@example.com") == nobody)
    #expect(try await deliver("busy@example.com") == .deferred(.message, words: "451 4.7.1 Come back later"))
    #expect(try await deliver("busy@example.com") == .taken(words: "250 2.0.0 Taken as 4711"))
    #expect(try await deliver("heavy@example.com") == .refused(.message, words: "554 5.6.0 Not with this content"))
    #expect(try await deliver("hasty@example.com") == .deferred(.closed, words: ""))
    #expect(try await deliver("hasty@example.com") == .taken(words: "250 2.0.0 Taken as 4711"))
    #expect(try await deliver("दीपक@example.com") == .refused(.unicode, words: ""))
    let long = "a: b\r\n\r\n" + String(repeating: String(repeating: "x", count: 98) + "\r\n", count: 30)
    #expect(try await deliver("asha@example.com", long) == .refused(.size, words: ""))
    #expect(there.taken.count == 2)
  }

  @Test func `a server that is not there, or says nothing, is given up in time`() async throws {
    let silent = try SilentServer()
    var server = Self.server(silent.port)
    server.limits.answerSeconds = 1
    #expect(try await SMTPClient(server).deliver(Self.envelope("a@example.com")) == .deferred(.noAnswer, words: ""))
    // It waits for our words as we wait for its: who stops is let go at once.
    server.limits.answerSeconds = 60
    let client = try SMTPClient(server)
    let task = Task { try await client.deliver(Self.envelope("a@example.com")) }
    silent.waitForConnections(2)
    task.cancel()
    #expect(try await task.value == .deferred(.interrupted, words: ""))
    silent.stop()
    guard case .deferred(.unreachable, let words) = try await client.deliver(Self.envelope("a@example.com")) else {
      return #expect(Bool(false), "a closed port answered")
    }
    #expect(words == "Connection refused")
    server.host = "no-such-host.invalid"
    guard case .deferred(.unreachable, _) = try await SMTPClient(server).deliver(Self.envelope("a@example.com")) else {
      return #expect(Bool(false), "a name that does not exist answered")
    }
  }
}

/// Takes connections and says nothing.
private final class SilentServer {
  let port: Int
  private let descriptor: Int32

  init() throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(descriptor, pointer, size) == 0 && listen(descriptor, 8) == 0
          && getsockname(descriptor, pointer, &size) == 0
      }
    }
    guard isBound else { throw BrowserFault("no port") }
    self.descriptor = descriptor
    port = Int(UInt16(bigEndian: address.sin_port))
  }

  /// Accepts so many; they stay open.
  func waitForConnections(_ count: Int) { for _ in 0..<count { _ = accept(descriptor, nil, nil) } }

  func stop() {
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
  }
}

import AsyncHTTPClient
import Commerce
import Foundation
import Media
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import TestKit
import TestPrograms
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// The same server over TLS: HTTP/2 for who speaks it, HTTP/1.1 for who does not.
@Suite(.timeLimit(.minutes(2))) struct SecureHTTPTests {
  /// A certificate of one's own, made by openssl.
  private static func certificate() throws -> TLSFiles {
    let folder = FileManager.default.temporaryDirectory.appending(path: "haat-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let files = TLSFiles(
      certificatePath: folder.appending(path: "cert.pem").path, keyPath: folder.appending(path: "key.pem").path)
    let openssl = TestProcess()
    openssl.executableURL = URL(filePath: "/usr/bin/env")
    openssl.arguments = [
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj", "/CN=localhost", "-keyout", files.keyPath, "-out", files.certificatePath,
    ]
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    return files
  }

  private static func run(
    _ version: HTTPClient.Configuration.HTTPVersion = .automatic, publicURL: String? = nil,
    _ body: @Sendable (RunningWeb, HTTPClient, _ base: String) async throws -> Void
  ) async throws {
    let files = try certificate()
    defer { try? FileManager.default.removeItem(atPath: (files.keyPath as NSString).deletingLastPathComponent) }
    try await RunningWeb.run(configure: {
      $0.secure = SecureListening(port: 0, files: files)
      if let publicURL { $0.publicURL = publicURL }
    }) { web in
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.certificateVerification = .none
      var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
      configuration.httpVersion = version
      let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
      do {
        try await body(web, client, "https://localhost:\(web.securePort)")
      } catch {
        try await client.shutdown()
        throw error
      }
      try await client.shutdown()
    }
  }

  @Test(arguments: [HTTPVersion.http1_1, .http2])
  func `what is said and bought goes the same way`(version: HTTPVersion) async throws {
    try await Self.run(version == .http2 ? .automatic : .http1Only) { web, client, base in
      let page = try await client.execute(
        HTTPClientRequest(url: base + "/watch/\(web.square.show.id)"), timeout: .seconds(20))
      #expect(page.status == .ok && page.version == version)

      var order = HTTPClientRequest(url: base + "/api/v1/orders")
      order.method = .POST
      order.headers = ["Content-Type": "application/json", "Idempotency-Key": "one"]
      order.body = .bytes(try JSONEncoder().encode(web.order(offer: try await web.lampOffer())))
      let placed = try await client.execute(order, timeout: .seconds(20))
      #expect(placed.status == .created)
      _ = try await placed.body.collect(upTo: 100_000)

      let events = try await client.execute(
        HTTPClientRequest(url: base + "/api/v1/shows/\(web.square.show.id)/events"), timeout: .seconds(60))
      #expect(events.status == .ok && events.headers["content-type"] == ["text/event-stream"])
      #expect(events.headers["connection"].isEmpty == (version == .http2))
      var reader = events.body.makeAsyncIterator()
      var all = ""
      while !all.contains("event: state"), let more = try await reader.next() { all += String(buffer: more) }
      _ = try await web.square.commerce.say(
        web.square.commerce.makeID(), by: .nobody, show: web.square.show.id, name: "Asha", text: "Good evening")
      while !all.contains("Good evening"), let more = try await reader.next() { all += String(buffer: more) }
      #expect(all.contains("event: timeline") && !all.contains("\r\n"))
      #expect(try await web.guest.get("/metrics").text.contains("\nhaat_viewers 1"))
    }
  }

  @Test func `a viewer that stops listening is gone, and a server that stops says so`() async throws {
    try await Self.run { web, client, base in
      let path = base + "/api/v1/shows/\(web.square.show.id)/events"
      do {
        let events = try await client.execute(HTTPClientRequest(url: path), timeout: .seconds(60))
        var reader = events.body.makeAsyncIterator()
        _ = try await reader.next()
        _ = try await web.until(
          { try await web.guest.get("/metrics").text }, is: { $0.contains("\nhaat_viewers 1") })
      }
      _ = try await web.until({ try await web.guest.get("/metrics").text }, is: { $0.contains("\nhaat_viewers 0") })
      let events = try await client.execute(HTTPClientRequest(url: path), timeout: .seconds(60))
      var reader = events.body.makeAsyncIterator()
      var all = ""
      while !all.contains("event: state"), let more = try await reader.next() { all += String(buffer: more) }
      await web.stop()
      while let more = try await reader.next() { all += String(buffer: more) }
      #expect(all.components(separatedBy: "retry: ").count == 3, "once with the state, once as a farewell")
    }
  }

  @Test func `a browser without TLS is sent to where there is some, and a program is not`() async throws {
    try await Self.run(publicURL: "https://shop.example") { web, client, base in
      let page = try await web.guest.get("/watch/x?lang=hi", headers: ["Accept": "text/html"])
      #expect(page.status == 308 && page.header("location") == "https://shop.example/watch/x?lang=hi")
      #expect(try await web.guest.get("/healthz").status == 200)
      #expect(try await web.guest.get("/api/v1/markets", headers: ["Accept": "text/html"]).status == 200)
    }
  }
}

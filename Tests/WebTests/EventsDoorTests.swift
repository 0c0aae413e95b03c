import Commerce
import Foundation
import NIOCore
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// Who asks for a show's events is let in before HTTP; whoever asks for anything else, in whatever pieces, is not.
@Suite(.timeLimit(.minutes(3))) struct EventsDoorTests {
  private static let show = "01a22534-b969-7db1-9942-4e44955325dd"

  private static func read(_ text: String, trustsProxy: Bool = false) -> EventsRequest.Reading {
    EventsRequest.read(ByteBuffer(string: text), trustsProxy: trustsProxy)
  }

  private static func head(_ lines: String..., path: String = "/api/v1/shows/\(show)/events") -> String {
    (["GET \(path) HTTP/1.1", "Host: localhost"] + lines).joined(separator: "\r\n") + "\r\n\r\n"
  }

  @Test func `a browser's request for events is known by its head`() throws {
    let show = try #require(ID<Show>(Self.show))
    func asks(
      _ lastEventID: String? = nil, _ forwarded: String? = nil, viewer: ID<Viewer>? = nil
    ) -> EventsRequest.Reading {
      .asks(EventsRequest(show: show, lastEventID: lastEventID, viewer: viewer, forwarded: forwarded))
    }
    #expect(Self.read(Self.head("Accept: text/event-stream", "Cookie: haat_via=blog; theme=dark")) == asks())
    let known = ID<Viewer>(Self.show)
    #expect(Self.read(Self.head("Cookie: a=b; haat_viewer=\(Self.show)")) == asks(viewer: known))
    #expect(Self.read(Self.head("last-event-id:  4955325d:7 ")) == asks("4955325d:7"))
    let path = "/api/v1/shows/\(Self.show)/events?lastEventId=4955325d:7"
    #expect(Self.read(Self.head(path: path)) == asks("4955325d:7"))
    // A frame in another site's page has no cookie, and says it in the address; what is said there comes first.
    let own = "/api/v1/shows/\(Self.show)/events?viewer=\(Self.show)"
    #expect(Self.read(Self.head(path: own)) == asks(viewer: known))
    #expect(
      Self.read(Self.head("Cookie: haat_viewer=01a22534-b969-7db1-9942-4e44955325de", path: own))
        == asks(viewer: known))
    #expect(Self.read(Self.head(path: own + "&lastEventId=4955325d:7")) == asks("4955325d:7", viewer: known))
    let proxied = Self.head("X-Forwarded-For: 10.0.0.1, 192.0.2.7")
    #expect(Self.read(proxied) == asks())
    #expect(Self.read(proxied, trustsProxy: true) == asks(nil, "192.0.2.7"))
    let whole = Self.head()
    for length in 0..<whole.utf8.count {
      #expect(EventsRequest.read(ByteBuffer(bytes: whole.utf8.prefix(length)), trustsProxy: false) == .incomplete)
    }
  }

  @Test(arguments: [
    "POST /api/v1/shows/", "GET / HTTP/1.1\r\n\r\n", "G\u{0}", "\u{16}\u{03}\u{01}", "GET /api/v1/showz",
    head("Authorization: Bearer x"), head("Content-Length: 0"), head("Transfer-Encoding: chunked"),
    head("Upgrade: websocket"), head("Cookie: a=b; haat_session=abc"), head("no colon"), head("Host: another"),
    head() + "GET / HTTP/1.1\r\n",
    head(path: "/api/v1/shows/\(show)/events/"), head(path: "/api/v1/shows/none/events"),
    head(path: "/api/v1/shows/\(show)/events?lastEventId=%00"), head(path: "/api/v1/shows/\(show)/events?x=1"),
    head(path: "/api/v1/shows/\(show)/events?viewer=x"), head(path: "/api/v1/shows/\(show)/events?viewer=\(show)&"),
    "GET /api/v1/shows/\(show)/events HTTP/1.0\r\nHost: a\r\n\r\n", "GET /api/v1/shows/\(show)/events\r\n\r\n",
    "GET /api/v1/shows/ \r\n\r\n", "GET /api/v1/shows/\(show)/events HTTP/1.1\r\n\r\n",
  ])
  func `what is anything else goes on to HTTP`(text: String) {
    #expect(Self.read(text) == .notOne)
  }

  /// Reads until the text has come, and gives all of it.
  private static func read(
    until text: String, _ inbound: inout NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  ) async throws -> String {
    var all = ""
    while !all.contains(text), let more = try await inbound.next() { all += String(buffer: more) }
    return all
  }

  @Test func `a viewer gets the state and what happens, in whatever pieces it asked`() async throws {
    try await RunningWeb.run { web in
      let path = "/api/v1/shows/\(web.square.show.id)/events"
      try await web.guest.connected { inbound, outbound in
        var inbound = inbound.makeAsyncIterator()
        let head = web.guest.head("GET", path, ["Accept": "text/event-stream"], 0, keep: true)
        // Without the length that this client always sends.
        let text = String(decoding: head, as: UTF8.self).replacing("Content-Length: 0\r\n", with: "")
        for byte in text.utf8 { try await outbound.write(ByteBuffer(bytes: [byte])) }
        let first = try await Self.read(until: "event: state", &inbound)
        #expect(first.hasPrefix("HTTP/1.1 200 OK\r\n") && first.contains("Content-Type: text/event-stream\r\n"))
        #expect(first.contains("X-Content-Type-Options: nosniff\r\n") && first.contains("X-Request-Id: "))
        #expect(first.contains("Set-Cookie: haat_viewer="))
        _ = try await web.square.commerce.say(
          web.square.commerce.makeID(), by: .nobody, show: web.square.show.id, name: "Asha", text: "Good evening")
        let said = try await Self.read(until: "Good evening", &inbound)
        #expect(said.contains("event: timeline") && said.contains("id: "))
        #expect(try await web.guest.get("/metrics").text.contains("\nhaat_viewers 1"))
        #expect(try await web.guest.get("/metrics").text.contains("\nhaat_open_answers 1"))
      }
      let gone = ["\nhaat_viewers 0", "\nhaat_open_answers 0"]
      _ = try await web.until(
        { try await web.guest.get("/metrics").text }, is: { text in gone.allSatisfy { text.contains($0) } })
    }
  }

  @Test func `a refusal is HTTP's to say, and a connection that asks for other things first is HTTP's`() async throws {
    try await RunningWeb.run { web in
      let nowhere = "/api/v1/shows/\(web.square.commerce.makeID(Show.self))/events"
      for path in [nowhere, "/api/v1/shows/\(web.square.show.id)/events"] {
        try await web.guest.connected { inbound, outbound in
          var inbound = inbound.makeAsyncIterator()
          if path != nowhere {
            let first = web.guest.head("GET", "/healthz", [:], 0, keep: true)
            try await outbound.write(ByteBuffer(bytes: first))
            #expect(try await Self.read(until: "ok\n", &inbound).hasPrefix("HTTP/1.1 200"))
          }
          let request = "GET \(path) HTTP/1.1\r\nHost: localhost:8080\r\nAccept: text/event-stream\r\n\r\n"
          try await outbound.write(ByteBuffer(string: request))
          let answer = try await Self.read(until: path == nowhere ? "not_found" : "event: state", &inbound)
          #expect(answer.hasPrefix(path == nowhere ? "HTTP/1.1 404" : "HTTP/1.1 200"))
        }
      }
    }
  }
}

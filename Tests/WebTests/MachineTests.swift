import Commerce
import Foundation
import NIOCore
import TestKit
import TestPrograms
import Testing
import Web

/// How the server treats machines: documents, errors, limits, figures.
@Suite(.timeLimit(.minutes(2))) struct MachineTests {
  @Test func `the API's document is valid OpenAPI`() async throws {
    try await RunningWeb.run { web in
      let reply = try await web.guest.get("/api/openapi.json")
      #expect(reply.status == 200 && reply.json["openapi"] == "3.1.0")
      let directory = FileManager.default.temporaryDirectory.appending(path: "haat-openapi-\(UUID().uuidString).json")
      defer { try? FileManager.default.removeItem(at: directory) }
      try Data(reply.body).write(to: directory)
      let check = TestProcess()
      check.executableURL = URL(filePath: "/usr/bin/env")
      check.arguments = [
        "python3", "-c",
        """
        import json, sys
        try:
            from openapi_spec_validator import validate
        except ImportError:
            sys.exit(0)
        validate(json.load(open(sys.argv[1])))
        """, directory.path,
      ]
      try check.run()
      check.waitUntilExit()
      #expect(check.terminationStatus == 0)
    }
  }

  @Test func `the document names every schema it refers to, and what a request must have`() async throws {
    try await RunningWeb.run { web in
      let reply = try await web.guest.get("/api/openapi.json")
      let schemas = reply.json["components"]["schemas"]
      for match in reply.text.matches(of: /#\/components\/schemas\/([A-Za-z]+)/) {
        #expect(schemas[String(match.1)] != .null, "\(match.1)")
      }
      let order = schemas["NewOrder"]
      #expect(order["required"].array == ["market", "lines", "buyer"])
      #expect(order["properties"]["show"]["type"] == ["string", "null"])
      #expect(order["properties"]["buyer"]["$ref"] == "#/components/schemas/NewBuyer")
      let post = reply.json["paths"]["/api/v1/orders"]["post"]
      #expect(post["parameters"].array.contains { $0["name"] == "Idempotency-Key" && $0["required"] == true })
      #expect(
        post["responses"]["201"]["content"]["application/json"]["schema"]["$ref"] == "#/components/schemas/Placed")
      #expect(schemas["ShowAnswer"]["properties"]["state"]["enum"] == ["scheduled", "live", "ended"])
    }
  }

  @Test func `every address of the document is there`() async throws {
    try await RunningWeb.run { web in
      let document = try await web.guest.get("/api/openapi.json").json["paths"]
      guard case .object(let paths) = document else { throw FixtureFault("no paths") }
      #expect(paths.count > 35)
      for (path, operations) in paths {
        guard case .object(let methods) = operations else { continue }
        let concrete = path.replacing(/\{[a-z]+\}/, with: "01890000-0000-7000-8000-000000000000")
        for method in methods.keys {
          let reply = try await web.guest.send(
            method.uppercased(), concrete, headers: ["Content-Type": "application/json"])
          #expect(reply.status != 405 && reply.status < 500, "\(method) \(path): \(reply.status)")
        }
      }
    }
  }

  @Test func `an address that does not exist is a 404, and a method it does not take is a 405 that says which it does`()
    async throws
  {
    try await RunningWeb.run { web in
      let nowhere = try await web.guest.get("/api/v1/nowhere")
      #expect(nowhere.status == 404 && nowhere.header("content-type") == "application/problem+json")
      let method = try await web.guest.delete("/api/v1/markets")
      #expect(method.status == 405 && method.code == "method_not_allowed" && method.header("allow") == "GET")
      let both = try await web.guest.put("/api/v1/channels/lamps")
      #expect(both.status == 405 && both.header("allow") == "GET, PATCH")
    }
  }

  @Test func `a malformed body is answered with the path of what is wrong in it`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      func code(_ body: String, type: String = "application/json") async throws -> String {
        let reply = try await owner.send(
          "POST", "/api/v1/quotes", headers: ["Content-Type": type], body: Array(body.utf8))
        return "\(reply.status) \(reply.code ?? "-") \(reply.json["field"].string ?? "-")"
      }
      #expect(try await code("{") == "400 malformed -")
      #expect(try await code("") == "400 malformed -")
      #expect(try await code("[]") == "400 malformed -")
      #expect(try await code(#"{"market": "IN"}"#) == "400 malformed lines")
      #expect(try await code(#"{"market": 7, "lines": []}"#) == "400 malformed market")
      #expect(
        try await code(#"{"market": "IN", "lines": [{"offer": "x", "quantity": 1}]}"#) == "400 malformed lines.0.offer")
      #expect(try await code(#"{"market": "IN", "lines": [{"quantity": 1}]}"#) == "400 malformed lines.0.offer")
      #expect(try await code("{}", type: "text/plain") == "415 unsupported_media_type -")
      #expect(try await code("{\"market\":\"\(String(repeating: "x", count: 300_000))\"}") == "413 too_large -")
    }
  }

  @Test func `bytes that are no HTTP end their own connection and nothing else`() async throws {
    try await RunningWeb.run { web in
      let nonsense: [[UInt8]] = [
        Array("GET  HTTP/1.1\r\n\r\n".utf8), Array("\u{0}\u{1}\u{2}\r\n\r\n".utf8),
        Array("GET //%%% HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8),
        Array("GET http://[ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8),
        Array("GET /?%zz=%&&==&=a&;lang HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8),
        Array(
          "GET /live/%ff%fe/../x?_HLS_msn=99999999999999999999 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8),
        Array("POST /api/v1/quotes HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n".utf8),
        Array("GET :80 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8),
        Array(
          "GET /api/v1/shows?limit=99999999999999999999&after=%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8
        ),
        Array(
          "GET / HTTP/1.1\r\nHost: x\r\nCookie: haat_session=; =; a=b; haat_session\r\nConnection: close\r\n\r\n".utf8),
      ]
      for bytes in nonsense {
        try await web.guest.connected { inbound, outbound in
          try await outbound.write(ByteBuffer(bytes: bytes))
          outbound.finish()
          for try await _ in inbound {}
        }
      }
      #expect(try await web.guest.get("/healthz").status == 200)
    }
  }

  @Test func `text is packed for those who take it`() async throws {
    try await RunningWeb.run { web in
      let plain = try await web.guest.get("/api/openapi.json")
      let packed = try await web.guest.get("/api/openapi.json", headers: ["Accept-Encoding": "br, gzip"])
      #expect(packed.header("content-encoding") == "gzip" && packed.header("vary") == "Accept-Encoding")
      #expect(packed.body.starts(with: [0x1F, 0x8B]) && packed.body.count < plain.body.count / 4)
      let declined = try await web.guest.get("/api/openapi.json", headers: ["Accept-Encoding": "gzip;q=0"])
      #expect(declined.header("content-encoding") == nil && declined.body == plain.body)
      let short = try await web.guest.get("/healthz", headers: ["Accept-Encoding": "gzip"])
      #expect(short.header("content-encoding") == nil)
    }
  }

  @Test func `the figures are Prometheus' text`() async throws {
    try await RunningWeb.run { web in
      _ = try await web.placed()
      let page = try await web.guest.get("/metrics")
      #expect(page.header("content-type")?.hasPrefix("text/plain; version=0.0.4") == true)
      let lines = page.text.split(separator: "\n")
      #expect(lines.contains("haat_orders_total 1"))
      #expect(lines.contains("# TYPE haat_http_requests_total counter"))
      #expect(
        lines.contains {
          $0.hasPrefix(#"haat_http_requests_total{method="POST",route="/api/v1/orders",status="201"} 1"#)
        })
      #expect(lines.contains { $0.hasPrefix(#"haat_http_answer_seconds_bucket{route="/api/v1/orders",le="+Inf"} 1"#) })
      #expect(lines.contains("haat_streams 0.0") && lines.contains { $0.hasPrefix("haat_store_commits ") })
      for line in lines where !line.hasPrefix("#") {
        #expect(line.wholeMatch(of: /[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.e+-]+/) != nil, "\(line)")
      }
    }
  }

  @Test func `a running server is healthy and ready, and answers HEAD like GET without a body`() async throws {
    try await RunningWeb.run { web in
      #expect(try await web.guest.get("/healthz").text == "ok\n")
      #expect(try await web.guest.get("/readyz").text == "ready\n")
      let head = try await web.guest.send("HEAD", "/api/v1/markets")
      #expect(head.status == 200 && head.body.isEmpty && (Int(head.header("content-length") ?? "") ?? 0) > 100)
    }
  }

  @Test func `several requests on one connection are answered in turn`() async throws {
    try await RunningWeb.run { web in
      let text = try await web.guest.connected { inbound, outbound in
        let one = web.guest.head("GET", "/healthz", [:], 0, keep: true)
        let last = web.guest.head("GET", "/readyz", [:], 0, keep: false)
        try await outbound.write(ByteBuffer(bytes: one + one + last))
        var all = ""
        for try await buffer in inbound { all += String(buffer: buffer) }
        return all
      }
      #expect(text.components(separatedBy: "HTTP/1.1 200 OK").count == 4)
    }
  }

  @Test func `there is no video of a show without a stream, and nothing above its directory`() async throws {
    try await RunningWeb.run { web in
      for path in ["/live/\(web.square.show.id)/index.m3u8", "/live/x/../../etc/passwd", "/live/x/%2e%2e/%2e%2e/x"] {
        let reply = try await web.guest.get(path)
        #expect(reply.status == 404, "\(path)")
      }
    }
  }
}

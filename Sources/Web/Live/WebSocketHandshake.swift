import Crypto
import Foundation
import HTTPTypes
import Hummingbird

/// The opening handshake of RFC 6455 §4.2, from a request to the answer that ends HTTP on its connection.
struct WebSocketHandshake: Sendable {
  /// What the client can speak, in its order of preference.
  let protocols: [String]
  private let key: String

  /// Nil for a request that asks for no WebSocket. Throws for one that does so wrongly.
  init?(_ request: Request) throws {
    guard request.method == .get, Self.list(request.headers[values: .upgrade]).contains("websocket") else { return nil }
    guard Self.list(request.headers[values: .connection]).contains("upgrade"),
      let key = request.headers[.secWebSocketKey], Data(base64Encoded: key)?.count == 16
    else { throw Problem(.badRequest, "websocket_malformed", "This is no WebSocket handshake of RFC 6455.") }
    guard request.headers[.secWebSocketVersion] == "13" else {
      throw Problem(.upgradeRequired, "websocket_version", "Use version 13 of WebSocket.")
    }
    self.key = key
    protocols = Self.list(request.headers[values: .secWebSocketProtocol], isLowered: false)
  }

  func response(choosing chosen: String) -> Response {
    let digest = Insecure.SHA1.hash(data: Data((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
    return Response(
      status: .switchingProtocols,
      headers: [
        .upgrade: "websocket", .connection: "Upgrade", .secWebSocketAccept: Data(digest).base64EncodedString(),
        .secWebSocketProtocol: chosen,
      ])
  }

  private static func list(_ values: [String], isLowered: Bool = true) -> [String] {
    values.flatMap { $0.split(separator: ",") }.prefix(16).map {
      let word = $0.trimmingCharacters(in: .whitespaces)
      return isLowered ? word.lowercased() : word
    }
  }
}

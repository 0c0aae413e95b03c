import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

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

  /// A WebSocket is a GET that changes things, and scripts of every site may ask for one: `Origin` tells (RFC 6455
  /// §10.2). Programs send none, and must not have a cookie.
  static func isOurs(_ request: Request, _ configuration: WebConfiguration) -> Bool {
    guard let origin = request.headers[.origin] else {
      return request.headers[.cookie] == nil || request.headers[.secFetchSite] == "same-origin"
    }
    return origin == configuration.publicURL || origin == request.head.authority.map { "http://\($0)" }
      || origin == request.head.authority.map { "https://\($0)" }
  }

  func response(choosing chosen: String?) -> Response {
    let digest = Insecure.SHA1.hash(data: Data((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
    var response = Response(
      status: .switchingProtocols,
      headers: [
        .upgrade: "websocket", .connection: "Upgrade", .secWebSocketAccept: Data(digest).base64EncodedString(),
      ])
    if let chosen { response.headers[.secWebSocketProtocol] = chosen }
    return response
  }

  private static func list(_ values: [String], isLowered: Bool = true) -> [String] {
    values.flatMap { $0.split(separator: ",") }.prefix(16).map {
      let word = $0.trimmingCharacters(in: .whitespaces)
      return isLowered ? word.lowercased() : word
    }
  }
}

extension ChannelPipeline.SynchronousOperations {
  /// Adds handlers that get a connection's bytes before HTTP does, after they were decrypted. Throws where HTTP/1.1 is
  /// not spoken.
  func addBeforeHTTP(_ handlers: [any ChannelHandler]) throws {
    try addHandlers(handlers, position: .before(handler(type: HTTPResponseEncoder.self)))
  }
}

import HTTPTypes
import Hummingbird
import NIOCore

/// Packs text answers for clients that take gzip. Streams and what is packed already pass untouched.
struct Compression: RouterMiddleware {
  typealias Context = WebContext

  /// Bodies beyond this are sent as they are: packing them would hold the thread too long.
  private static let bytesMax = 4 * 1024 * 1024

  func handle(
    _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
  ) async throws -> Response {
    var response = try await next(request, context)
    guard let length = response.body.contentLength, Self.isWorth(length, &response.headers), request.takesGzip else {
      return response
    }
    let collected = CollectedBody()
    try await response.body.write(collected)
    response.body = ResponseBody(byteBuffer: Self.pack(collected.bytes, &response.headers))
    return response
  }

  /// The same for an answer that is no `Response`.
  static func pack(_ body: ByteBuffer, for request: Request, _ headers: inout HTTPFields) -> ByteBuffer {
    isWorth(body.readableBytes, &headers) && request.takesGzip ? pack(body, &headers) : body
  }

  /// Whether so many bytes are packed for who takes it, which the headers then say.
  private static func isWorth(_ length: Int, _ headers: inout HTTPFields) -> Bool {
    guard (Gzip.bytesMin...bytesMax).contains(length), let type = headers[.contentType], MediaTypes.isText(type),
      headers[.contentEncoding] == nil
    else { return false }
    headers[.vary] = "Accept-Encoding"
    return true
  }

  private static func pack(_ body: ByteBuffer, _ headers: inout HTTPFields) -> ByteBuffer {
    guard let packed = Gzip.compress(body, level: 5) else { return body }
    headers[.contentEncoding] = "gzip"
    return packed
  }
}

/// A body writer that keeps what is written to it.
final class CollectedBody: ResponseBodyWriter {
  private(set) var bytes = ByteBuffer()

  func write(_ buffer: ByteBuffer) async throws { bytes.writeImmutableBuffer(buffer) }

  func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

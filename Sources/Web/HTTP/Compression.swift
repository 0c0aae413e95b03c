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
    guard let length = response.body.contentLength, (Gzip.bytesMin...Self.bytesMax).contains(length),
      let type = response.headers[.contentType], MediaTypes.isText(type),
      response.headers[.contentEncoding] == nil
    else { return response }
    response.headers[.vary] = "Accept-Encoding"
    guard request.takesGzip else { return response }

    let collected = CollectedBody()
    try await response.body.write(collected)
    guard let packed = Gzip.compress(collected.bytes, level: 5) else {
      response.body = ResponseBody(byteBuffer: collected.bytes)
      return response
    }
    response.headers[.contentEncoding] = "gzip"
    response.body = ResponseBody(byteBuffer: packed)
    return response
  }
}

/// A body writer that keeps what is written to it.
final class CollectedBody: ResponseBodyWriter {
  private(set) var bytes = ByteBuffer()

  func write(_ buffer: ByteBuffer) async throws { bytes.writeImmutableBuffer(buffer) }

  func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Media
import NIOCore
import NIOHTTPTypes

/// Answers a connection's plain requests for media that is there already, on its own event loop, before Hummingbird is
/// asked: a segment is looked up in a microsecond, and all that a router and a task add costs as much as sending it.
///
/// What it is not sure of it passes on: ranges, conditions, parts that have to be waited for, names of nothing. The
/// answers are the same, and are counted the same.
final class MediaShortcut: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private struct Answer {
    var head: HTTPResponse
    var buffers: [ByteBuffer]
    var since: ContinuousClock.Instant
  }

  /// What the router calls it.
  private static let route = "/live/{show}/**"
  private static let prefix = "/live/"

  private let site: Site
  /// Requests passed on that were not answered yet. Answers come in the order of the requests.
  private var passedOn = 0
  /// To the request that is being read.
  private var answer: Answer?

  init(_ site: Site) { self.site = site }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let request):
      // Who does not read has to wait, which Hummingbird knows how to.
      if passedOn == 0, answer == nil, context.channel.isWritable, let found = find(request) {
        answer = found
        return
      }
      passedOn += 1
    case .body:
      // What asks for media has none; a header would have said so.
      if answer != nil { return }
    case .end:
      if let answer {
        self.answer = nil
        return write(answer, context)
      }
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .end = unwrapOutboundIn(data) { passedOn = max(0, passedOn - 1) }
    context.write(data, promise: promise)
  }

  private func find(_ request: HTTPRequest) -> Answer? {
    guard request.method == .get, let path = request.path, path.hasPrefix(Self.prefix), path.hasSuffix(".mp4") else {
      return nil
    }
    for field in request.headerFields where Self.passing.contains(field.name) { return nil }
    if let connection = request.headerFields[.connection], connection.lowercased() != "keep-alive" { return nil }
    let rest = path.dropFirst(Self.prefix.count)
    guard let slash = rest.firstIndex(of: "/") else { return nil }
    let name = String(rest[rest.index(after: slash)...])
    let since = ContinuousClock.now
    let show = String(rest[..<slash])
    // Whether it is for everybody is asked of the database by the router, the first time.
    guard site.openShows.contains(show), let stream = site.media.stream(show), let found = stream.media(at: name),
      case .buffers(let buffers) = found.body
    else { return nil }
    let length = buffers.reduce(0) { $0 + $1.readableBytes }
    return Answer(head: head(found, name, length), buffers: buffers, since: since)
  }

  /// A request with one of these is not plain.
  private static let passing: Set<HTTPField.Name> = [
    .range, .ifRange, .ifNoneMatch, .ifMatch, .contentLength, .transferEncoding, .upgrade, .expect,
  ]

  private func head(_ found: MediaAnswer, _ name: String, _ length: Int) -> HTTPResponse {
    var headers = MediaDelivery.headers(of: found)
    headers[.eTag] = MediaDelivery.tag(of: name)
    headers[.acceptRanges] = "bytes"
    headers[.contentLength] = String(length)
    headers[.date] = HTTPDate.now
    SecurityHeaders.add(to: &headers, id: RequestID().description, isSecure: site.configuration.secureCookies)
    return HTTPResponse(status: .ok, headerFields: headers)
  }

  private func write(_ answer: Answer, _ context: ChannelHandlerContext) {
    context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
    for buffer in answer.buffers { context.write(wrapOutboundOut(.body(buffer)), promise: nil) }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    site.metrics.answered("GET", Self.route, 200, in: .now - answer.since)
  }
}

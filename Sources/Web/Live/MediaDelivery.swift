import Commerce
import Foundation
import HTTPTypes
import Hummingbird
import Media
import NIOCore

/// Video: `/live/<show>/<path>` as the stream answers it, in HTTP's terms: ranges, gzip, who may embed it.
struct MediaDelivery: Sendable {
  let site: Site
  let replay: ReplayDelivery?

  func answer(_ request: Request, _ context: WebContext) async throws -> Response {
    let show = context.parameters.get("show") ?? ""
    if try await hasStarted(show) { return try await answer(show, .everybody, request, context) }
    // Only here it matters who asks.
    return try await Visitor(site: site).handle(request, context: context) { request, context in
      guard let id = ID<Show>(show) else { throw Problem.notFound("show") }
      let isCrew = try await site.commerce.isMember(context.caller, ofChannelOf: id)
      var response = try await answer(show, isCrew ? .crew : .nobody, request, context)
      if isCrew { response.headers[.cacheControl] = "private, no-store" }
      return response
    }
  }

  /// For whom the show's stream is, as far as the caller is concerned: before the show starts, for its channel's people.
  private enum Audience { case everybody, crew, nobody }

  private func hasStarted(_ name: String) async throws -> Bool {
    if site.openShows.contains(name) { return true }
    guard let id = ID<Show>(name) else { throw Problem.notFound("show") }
    // One that was called off has ended, and never started.
    guard try await site.commerce.show(id).startedAt != nil else { return false }
    site.openShows.insert(name)
    return true
  }

  private func answer(
    _ show: String, _ audience: Audience, _ request: Request, _ context: WebContext
  ) async throws -> Response {
    let path = context.parameters.getCatchAll().joined(separator: "/")
    if let size = Poster.Size(rawValue: path) { return try await poster(of: show, size, audience, request) }
    guard audience != .nobody, let stream = site.media.stream(show) else { throw Problem.notFound("stream") }
    return try await answer(path, of: stream, show, request, context)
  }

  private func answer(
    _ path: String, of stream: LiveStream, _ show: String, _ request: Request, _ context: WebContext
  ) async throws -> Response {
    if path == "preview.mp4" { return try preview(of: stream, request) }
    if path == "dvr.m3u8", let replay {
      return try await replay.lookBack(show, hasEnded: stream.health().state == .ended)
    }
    let query = Dictionary(
      request.uri.queryParameters.map { (String($0.key), $0.value.removingPercentEncoding ?? String($0.value)) },
      uniquingKeysWith: { first, _ in first })
    let address = context.address(of: request, site.configuration)
    let answer = await stream.answer(path, query: query, from: address)

    var headers = Self.headers(of: answer)
    let status = HTTPResponse.Status(code: answer.status)
    switch answer.body {
    case .empty: return Response(status: status, headers: headers)
    case .buffers(let buffers):
      if let playlist = answer.playlist { return Self.playlist(playlist, headers, request) }
      headers[.eTag] = Self.tag(of: path)
      return Self.file(buffers, headers, request)
    case .endless(let fragments):
      let place = try site.streams.enter(address, context.channel)
      headers[.accelBuffering] = "no"
      return Response(status: status, headers: headers, body: endless(fragments, context, place))
    }
  }

  /// Media's name is never given to other bytes.
  static func tag(of path: String) -> String { "\"\(path)\"" }

  static func headers(of answer: MediaAnswer) -> HTTPFields {
    var headers = embeddable
    for (name, value) in answer.headers {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    return headers
  }

  /// Answers the question a browser asks before a page of another site may ask for more than the simplest.
  static func preflight() -> Response {
    var headers = embeddable
    headers[.accessControlAllowMethods] = "GET, HEAD, OPTIONS"
    headers[.accessControlAllowHeaders] = "Range, If-None-Match"
    headers[.accessControlMaxAge] = "86400"
    return Response(status: .noContent, headers: headers)
  }

  /// Players on other sites may read video, and nothing else, and never as somebody.
  private static let embeddable: HTTPFields = [
    .accessControlAllowOrigin: "*",
    .accessControlExposeHeaders: "Haat-Codecs, Content-Length, Content-Range, ETag, Date",
    .crossOriginResourcePolicy: "cross-origin", .timingAllowOrigin: "*",
  ]

  /// Whole, whatever range is asked for: browsers that play HLS themselves ask for one even of a text that grows. What
  /// they would keep of it would be wrong the next time, so they may not keep it.
  private static func playlist(_ text: PlaylistText, _ headers: HTTPFields, _ request: Request) -> Response {
    var headers = headers
    if request.headers[.range] != nil { headers[.cacheControl] = "no-store" }
    headers[.vary] = "Accept-Encoding"
    guard request.takesGzip, text.bytes.readableBytes >= Gzip.bytesMin,
      let packed = text.packed(by: { Gzip.compress($0, level: 6) })
    else { return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: text.bytes)) }
    headers[.contentEncoding] = "gzip"
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: packed))
  }

  private static func file(_ buffers: [ByteBuffer], _ headers: HTTPFields, _ request: Request) -> Response {
    var headers = headers
    let tag = headers[.eTag]
    if let known = request.headers[.ifNoneMatch],
      known == "*"
        || known.split(separator: ",").contains(where: {
          $0.trimmingCharacters(in: .whitespaces) == tag
        })
    {
      return Response(status: .notModified, headers: headers)
    }
    let length = buffers.reduce(0) { $0 + $1.readableBytes }
    let condition = request.headers[.ifRange]
    let asked = condition == nil || condition == tag ? request.headers[.range] : nil
    let (status, own, range) = ByteRange(asked, length: Int64(length)).answer(length: Int64(length))
    for field in own { headers[field.name] = field.value }
    switch status {
    case .ok: return Response(status: .ok, headers: headers, body: body(buffers))
    case .partialContent:
      let cut = ByteRange.slice(buffers, Int(range.lowerBound)..<Int(range.upperBound))
      return Response(status: .partialContent, headers: headers, body: body(cut))
    default:
      headers[.cacheControl] = "no-store"
      return Response(status: status, headers: headers)
    }
  }

  private static func body(_ buffers: [ByteBuffer]) -> ResponseBody {
    guard buffers.count == 1, let only = buffers.first else { return ResponseBody(contentsOf: buffers) }
    return ResponseBody(byteBuffer: only)
  }

  /// The last seconds of it, to be seen among others.
  private func preview(of stream: LiveStream, _ request: Request) throws -> Response {
    guard let preview = stream.preview() else { throw Problem.notFound("stream") }
    var headers = Self.embeddable
    headers[.contentType] = "video/mp4"
    headers[.cacheControl] = "public, max-age=2"
    headers[.eTag] = "\"\(preview.name)\""
    return Self.file([preview.bytes], headers, request)
  }

  /// What the show looks like now, else the picture of what it sells, else one of ours.
  private func poster(
    of show: String, _ size: Poster.Size, _ audience: Audience, _ request: Request
  ) async throws -> Response {
    var headers = Self.embeddable
    headers[.cacheControl] = audience == .crew ? "private, no-store" : "public, max-age=5"
    if audience != .nobody, let poster = site.posters.poster(of: show) {
      headers[.contentType] = "image/jpeg"
      headers[.eTag] = "\"\(size.rawValue)-\(poster.mediaTimeMilliseconds)\""
      return Self.file([poster.bytes(size)], headers, request)
    }
    guard let id = ID<Show>(show), (try? await site.commerce.show(id)) != nil else { throw Problem.notFound("show") }
    let cover = try await site.commerce.covers(shows: [id])[id]?.url
    headers[.location] = cover ?? site.statics.url("poster.svg")
    return Response(status: .found, headers: headers)
  }

  /// Every fragment is written, and flushed, as it comes.
  private func endless(
    _ fragments: FragmentSubscription, _ context: WebContext, _ place: OpenStreams.Place
  ) -> ResponseBody {
    let (channel, connection) = (context.channel, context.connection)
    let patience = Int(clamping: site.configuration.limits.unreadSeconds * 1000)
    return ResponseBody { writer in
      defer { place.leave() }
      try? await connection.setOption(.tcpOption(.tcp_nodelay), value: 1).get()
      // A viewer that has vanished, or that does not read, is given up by the kernel.
      try? await connection.setOption(.tcpOption(.unacknowledgedMilliseconds), value: patience).get()
      try await channel.eventLoop.submit {
        try channel.pipeline.syncOperations.addHandler(CloseAtEndOfInput(), position: .first)
      }.get()
      // A viewer that leaves makes the next write throw.
      for await fragment in fragments { try await writer.write(fragment) }
      try await writer.finish(nil)
    }
  }
}

/// Half-closed connections are kept open for requests whose answer is under way; an endless answer would never be.
final class CloseAtEndOfInput: ChannelInboundHandler, RemovableChannelHandler, Sendable {
  typealias InboundIn = Any

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed = event as? ChannelEvent { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }
}

extension NIOBSDSocket.Option {
  /// `TCP_USER_TIMEOUT` of Linux (RFC 5482): how long what was sent may stay unacknowledged, or a window closed.
  fileprivate static let unacknowledgedMilliseconds = NIOBSDSocket.Option(rawValue: 18)
}

extension HTTPField.Name {
  fileprivate static let crossOriginResourcePolicy = named("Cross-Origin-Resource-Policy")
  fileprivate static let timingAllowOrigin = named("Timing-Allow-Origin")

  /// Only for names written in source: a name that is not a token becomes one no peer sends.
  private static func named(_ name: String) -> HTTPField.Name { HTTPField.Name(name) ?? .xContentTypeOptions }
}

import Foundation
import Commerce
import HTTPTypes
import Hummingbird
import Media
import NIOCore

/// Video: `/live/<show>/<path>` as the stream answers it.
struct MediaDelivery: Sendable {
  let media: MediaServer
  let streams: OpenStreams
  let configuration: WebConfiguration
  let replay: ReplayDelivery?

  func answer(_ request: Request, _ context: WebContext) async throws -> Response {
    let show = context.parameters.get("show") ?? ""
    let path = context.parameters.getCatchAll().joined(separator: "/")
    guard let stream = media.stream(show) else { throw Problem.notFound("stream") }
    if path == "dvr.m3u8", let replay {
      return try await replay.lookBack(show, hasEnded: stream.health().state == .ended)
    }
    let query = Dictionary(
      request.uri.queryParameters.map { (String($0.key), $0.value.removingPercentEncoding ?? String($0.value)) },
      uniquingKeysWith: { first, _ in first })
    let answer = await stream.answer(path, query: query)

    // Players on other sites may read video, and nothing else, and never as somebody.
    var headers: HTTPFields = [.accessControlAllowOrigin: "*", .accessControlExposeHeaders: "Haat-Codecs"]
    for (name, value) in answer.headers {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    let status = HTTPResponse.Status(code: answer.status)
    switch answer.body {
    case .empty: return Response(status: status, headers: headers)
    case .buffers(let buffers):
      guard buffers.count == 1, let only = buffers.first else {
        return Response(status: status, headers: headers, body: ResponseBody(contentsOf: buffers))
      }
      return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: only))
    case .endless(let fragments):
      let place = try streams.enter(context.address(of: request, configuration), context.channel)
      headers[.accelBuffering] = "no"
      return Response(status: status, headers: headers, body: Self.endless(fragments, context.channel, place))
    }
  }

  /// Every fragment is written, and flushed, as it comes.
  private static func endless(
    _ fragments: FragmentSubscription, _ channel: any NIOCore.Channel, _ place: OpenStreams.Place
  ) -> ResponseBody {
    ResponseBody { writer in
      defer { place.leave() }
      try? await channel.setOption(.tcpOption(.tcp_nodelay), value: 1).get()
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

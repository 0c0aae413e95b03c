import Commerce
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// The answer that is an event stream.
enum LiveEvents {
  /// What the kernel may hold for one viewer: a viewer that does not read is noticed after this, not after megabytes.
  private static let socketBufferBytes: SocketOptionValue = 32 * 1024

  static func response(to call: Call, in room: Room) async throws -> Response {
    let channel = call.context.channel
    let lastEventID = try call.request.headers[.lastEventID] ?? call.query("lastEventId")
    let place = try call.site.streams.enter(call.address, channel)
    let logger = call.context.logger
    // Who runs the show is none of its viewers.
    let isMember = try await call.commerce.isMember(call.caller, ofChannelOf: room.show)
    let browser: ID<Viewer> = call.commerce.makeID()
    let who = isMember ? nil : call.viewer ?? "browser \(browser)"
    var headers: HTTPFields = [
      .contentType: "text/event-stream", .cacheControl: "no-store", .accelBuffering: "no", .connection: "close",
    ]
    if call.viewer == nil {
      headers.append(ViewerCookie.setting(browser, isSecure: call.site.configuration.secureCookies))
    }
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody(contentLength: nil) { writer in
        // The place is given back when this ends.
        defer { place.leave() }
        let seat = who.map(room.presence.enter)
        defer { withExtendedLifetime(seat) {} }
        // The head goes out with the first bytes; from then on the hub writes.
        try await writer.write(ByteBuffer(string: ":\n\n"))
        try? await channel.setOption(.socketOption(.so_sndbuf), value: socketBufferBytes).get()
        do {
          try await room.join(channel, lastEventID: lastEventID)
        } catch {
          logger.error("a viewer could not join", metadata: ["error": "\(String(reflecting: error))"])
          channel.close(promise: nil)
        }
        await withTaskCancellationHandler {
          try? await channel.closeFuture.get()
        } onCancel: {
          channel.close(promise: nil)
        }
      })
  }
}

import Commerce
import HTTPTypes
import Hummingbird
import Media
import NIOCore

/// The files of a clip: `/clips/{clip}/video.mp4` and `/clips/{clip}/poster.jpg`, for whoever may see it.
enum ClipDelivery {
  /// Bytes read and written at once.
  private static let piece = 256 * 1024

  static func video(_ visit: Visit) async throws -> Response { try await answer(visit, .video, "video/mp4") }

  static func poster(_ visit: Visit) async throws -> Response { try await answer(visit, .poster, "image/jpeg") }

  private static func answer(_ visit: Visit, _ part: Clips.Part, _ type: String) async throws -> Response {
    let clip = try await visit.commerce.clip(visit.id("clip", Clip.self), by: visit.caller)
    guard let file = try await visit.site.clips?.open(clip.id.description, part) else { throw Problem.notFound("clip") }
    var (status, headers, range) = ByteRange(visit.request.headers[.range], length: file.length)
      .answer(length: file.length)
    headers[.contentType] = type
    headers[.contentLength] = String(range.count)
    // Never changes under its name: kept for a day, no longer, because a removed clip should go everywhere.
    headers[.cacheControl] = clip.state == .ready ? "public, max-age=86400" : "private, no-store"
    headers[.accessControlAllowOrigin] = "*"
    let channel = visit.context.channel
    let patience = TimeAmount.seconds(visit.site.configuration.limits.unreadSeconds)
    return Response(
      status: status, headers: headers,
      body: ResponseBody(contentLength: range.count) { [range] writer in
        var place = range.lowerBound
        while place < range.upperBound {
          let bytes = try await file.read(at: place, Int(min(Int64(piece), range.upperBound - place)))
          guard bytes.readableBytes > 0 else { throw Problem.fault }
          place += Int64(bytes.readableBytes)
          // Whoever waits to write is let go, by a throw, when the connection is closed.
          let end = channel.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
          defer { end.cancel() }
          try await writer.write(bytes)
        }
        try await writer.finish(nil)
      })
  }
}

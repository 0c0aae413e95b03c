import Commerce
import HTTPTypes
import Hummingbird
import Media
import NIOCore

/// A recording as one file, read from the disk as fast as the reader takes it and no faster. One who does not take it
/// gives its place to others after `WebLimits.unreadSeconds`.
enum RecordingDownloadAnswer {
  /// Bytes read and written at once.
  private static let piece = 512 * 1024

  static func response(to request: Request, show: Show, on channel: any NIOCore.Channel, _ site: Site) async throws
    -> Response
  {
    guard let recordings = site.media.recordings else { throw RecordingRefusal.none }
    guard let download = try await recordings.download(show.id.description) else {
      var problem = Problem(
        .serviceUnavailable, "too_many_downloads",
        "At most \(recordings.configuration.downloadsMax) recordings are downloaded at once. Try again in a minute.")
      problem.retryAfterSeconds = 60
      throw problem
    }
    let range = ByteRange(request.headers[.range], length: download.length).answer(length: download.length)
    var headers = range.headers
    headers[.contentType] = "video/mp4"
    headers[.cacheControl] = "private, no-store"
    headers[.contentDisposition] = "attachment; filename=\"\(name(show))\""
    headers[.contentLength] = String(range.range.count)
    let patience = TimeAmount.seconds(site.configuration.limits.unreadSeconds)
    return Response(
      status: range.status, headers: headers,
      body: ResponseBody(contentLength: range.range.count) { writer in
        var place = range.range.lowerBound
        while place < range.range.upperBound {
          let count = Int(min(Int64(piece), range.range.upperBound - place))
          let bytes = try await download.read(at: place, count)
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

  /// `evening-lamps-2026-11-22.mp4`: ASCII, so that every system takes it.
  private static func name(_ show: Show) -> String {
    let words = show.title.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    let title = words.joined(separator: "-").prefix(60)
    let day = (show.startedAt ?? show.scheduledAt).description.prefix(10)
    return "\(title.isEmpty ? "show" : title)-\(day).mp4"
  }
}

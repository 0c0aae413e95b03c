import Commerce
import HTTPTypes
import Hummingbird
import Media
import NIOCore
import Synchronization

/// What was recorded: `/replay/<show>/<path>` while and after a show is live, and the playlist to look back in it,
/// `/live/<show>/dvr.m3u8`.
struct ReplayDelivery: Sendable {
  let commerce: Commerce
  let recordings: Recordings
  private let texts = Texts()
  private let visibility = Visibility()

  init(commerce: Commerce, recordings: Recordings) {
    self.commerce = commerce
    self.recordings = recordings
  }

  func answer(_ request: Request, _ context: WebContext) async throws -> Response {
    let name = context.parameters.get("show") ?? ""
    let path = context.parameters.getCatchAll().joined(separator: "/")
    switch path {
    case _ where path.hasSuffix(".m3u8"):
      let (show, _) = try await replay(name)
      guard
        let playlist = try await recordings.replayPlaylist(
          path, of: name, epoch: show.mediaEpoch?.milliseconds ?? 0)
      else { throw Problem.notFound("playlist") }
      return text("application/vnd.apple.mpegurl", playlist, isKept: true)
    case "chapters.vtt":
      let (show, index) = try await replay(name)
      let chapters = try await commerce.pins(of: show.id).map {
        RecordingPlaylist.Chapter(mediaTimeMilliseconds: $0.mediaTime, title: $0.title)
      }
      return text("text/vtt; charset=utf-8", RecordingPlaylist.chapters(chapters, in: index), isKept: true)
    default:
      guard try await isVisible(name), let bytes = try await recordings.media(at: path, of: name) else {
        throw Problem.notFound("segment")
      }
      return Self.media(bytes, request)
    }
  }

  /// A live show's playlist as far back as a viewer may go.
  func lookBack(_ name: String, hasEnded: Bool) async throws -> Response {
    guard let id = ID<Show>(name), let index = try await recordings.index(of: name) else {
      throw Problem.notFound("stream")
    }
    let type = "application/vnd.apple.mpegurl"
    let edition = index.segments.count * 2 + (hasEnded ? 1 : 0)
    if let known = texts.text(of: name, edition: edition) { return text(type, known) }
    let epoch = try await commerce.show(id).mediaEpoch?.milliseconds ?? 0
    let made = ByteBuffer(
      string: RecordingPlaylist.lookBack(
        index, windowSeconds: recordings.configuration.dvrSeconds, epoch: epoch, prefix: "../../replay/\(name)/",
        hasEnded: hasEnded))
    texts.put(made, of: name, edition: edition)
    return text(type, made)
  }

  /// Whether anybody may see the show; as it was some seconds ago, so that a segment costs no question of its own.
  private func isVisible(_ name: String) async throws -> Bool {
    let now = commerce.clock.now
    if let known = visibility.isVisible(name, at: now) { return known }
    guard let id = ID<Show>(name) else { return false }
    do {
      _ = try await commerce.show(id)
      visibility.put(name, true, at: now)
      return true
    } catch is GeneralRefusal {
      visibility.put(name, false, at: now)
      return false
    }
  }

  /// The recording of a show that has ended, for anybody who may see the show.
  private func replay(_ name: String) async throws -> (Show, RecordingIndex) {
    guard let id = ID<Show>(name) else { throw Problem.notFound("recording") }
    let show = try await commerce.show(id)
    switch try await commerce.recording(id)?.state {
    case .ready: break
    case .deleted: throw RecordingRefusal.deleted
    case .recording, .empty, nil: throw Problem.notFound("recording")
    }
    guard let index = try await recordings.index(of: name) else { throw Problem.notFound("recording") }
    return (show, index)
  }

  /// Answered whole: browsers that play HLS themselves ask for byte ranges of playlists, and mean all of it.
  private func text(_ type: String, _ text: String, isKept: Bool) -> Response {
    self.text(type, ByteBuffer(string: text), isKept: isKept)
  }

  private func text(_ type: String, _ text: ByteBuffer, isKept: Bool = false) -> Response {
    Response(
      status: .ok,
      headers: [
        .contentType: type, .cacheControl: isKept ? "public, max-age=60" : "no-store",
        .accessControlAllowOrigin: "*",
      ], body: ResponseBody(byteBuffer: text))
  }

  /// Never changes under its name: kept for a week, no longer, because a deleted recording should go everywhere.
  private static func media(_ bytes: ByteBuffer, _ request: Request) -> Response {
    let length = Int64(bytes.readableBytes)
    var (status, headers, range) = ByteRange(request.headers[.range], length: length).answer(length: length)
    headers[.contentType] = "video/mp4"
    headers[.cacheControl] = "public, max-age=604800, immutable"
    headers[.accessControlAllowOrigin] = "*"
    let piece = bytes.getSlice(at: bytes.readerIndex + Int(range.lowerBound), length: range.count) ?? ByteBuffer()
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: piece))
  }

  /// What was answered lately to who may see a show.
  private final class Visibility: Sendable {
    private static let keptSeconds: Int64 = 10
    private static let keptMax = 1_000
    private let kept = Mutex<[String: (isVisible: Bool, until: Moment)]>([:])

    func isVisible(_ name: String, at now: Moment) -> Bool? {
      kept.withLock { kept in kept[name].flatMap { now < $0.until ? $0.isVisible : nil } }
    }

    func put(_ name: String, _ isVisible: Bool, at now: Moment) {
      kept.withLock { kept in
        if kept.count >= Self.keptMax, kept[name] == nil { kept.removeAll() }
        kept[name] = (isVisible, now.adding(seconds: Self.keptSeconds))
      }
    }
  }

  /// The newest playlist of each live show: thousands of lines, and the same for everybody.
  private final class Texts: Sendable {
    private static let keptMax = 64
    private let kept = Mutex<[String: (edition: Int, text: ByteBuffer)]>([:])

    func text(of name: String, edition: Int) -> ByteBuffer? {
      kept.withLock { kept in kept[name].flatMap { $0.edition == edition ? $0.text : nil } }
    }

    func put(_ text: ByteBuffer, of name: String, edition: Int) {
      kept.withLock { kept in
        if kept.count >= Self.keptMax, kept[name] == nil { kept.removeAll() }
        kept[name] = (edition, text)
      }
    }
  }
}

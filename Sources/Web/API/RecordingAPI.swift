import Commerce
import HTTPTypes
import Hummingbird
import Media
import NIOCore

/// Recordings: what became of them, what happened in them, and how long they are kept.
enum RecordingAPI {
  struct RecordingAnswer: Codable, Described {
    let state: RecordingState
    let startMediaTime: Int64
    let endMediaTime: Int64
    let durationMilliseconds: Int64
    let bytes: Int64
    let lostMilliseconds: Int64
    let readyAt: Moment?
    let deletedAt: Moment?
    let deletedWhy: DeletionReason?
    /// Where it plays; left out unless it is ready.
    let playlist: String?
    let chapters: String?
    /// Why nothing can be written now.
    let trouble: String?

    static let fields = [
      "state": "recording while the show is on air, then ready, or empty when nothing came in; deleted at the end.",
      "startMediaTime": "Of its first frame, in milliseconds of the show's own clock.",
      "durationMilliseconds": "How long it plays, without what is missing.",
      "lostMilliseconds": "What was on air and could not be written.",
      "playlist": "Where it plays (HLS).",
      "chapters": "The pins as chapters (WebVTT).",
      "trouble": "Why nothing can be written at the moment; only while it is recorded.",
    ]
  }

  struct RecordingTermsAnswer: Codable, Described {
    let keepDays: Int64
    let isDownloadOpen: Bool
    let recordings: Int64
    let bytes: Int64

    static let fields = [
      "keepDays": "Days from a show's end until its recording is deleted; 0 keeps it.",
      "isDownloadOpen": "Whether everybody may download, or only the channel's owners and hosts.",
      "recordings": "How many are kept now.", "bytes": "What they take on the disk.",
    ]
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/shows/{show}/recording", "Tells what became of a show's recording.", gives: RecordingAnswer.self
    ) { call in
      let id: ID<Show> = try call.id("show")
      guard let recording = try await call.commerce.recording(id, by: call.caller) else { throw RecordingRefusal.none }
      return try await answer(recording, call.site.media.recordings)
    },
    Endpoint(
      .delete, "/api/v1/shows/{show}/recording", "Deletes a recording; for the channel's owners.", as: .noContent
    ) { call in
      let id: ID<Show> = try call.id("show")
      try await call.commerce.deleteRecording(id, by: call.caller)
      try await call.site.media.recordings?.delete(id.description)
      return Response(status: .noContent)
    }.by(.account),
    file, moments,
    Endpoint(
      .get, "/api/v1/channels/{channel}/recording-terms", "Tells how a channel keeps its recordings, to its members.",
      gives: RecordingTermsAnswer.self
    ) { call in try await terms(call) }.by(.account),
    Endpoint(
      .put, "/api/v1/channels/{channel}/recording-terms", "Says how a channel keeps its recordings; for its owners.",
      takes: RecordingTerms.self, gives: RecordingTermsAnswer.self
    ) { call, body in
      try await call.commerce.putRecordingTerms(of: call.channel().id, by: call.caller, body)
      return try await terms(call)
    }.by(.account),
  ]

  /// Of one under way, how far it is now.
  private static func answer(_ recording: Recording, _ recordings: Recordings?) async throws -> RecordingAnswer {
    let name = recording.show.description
    let now =
      recording.state == .recording ? try await recordings?.index(of: name)?.summary : nil
    let isReady = recording.state == .ready
    return RecordingAnswer(
      state: recording.state, startMediaTime: now?.startMilliseconds ?? recording.startMediaTime,
      endMediaTime: now?.endMilliseconds ?? recording.endMediaTime,
      durationMilliseconds: now?.durationMilliseconds ?? recording.durationMilliseconds,
      bytes: now?.bytes ?? recording.bytes, lostMilliseconds: now?.lostMilliseconds ?? recording.lostMilliseconds,
      readyAt: recording.readyAt, deletedAt: recording.deletedAt, deletedWhy: recording.deletedWhy,
      playlist: isReady ? "/replay/\(name)/index.m3u8" : nil, chapters: isReady ? "/replay/\(name)/chapters.vtt" : nil,
      trouble: recordings?.trouble(of: name).map { _ in "disk" })
  }

  private static func terms(_ call: Call) async throws -> RecordingTermsAnswer {
    let channel = try await call.channel().id
    let terms = try await call.commerce.recordingTerms(of: channel, by: call.caller)
    let use = try await call.commerce.recordingUse(of: channel, by: call.caller)
    return RecordingTermsAnswer(
      keepDays: terms.keepDays, isDownloadOpen: terms.isDownloadOpen, recordings: use.count, bytes: use.bytes)
  }

  private static var file: Endpoint {
    var endpoint = Endpoint(
      .get, "/api/v1/shows/{show}/recording/file", "Downloads a recording as one MP4; byte ranges are answered."
    ) { call in
      let (show, _) = try await call.commerce.recordingForDownload(call.id("show"), by: call.caller)
      return try await RecordingDownloadAnswer.response(
        to: call.request, show: show, on: call.context.channel, call.site)
    }
    endpoint.answer = .text("video/mp4")
    return endpoint
  }

  private static var moments: Endpoint {
    var endpoint = Endpoint(
      .get, "/api/v1/shows/{show}/moments", "Lists what happened in a stretch of a show, by media time, for its replay."
    ) { call in
      let from = try call.number("from") ?? 0
      let until = try call.number("until") ?? Int64.max
      let isMessages = try call.query("of") == "messages"
      let events = try await call.commerce.moments(
        of: call.id("show"), from: from, until: until, messages: isMessages, limit: call.limit(default: 100),
        by: call.caller)
      let items = events.map(LiveText.json).joined(separator: ",")
      return Response(
        status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: #"{"items":[\#(items)],"next":null}"#)))
    }
    endpoint.answer = .json(List<RoomAPI.Event>.self)
    return endpoint.query("from", "Media time in milliseconds, with it.").query("until", "Media time, without it.")
      .query("of", "`messages` for the last ones said, else everything but messages, the first ones.")
      .query("limit", "1 to 1000.")
  }
}

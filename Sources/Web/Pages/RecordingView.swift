import Commerce
import Media

/// What the studio says of a show's recording.
struct RecordingView: Sendable {
  let url: String
  let title: String
  let whenISO: String
  let whenText: String
  let isReady: Bool
  /// Why there is nothing to watch, or how far it is.
  let notice: String?
  /// Why nothing can be written now.
  let trouble: String?
  let lengthText: String
  let sizeText: String
  /// Nil when nothing is.
  let missingText: String?
  let watchURL: String
  let downloadURL: String
  let canDelete: Bool
  let formURL: String

  init(_ recording: Recording, of show: Show, now: RecordingSummary?, trouble: String?, role: Role, _ words: Words) {
    url = "/studio/shows/\(show.id)"
    title = show.title
    whenISO = show.scheduledAt.description
    whenText = show.scheduledAt.plainText
    isReady = recording.state == .ready
    lengthText = Figures.clock(recording.durationMilliseconds)
    sizeText = Figures.bytes(recording.bytes)
    missingText = recording.lostMilliseconds > 0 ? Figures.clock(recording.lostMilliseconds) : nil
    self.trouble = trouble.map { words["recordings.trouble", ["reason": $0]] }
    notice =
      switch recording.state {
      case .ready: nil
      case .empty: words["recordings.empty"]
      case .deleted: words[recording.deletedWhy == .owner ? "recordings.deletedByOwner" : "recordings.deletedByAge"]
      case .recording where show.state == .ended: words["recordings.waiting"]
      case .recording:
        words[
          "recordings.underWay",
          [
            "length": Figures.clock(now?.durationMilliseconds ?? 0), "size": Figures.bytes(now?.bytes ?? 0),
          ]]
      }
    watchURL = "/watch/\(show.id)"
    downloadURL = "/api/v1/shows/\(show.id)/recording/file"
    canDelete = role.isOwner && recording.state == .ready
    formURL = url
  }
}

extension Visit {
  /// Nil for a show that never began.
  func recording(of show: Show, role: Role) async throws -> RecordingView? {
    guard let recording = try await commerce.recording(show.id, by: caller) else { return nil }
    let recordings = site.media.recordings
    let name = show.id.description
    let isUnderWay = recording.state == .recording && show.state == .live
    return RecordingView(
      recording, of: show, now: isUnderWay ? try await recordings?.index(of: name)?.summary : nil,
      trouble: recordings?.trouble(of: name), role: role, words)
  }
}

/// A channel's recordings, what they take, and how long they are kept.
struct RecordingsTab: Sendable {
  let items: [RecordingView]
  let hasItems: Bool
  let next: String?
  let usedText: String
  let canChange: Bool
  let keepDays: String
  let isDownloadOpen: Bool
  let formURL: String

  init(_ visit: Visit, _ channel: Channel, _ role: Role) async throws {
    let page = try await visit.commerce.recordings(of: channel.id, by: visit.caller, after: visit.cursor, limit: 30)
    items = page.items.map { RecordingView($0.recording, of: $0.show, now: nil, trouble: nil, role: role, visit.words) }
    hasItems = !items.isEmpty
    next = page.next?.description
    let use = try await visit.commerce.recordingUse(of: channel.id, by: visit.caller)
    usedText = visit.words.plural("recordings.used", use.count, ["size": Figures.bytes(use.bytes)])
    let terms = try await visit.commerce.recordingTerms(of: channel.id, by: visit.caller)
    canChange = role.isOwner
    keepDays = String(terms.keepDays)
    isDownloadOpen = terms.isDownloadOpen
    formURL = "/studio/\(channel.handle)"
  }
}

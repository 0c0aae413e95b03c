internal import Dispatch
internal import Foundation
internal import Logging
internal import NIOCore
internal import Synchronization

/// Writes one show's segments to disk, on a thread of its own: a disk that is slow or full costs the recording and
/// nothing else. What does not fit the queue, or cannot be written, is lost to the recording, counted, logged once, and
/// noted in the index when writing works again.
final class RecordingWriter: Sendable {
  private enum Piece {
    case segment(Segment)
    /// With why it was lost, where that is for the log.
    case gap(RecordingEntry, String?)
  }

  private struct State {
    var queue: [Piece] = []
    var queueBytes = 0
    var index = RecordingIndex()
    var trouble: String?
    var unnoted: RecordingEntry?
    var isClosing = false
    var isClosed = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let id: String
  private let directory: String
  private let configuration: RecordingConfiguration
  private let disk: RecordingDisk
  private let logger: Logger
  private let state = Mutex(State())
  private let wake = DispatchSemaphore(value: 0)

  /// - Parameter gap: what was lost before, and is not in the index yet.
  init(
    id: String, directory: String, gap: RecordingEntry? = nil, configuration: RecordingConfiguration,
    disk: RecordingDisk, logger: Logger
  ) {
    self.id = id
    self.directory = directory
    self.configuration = configuration
    self.disk = disk
    self.logger = logger
    let thread = Thread { [self] in work(gap) }
    thread.name = "recording"
    thread.start()
  }

  /// What is on disk now.
  var index: RecordingIndex { state.withLock { $0.index } }

  /// Why nothing can be written at the moment; nil when all is well.
  var trouble: String? { state.withLock { $0.trouble } }

  /// Once it is closed: what was lost at the end and could not even be noted.
  var unnoted: RecordingEntry? { state.withLock { $0.unnoted } }

  /// Takes a whole segment; never waits.
  func offer(_ segment: Segment) {
    guard segment.duration > 0, let size = segment.isGap ? 0 : segment.bytes?.readableBytes else { return }
    state.withLock { state in
      guard !state.isClosing else { return }
      if segment.isGap {
        Self.queue(.lost(segment), because: nil, &state)
      } else if state.queueBytes + size <= configuration.queueBytesMax {
        state.queue.append(.segment(segment))
        state.queueBytes += size
      } else {
        let reason = "the disk is too slow: queueBytesMax, \(configuration.queueBytesMax), waits to be written"
        Self.queue(.lost(segment), because: reason, &state)
      }
    }
    wake.signal()
  }

  private static func queue(_ lost: RecordingEntry, because reason: String?, _ state: inout State) {
    if case .gap(let gap, let before) = state.queue.last {
      state.queue[state.queue.count - 1] = .gap(joined(gap, lost), reason ?? before)
    } else {
      state.queue.append(.gap(lost, reason))
    }
  }

  /// Writes what is waiting, makes it safe, and returns when the files are closed.
  func close() async {
    await withCheckedContinuation { continuation in
      let isClosed = state.withLock { state in
        state.isClosing = true
        if !state.isClosed { state.waiters.append(continuation) }
        return state.isClosed
      }
      if isClosed { continuation.resume() } else { wake.signal() }
    }
  }

  // MARK: The thread

  private func work(_ before: RecordingEntry?) {
    // A restart within the show finds what was recorded before, and viewers can look back at once.
    var files = try? RecordingFiles(directory, disk: disk)
    if let files { state.withLock { $0.index = files.index } }
    var gap = before
    var isSynced = true
    var syncedAt = DispatchTime.now().uptimeNanoseconds
    loop: while true {
      switch take() {
      case .closed: break loop
      case .nothing: break
      case .piece(.gap(let lost, let reason)):
        gap = gap.map { Self.joined($0, lost) } ?? lost
        if let reason { note(trouble: reason) }
      case .piece(.segment(let segment)):
        do {
          try checkSpace()
          let open = try files ?? RecordingFiles(directory, disk: disk)
          files = open
          try open.append(segment, after: gap)
          gap = nil
          isSynced = false
          wrote(open.index)
        } catch {
          gap = gap.map { Self.joined($0, RecordingEntry.lost(segment)) } ?? RecordingEntry.lost(segment)
          note(trouble: "\(error)")
        }
      }
      let now = DispatchTime.now().uptimeNanoseconds
      guard !isSynced, now &- syncedAt >= UInt64(configuration.syncSeconds) * 1_000_000_000 else { continue }
      sync(files)
      isSynced = true
      syncedAt = now
    }
    if let gap { noteLast(gap, files) }
    sync(files)
    files = nil
    let waiters = state.withLock { state in
      state.isClosed = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  private enum Turn {
    case piece(Piece), nothing, closed
  }

  private func take() -> Turn {
    for isSecond in [false, true] {
      let turn: Turn? = state.withLock { state in
        guard let first = state.queue.first else { return state.isClosing ? .closed : nil }
        state.queue.removeFirst()
        if case .segment(let segment) = first { state.queueBytes -= segment.bytes?.readableBytes ?? 0 }
        return .piece(first)
      }
      if let turn { return turn }
      if !isSecond { _ = wake.wait(timeout: .now() + .seconds(Int(configuration.syncSeconds))) }
    }
    return .nothing
  }

  private func checkSpace() throws {
    let least = configuration.freeBytesMin
    // The directory itself may not be there yet.
    let parent = (directory as NSString).deletingLastPathComponent
    guard disk.free(parent) >= least else {
      throw DiskFault(sentence: "the disk is nearly full: less than freeBytesMin, \(least), is left")
    }
  }

  /// What was lost at the end has no segment after it that would bring it into the index. Of a show of which nothing was
  /// written there is no recording, and so no gap in it.
  private func noteLast(_ gap: RecordingEntry, _ files: RecordingFiles?) {
    do {
      guard let files, !files.index.segments.isEmpty else { return }
      try files.append(gap: gap)
      wrote(files.index)
    } catch {
      note(trouble: "\(error)")
      state.withLock { $0.unnoted = gap }
    }
  }

  private func sync(_ files: RecordingFiles?) {
    do {
      try files?.sync()
    } catch {
      note(trouble: "\(error)")
    }
  }

  private func wrote(_ index: RecordingIndex) {
    let wasTrouble = state.withLock { state in
      state.index = index
      defer { state.trouble = nil }
      return state.trouble != nil
    }
    if wasTrouble { logger.notice("The recording goes on", metadata: ["stream": "\(id)"]) }
  }

  /// Logged when it begins, not for every segment that is lost to it.
  private func note(trouble: String) {
    let isNew = state.withLock { state in
      defer { state.trouble = trouble }
      return state.trouble == nil
    }
    if isNew {
      logger.error(
        "The recording has a gap; the stream is not affected", metadata: ["stream": "\(id)", "reason": "\(trouble)"])
    }
  }

  private static func joined(_ first: RecordingEntry, _ second: RecordingEntry) -> RecordingEntry {
    var gap = first
    gap.duration = min(max(gap.duration, second.start + second.duration - gap.start), RecordingEntry.ticksMax)
    gap.lost = gap.lost.addingReportingOverflow(second.lost).partialValue
    return gap
  }
}

extension RecordingEntry {
  fileprivate static func lost(_ segment: Segment) -> RecordingEntry {
    RecordingEntry(kind: .gap, start: max(0, segment.start), duration: segment.duration, lost: 1)
  }
}

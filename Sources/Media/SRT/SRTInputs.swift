internal import Logging
internal import Synchronization

/// Takes streams in over SRT, by one ffmpeg for each that is wanted (docs/decisions/0013).
///
/// What is wanted is said whole and as often as one likes; what is not wanted any more stops.
final class SRTInputs: Sendable {
  private struct Running {
    var input: SRTInput
    var task: Task<Void, Never>
  }
  private struct State {
    var running: [String: Running] = [:]
    var isClosed = false
  }

  private let logger: Logger
  private let state = Mutex(State())

  init(logger: Logger) { self.logger = logger }

  /// See `MediaServer.wantSRT(_:mediaTime:)`.
  func want(
    _ wanted: [SRTListening], for server: @escaping @Sendable () -> MediaServer?,
    mediaTime: @escaping @Sendable (_ stream: String) async -> Int64?
  ) {
    let stopped = state.withLock { state -> [Task<Void, Never>] in
      guard !state.isClosed else { return [] }
      var stopped: [Task<Void, Never>] = []
      for (stream, running) in state.running where !wanted.contains(running.input.listening) {
        stopped.append(running.task)
        state.running[stream] = nil
      }
      // A port is free once who had it is gone: what is new waits for the next word.
      guard stopped.isEmpty else { return stopped }
      for listening in wanted where state.running[listening.stream] == nil {
        state.running[listening.stream] = start(listening, server, mediaTime)
      }
      return stopped
    }
    for task in stopped { task.cancel() }
  }

  func report(of stream: String) -> SRTReport? { state.withLock { $0.running[stream]?.input.report } }

  /// Stops everything, and waits until it has stopped.
  func close() async {
    let tasks = state.withLock { state in
      state.isClosed = true
      defer { state.running = [:] }
      return state.running.values.map(\.task)
    }
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }

  private func start(
    _ listening: SRTListening, _ server: @escaping @Sendable () -> MediaServer?,
    _ mediaTime: @escaping @Sendable (_ stream: String) async -> Int64?
  ) -> Running {
    var logger = logger
    logger[metadataKey: "stream"] = "\(listening.stream)"
    let input = SRTInput(listening, server: server, mediaTime: mediaTime, logger: logger)
    return Running(input: input, task: Task { await input.run() })
  }
}

internal import Logging
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Pushes streams on to other servers as they come in, without encoding them again (docs/decisions/0010).
///
/// What is wanted is said whole and as often as one likes, by `want(_:)`; what is not wanted any more stops.
public final class Simulcast: Sendable {
  private struct Running {
    var relay: Relay
    var task: Task<Void, Never>
  }
  private struct State {
    var fanouts: [String: Fanout] = [:]
    var running: [String: [String: Running]] = [:]
    var isClosed = false
  }

  private let configuration: MediaConfiguration
  private let logger: Logger
  private let clock: MediaClock
  private let state = Mutex(State())
  /// Looking names up blocks. A name server that hangs holds up other targets, and nothing else.
  private let lookups = NIOThreadPool(numberOfThreads: 2)

  init(configuration: MediaConfiguration, clock: MediaClock, logger: Logger) {
    self.configuration = configuration
    self.clock = clock
    self.logger = logger
    lookups.start()
  }

  /// What goes where from now on, by stream. At most `MediaConfiguration.relaysMax` targets are pushed to at once; the
  /// others wait. One that stays the same goes on untouched.
  public func want(_ wanted: [String: [RelayTarget]]) {
    let stopped = state.withLock { state -> [Task<Void, Never>] in
      guard !state.isClosed else { return [] }
      var stopped: [Task<Void, Never>] = []
      for (stream, relays) in state.running {
        for (id, running) in relays where wanted[stream]?.contains(running.relay.target) != true {
          stopped.append(running.task)
          state.running[stream]?[id] = nil
        }
        if state.running[stream]?.isEmpty == true { state.running[stream] = nil }
      }
      var count = state.running.values.reduce(0) { $0 + $1.count }
      for (stream, targets) in wanted.sorted(by: { $0.key < $1.key }) {
        for target in targets where state.running[stream]?[target.id] == nil && count < configuration.relaysMax {
          count += 1
          state.running[stream, default: [:]][target.id] = start(target, stream)
        }
      }
      for (stream, fanout) in state.fanouts {
        fanout.feeds = state.running[stream]?.values.map(\.relay.feed) ?? []
      }
      return stopped
    }
    for task in stopped { task.cancel() }
  }

  /// Whether a host is refused without a look-up: this machine, or an address in a private network, where those are not
  /// allowed.
  public func refuses(host: String) -> Bool {
    guard !configuration.relaysToPrivateAddresses else { return false }
    if host == "localhost" || host.hasSuffix(".localhost") { return true }
    return (try? SocketAddress(ipAddress: host, port: 0)).map { !NetworkReach.isPublic($0) } ?? false
  }

  /// How each target of a stream that is wanted stands, by its id.
  public func reports(of stream: String) -> [String: RelayReport] {
    let relays = state.withLock { $0.running[stream]?.mapValues(\.relay) ?? [:] }
    return relays.mapValues(\.report)
  }

  /// Where a stream's tags go. One for all of a stream's life, whatever is wanted meanwhile.
  func fanout(of stream: String) -> Fanout {
    state.withLock { state in
      let fanout = Fanout()
      fanout.feeds = state.running[stream]?.values.map(\.relay.feed) ?? []
      state.fanouts[stream] = fanout
      return fanout
    }
  }

  /// The stream is over.
  func forget(_ stream: String, _ fanout: Fanout) {
    state.withLock { if $0.fanouts[stream] === fanout { $0.fanouts[stream] = nil } }
  }

  /// Stops everything, and waits until it has stopped.
  func close() async {
    let tasks = state.withLock { state in
      state.isClosed = true
      defer { state.running = [:] }
      return state.running.values.flatMap { $0.values.map(\.task) }
    }
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
    try? await lookups.shutdownGracefully()
  }

  private func start(_ target: RelayTarget, _ stream: String) -> Running {
    var logger = logger
    logger[metadataKey: "stream"] = "\(stream)"
    let relay = Relay(target, configuration: configuration, clock: clock, lookups: lookups, logger: logger)
    return Running(relay: relay, task: Task { await relay.run() })
  }
}

/// One stream's tags, to every target there is. A target that comes later gets the set-up first.
final class Fanout: Sendable {
  private struct State {
    var video: FLVTag?
    var audio: FLVTag?
    var feeds: [RelayFeed] = []
  }
  private let state = Mutex(State())

  var feeds: [RelayFeed] {
    get { state.withLock { $0.feeds } }
    set {
      state.withLock { state in
        for feed in newValue where !state.feeds.contains(where: { $0 === feed }) {
          for tag in [state.video, state.audio].compactMap(\.self) { feed.offer(tag) }
        }
        state.feeds = newValue
      }
    }
  }

  func offer(_ tag: FLVTag) {
    state.withLock { state in
      switch tag {
      case .video: state.video = tag
      case .audio: state.audio = tag
      case .unit, .nothing: break
      }
      for feed in state.feeds { feed.offer(tag) }
    }
  }
}

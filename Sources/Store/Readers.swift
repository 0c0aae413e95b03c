import Dispatch
import Synchronization

/// A few connections that read, each on a thread of its own; calls wait in one queue for the first that is free.
final class Readers: Sendable {
  struct Job: Sendable {
    let run: @Sendable (any DriverSource) -> Void
    let fail: @Sendable (StoreFault) -> Void
  }

  private struct Lane: Sendable {
    let source: any DriverSource
    let thread: DispatchQueue
  }

  private struct State {
    var waiting = Queue<Job>()
    var idle: [Lane]
    var isClosed = false
    var drained: [CheckedContinuation<Void, Never>] = []
  }

  private let lanes: [Lane]
  private let waitingMax: Int
  private let durable: DurableCommits?
  private let state: Mutex<State>

  /// - Parameter durable: nil where what can be read is durable.
  init(sources: [any DriverSource], waitingMax: Int, durable: DurableCommits? = nil) {
    self.durable = durable
    lanes = sources.map { Lane(source: $0, thread: DispatchQueue(label: "haat.store.reader")) }
    self.waitingMax = waitingMax
    state = Mutex(State(idle: lanes))
  }

  /// Runs `body` on a snapshot. A connection that breaks is made anew and the body runs once more. Gives what was read once
  /// all of that is durable: nothing is told to anybody that a power cut could make untrue.
  func read<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      enqueue(
        Job(
          run: { [durable] source in
            let result = Result { try Self.transaction(on: source, body) }
            guard let durable else { return continuation.resume(with: result) }
            durable.whenAllAre { fault in
              if let fault { continuation.resume(throwing: fault) } else { continuation.resume(with: result) }
            }
          },
          fail: { continuation.resume(throwing: $0) }))
    }
  }

  /// Refuses new calls, and returns when the last one that was accepted has ended.
  func close() async {
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        state.isClosed = true
        let isIdle = state.idle.count == lanes.count
        if !isIdle { state.drained.append(continuation) }
        return isIdle
      }
      if isIdle { continuation.resume() }
    }
    for lane in lanes {
      await withCheckedContinuation { continuation in
        lane.thread.async {
          lane.source.close()
          continuation.resume()
        }
      }
    }
  }

  private static func transaction<T>(
    on source: any DriverSource, _ body: (any Connection) throws -> T
  ) throws -> T {
    for _ in 1...2 {
      do {
        return try source.withDriver { try snapshot(on: $0, body) }
      } catch is Rerun {
        continue
      }
    }
    throw StoreFault.connection("it broke twice in one call")
  }

  private static func snapshot<T>(on driver: any Driver, _ body: (any Connection) throws -> T) throws -> T {
    do {
      try driver.begin(.read)
      let session = Session(driver)
      let value = try body(session)
      try session.finish()
      try driver.commit()
      return value
    } catch {
      let damage = driver.damage
      driver.rollback()
      if damage == .rerun { throw Rerun(fault: error, backsOff: false) }
      throw error
    }
  }

  private func enqueue(_ job: Job) {
    enum Verdict { case refused(StoreFault), waits, runs(Lane) }
    let verdict: Verdict = state.withLock { state in
      if state.isClosed { return .refused(.closed) }
      if let lane = state.idle.popLast() { return .runs(lane) }
      if state.waiting.count >= waitingMax { return .refused(.overloaded) }
      state.waiting.append(job)
      return .waits
    }
    switch verdict {
    case .refused(let fault): job.fail(fault)
    case .waits: break
    case .runs(let lane): lane.thread.async { [self] in run(job, on: lane) }
    }
  }

  private func run(_ first: Job, on lane: Lane) {
    var next: Job? = first
    while let job = next {
      job.run(lane.source)
      let (waiting, drained) = state.withLock { state in
        if let job = state.waiting.popFirst() { return (Optional(job), [] as [CheckedContinuation<Void, Never>]) }
        state.idle.append(lane)
        guard state.idle.count == lanes.count else { return (nil, []) }
        defer { state.drained = [] }
        return (nil, state.drained)
      }
      for continuation in drained { continuation.resume() }
      next = waiting
    }
  }
}

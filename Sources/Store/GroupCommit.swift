import Dispatch
import Foundation
import Logging
import Synchronization

/// Many writes, one fsync.
///
/// While one transaction runs, calls queue; the next transaction takes all that wait, up to a bound, and runs them one
/// after the other. No timer decides how long to collect: a lone call never waits, and the busier the disk, the more
/// calls share a commit. Callers resume only after that commit.
///
/// Each call can fail alone. A savepoint copies every page that is then changed (SQLite), or makes the server answer before
/// the next call may begin (PostgreSQL); so a batch is first run without: a call that fails before it has changed anything
/// leaves nothing to undo, and when one fails later, the batch is rolled back and run again with savepoints, as are the
/// next ones.
///
/// One writer per process on PostgreSQL too: two would take the hot rows from each other and be told to run again.
final class GroupCommit: Sendable {
  /// One call of `write`. `attempt` may run several times, `settle` or `fail` runs once.
  struct Job: Sendable {
    /// Runs the body and gives what is to be done once it is durable: resume its caller.
    let attempt: @Sendable (any Connection) throws -> @Sendable () -> Void
    let fail: @Sendable (any Error) -> Void
  }

  private struct State {
    var waiting = Queue<Job>()
    var isRunning = false
    var isClosed = false
    var drained: [CheckedContinuation<Void, Never>] = []
    /// So many transactions to come use savepoints, because a call had failed after it had changed something.
    var careful = 0
    var statistics = DatabaseStatistics()
  }

  private let source: any DriverSource
  private let limits: DatabaseLimits
  private let logger: Logger
  private let state = Mutex(State())
  /// Whoever sends what fails late makes one batch in so many run twice.
  private static let carefulAfterFailure = 16
  /// A serial queue of its own: its thread may block, and is none of the cooperative pool's.
  private let thread = DispatchQueue(label: "haat.store.writer")

  init(source: any DriverSource, limits: DatabaseLimits, logger: Logger) {
    self.source = source
    self.limits = limits
    self.logger = logger
  }

  var statistics: DatabaseStatistics {
    state.withLock { state in
      var statistics = state.statistics
      statistics.queued = state.waiting.count
      return statistics
    }
  }

  /// Runs `body` in a transaction it may share. Cancelling the caller does not stop it: what is asked for is either
  /// done, or refused with an error.
  func write<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      write(body) { continuation.resume(with: $0) }
    }
  }

  /// The same, for who waits in no task: `tell` runs once, mostly on the writer's thread.
  func write<T: Sendable>(
    _ body: @escaping @Sendable (any Connection) throws -> T,
    then tell: @escaping @Sendable (Result<T, any Error>) -> Void
  ) {
    enqueue(
      Job(
        attempt: { connection in
          let value = try body(connection)
          return { tell(.success(value)) }
        },
        fail: { tell(.failure($0)) }))
  }

  /// Refuses new calls, and returns when the last one that was accepted has ended.
  func close() async {
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        state.isClosed = true
        if state.isRunning { state.drained.append(continuation) }
        return !state.isRunning
      }
      if isIdle { continuation.resume() }
    }
    await withCheckedContinuation { continuation in
      thread.async { [source] in
        source.close()
        continuation.resume()
      }
    }
  }

  /// Runs `body` between two transactions, on the writer's thread.
  func exclusively<T: Sendable>(_ body: @escaping @Sendable (any DriverSource) throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      thread.async { [self] in
        continuation.resume(
          with: Result {
            if state.withLock({ $0.isClosed }) { throw StoreFault.closed }
            return try body(source)
          })
      }
    }
  }

  private func enqueue(_ job: Job) {
    let refusal: StoreFault? = state.withLock { state in
      if state.isClosed { return .closed }
      if state.waiting.count >= limits.writesWaitingMax { return .overloaded }
      state.waiting.append(job)
      if !state.isRunning {
        state.isRunning = true
        thread.async { [self] in runUntilIdle() }
      }
      return nil
    }
    if let refusal { job.fail(refusal) }
  }

  private func runUntilIdle() {
    while true {
      let (batch, drained) = state.withLock { state in
        let batch = state.waiting.popFirst(limits.writesPerCommitMax)
        guard batch.isEmpty else { return (batch, [] as [CheckedContinuation<Void, Never>]) }
        state.isRunning = false
        defer { state.drained = [] }
        return ([], state.drained)
      }
      for continuation in drained { continuation.resume() }
      if batch.isEmpty { return }
      run(batch)
    }
  }

  private func run(_ batch: [Job]) {
    var outcomes: [@Sendable () -> Void] = []
    var isCareful = state.withLock { state in
      state.careful = max(0, state.careful - 1)
      return state.careful > 0 || batch.count == 1
    }
    for attempt in 1... {
      do {
        outcomes = try source.withDriver { try transaction(of: batch, on: $0, isCareful: isCareful) }
        break
      } catch is SavepointsNeeded {
        isCareful = true
        state.withLock { $0.careful = Self.carefulAfterFailure }
      } catch let rerun as Rerun where attempt < limits.attemptsMax {
        state.withLock { $0.statistics.retries += 1 }
        if rerun.backsOff { backOff(after: attempt) }
      } catch {
        let fault = (error as? Rerun)?.fault ?? error
        logger.error("a commit failed", metadata: ["writes": "\(batch.count)", "error": "\(fault)"])
        outcomes = batch.map { job in { job.fail(fault) } }
        break
      }
    }
    state.withLock { $0.statistics.writes += batch.count }
    for outcome in outcomes { outcome() }
  }

  /// What each caller is to be told, now that all of it is durable.
  private func transaction(
    of batch: [Job], on driver: any Driver, isCareful: Bool
  ) throws -> [@Sendable () -> Void] {
    do {
      try driver.begin(.write)
      var outcomes: [@Sendable () -> Void] = []
      outcomes.reserveCapacity(batch.count)
      var accepted = 0
      let memory = Memory()
      for job in batch {
        let changesBefore = driver.changes
        if isCareful { try driver.savepoint() }
        let session = Session(driver, memory: batch.count > 1 ? memory : nil)
        do {
          let outcome = try job.attempt(session)
          try session.finish()
          if isCareful {
            try driver.flush()
            try driver.releaseSavepoint()
          }
          outcomes.append(outcome)
          accepted += 1
        } catch {
          guard driver.damage == .none else { throw session.failure ?? error }
          if isCareful {
            memory.forgetAll()
            try driver.rollBackToSavepoint()
          } else if changesBefore != driver.changes {
            throw SavepointsNeeded()
          }
          outcomes.append { job.fail(error) }
        }
      }
      do {
        try driver.flush()
      } catch  where driver.damage == .none && !isCareful {
        throw SavepointsNeeded()
      }
      try driver.commit()
      state.withLock { state in
        if accepted > 0 { state.statistics.commits += 1 }
        state.statistics.largestBatch = max(state.statistics.largestBatch, batch.count)
      }
      return outcomes
    } catch {
      let damage = driver.damage
      driver.rollback()
      if damage == .rerun { throw Rerun(fault: error, backsOff: true) }
      throw error
    }
  }

  /// Waits a little, at random, so that two nodes that met do not meet again: up to 2, 4, 8 … 128 ms.
  private func backOff(after attempt: Int) {
    let boundMilliseconds = Double(1 << min(attempt, 7))
    Thread.sleep(forTimeInterval: Double.random(in: 0...boundMilliseconds) / 1000)
  }
}

/// A call failed that cannot be undone alone.
private struct SavepointsNeeded: Error {}

/// Why a transaction has to be run again from its beginning.
struct Rerun: Error {
  let fault: any Error
  let backsOff: Bool
}

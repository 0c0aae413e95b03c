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
/// Where a commit is made durable by a step of its own (`CommitSync`) and that takes long, it is taken beside the writer:
/// the next transaction begins meanwhile, takes whatever comes, and is committed when the one before it is durable. So the
/// disk and the processor work at the same time, and calls still share a sync.
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
    /// What was committed last is being made durable.
    var isSyncing = false
    /// The writer has run all there was, and waits for that, or for enough to be worth waking up for.
    var isWaiting = false
    /// What was committed could not be made durable: nothing more is taken.
    var fault: StoreFault?
    var isClosed = false
    var drained: [CheckedContinuation<Void, Never>] = []
    /// So many transactions to come use savepoints, because a call had failed after it had changed something.
    var careful = 0
    /// Calls in the last commit.
    var lastBatch = 0
    /// Nanoseconds that making a commit durable took lately.
    var syncNanoseconds: Int64 = 0
    var statistics = DatabaseStatistics()
  }

  private let source: any DriverSource
  private let limits: DatabaseLimits
  private let logger: Logger
  private let state = Mutex(State())
  /// Whoever sends what fails late makes one batch in so many run twice.
  private static let carefulAfterFailure = 16
  /// So many calls wake a writer which waits for the disk, or half of what the last commit had: being woken for each alone
  /// would cost more than it brings, and leave less to share the next commit.
  private static let wakingMin = 8
  /// A sync that takes no longer is waited for: two threads that hand commits to each other, and the smaller commits that come
  /// of it, cost more of the processor than they win of the disk.
  static let syncAsideNanoseconds: Int64 = 1_500_000
  /// A serial queue of its own: its thread may block, and is none of the cooperative pool's.
  private let thread = DispatchQueue(label: "haat.store.writer")
  private let syncThread = DispatchQueue(label: "haat.store.sync")
  private let wake = DispatchSemaphore(value: 0)
  /// What of all commits is durable by now.
  let durable = DurableCommits()

  private let syncAside: Int64

  /// - Parameter syncAside: nanoseconds from which on a commit is made durable beside the writer.
  init(
    source: any DriverSource, limits: DatabaseLimits, logger: Logger, syncAside: Int64 = syncAsideNanoseconds
  ) {
    self.source = source
    self.syncAside = syncAside
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

  /// The same, for who waits in no task: `tell` runs once, on the thread that made it durable, or
  /// on the caller's own.
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
      thread.async { [self] in
        syncThread.sync {}
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
            let value = try body(source)
            syncThread.sync {}
            try source.commitSync?.sync()
            return value
          })
      }
    }
  }

  private func enqueue(_ job: Job) {
    let refusal: StoreFault? = state.withLock { state in
      if state.isClosed { return .closed }
      if let fault = state.fault { return fault }
      if state.waiting.count >= limits.writesWaitingMax { return .overloaded }
      state.waiting.append(job)
      if !state.isRunning {
        state.isRunning = true
        thread.async { [self] in runUntilIdle() }
      } else if state.isWaiting, state.waiting.count >= max(Self.wakingMin, state.lastBatch / 2) {
        state.isWaiting = false
        wake.signal()
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

  /// Adds to `batch` what came while what was committed before is being made durable.
  /// - Returns: false when it is, or all is taken that a commit may have; then it is time to commit.
  private func absorb(into batch: inout [Job]) -> Bool {
    var hasWaited = false
    while true {
      let (more, isOver) = state.withLock { state in
        // What came in the last moment is little, and comes along.
        guard state.isSyncing || hasWaited else { return ([Job](), true) }
        let more = state.waiting.popFirst(limits.writesPerCommitMax - batch.count)
        state.isWaiting = more.isEmpty && state.isSyncing
        return (more, !state.isSyncing)
      }
      batch += more
      if !more.isEmpty { return true }
      if isOver { return false }
      wake.wait()
      hasWaited = true
    }
  }

  private func run(_ first: [Job]) {
    var batch = first
    var outcomes: [@Sendable () -> Void] = []
    var isSynced = true
    var isCareful = state.withLock { state in
      state.careful = max(0, state.careful - 1)
      return state.careful > 0 || batch.count == 1 && !state.isSyncing
    }
    for attempt in 1... {
      do {
        (outcomes, isSynced) = try source.withDriver { try transaction(of: &batch, on: $0, isCareful: isCareful) }
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
    guard !isSynced, let sync = source.commitSync else {
      for outcome in outcomes { outcome() }
      return
    }
    let isAside = state.withLock { state in
      state.isSyncing = state.syncNanoseconds > syncAside
      return state.isSyncing
    }
    guard isAside else { return makeDurable(sync, outcomes, of: batch) }
    syncThread.async { [self, outcomes, batch] in makeDurable(sync, outcomes, of: batch) }
  }

  /// On a thread of its own where it takes long; then callers are told here, while the writer goes on.
  private func makeDurable(_ sync: any CommitSync, _ outcomes: [@Sendable () -> Void], of batch: [Job]) {
    var fault: StoreFault?
    let began = DispatchTime.now().uptimeNanoseconds
    do {
      try sync.sync()
    } catch {
      fault = .storage("what was committed before could not be made durable: \(error)")
      // What a disk has lost once it does not find again when it is asked anew.
      logger.critical(
        "what was committed could not be made durable; nothing more is written until a restart",
        metadata: ["error": "\(error)"])
    }
    // Before the writer may commit what comes next, which then is under way.
    durable.ended(fault)
    let took = Int64(clamping: DispatchTime.now().uptimeNanoseconds &- began)
    let refused = state.withLock { state in
      state.isSyncing = false
      state.syncNanoseconds += (took - state.syncNanoseconds) / 8
      if state.isWaiting {
        state.isWaiting = false
        wake.signal()
      }
      guard fault != nil else { return [Job]() }
      state.fault = fault
      return state.waiting.popFirst(state.waiting.count)
    }
    guard let fault else {
      for outcome in outcomes { outcome() }
      return
    }
    for job in batch { job.fail(StoreFault.inDoubt("\(fault)")) }
    for job in refused { job.fail(fault) }
  }

  /// What each caller is to be told once all of it is durable, and whether it is.
  private func transaction(
    of batch: inout [Job], on driver: any Driver, isCareful: Bool
  ) throws -> ([@Sendable () -> Void], isDurable: Bool) {
    do {
      try driver.begin(.write)
      let changesAtFirst = driver.changes
      var outcomes: [@Sendable () -> Void] = []
      outcomes.reserveCapacity(batch.count)
      var accepted = 0
      let memory = Memory()
      var next = 0
      while next < batch.count || absorb(into: &batch) {
        let job = batch[next]
        next += 1
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
      if let fault = state.withLock({ $0.fault }) { throw fault }
      let needsSync = source.commitSync != nil && driver.changes != changesAtFirst
      if needsSync { durable.begin() }
      do {
        try driver.commit()
      } catch {
        if needsSync { durable.ended(nil) }
        throw error
      }
      state.withLock { state in
        state.lastBatch = batch.count
        if accepted > 0 { state.statistics.commits += 1 }
        state.statistics.largestBatch = max(state.statistics.largestBatch, batch.count)
      }
      return (outcomes, !needsSync)
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

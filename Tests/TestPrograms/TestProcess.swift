import CSpawn
public import Foundation

/// A program that a test starts: Foundation's `Process`, as far as tests need it.
///
/// Foundation's own reads the list of open files past its end when there are more than some 1,350 of them (it takes each
/// directory entry for 280 bytes, however short its name), and so crashes a run whose tests have that many sockets; and it
/// hands a child the signals that its thread blocks, which for a dispatch worker, and so for an async function, are nearly
/// all: the child would never see SIGTERM. This one lets the kernel close what is open, and blocks nothing.
public final class TestProcess: @unchecked Sendable {
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// Set before `run()`, and not after.
  public var executableURL: URL?
  public var arguments: [String]? = []
  /// This process's own when nil.
  public var environment: [String: String]?
  public var currentDirectoryURL: URL?
  /// A `Pipe` or a `FileHandle`; the test's own when nil.
  public var standardInput: Any?
  public var standardOutput: Any?
  public var standardError: Any?

  private enum State {
    case new, running
    case ended(Int32)
  }

  /// Guards what follows.
  private let changed = NSCondition()
  private var state = State.new
  private var identifier: pid_t = 0

  public init() {}

  /// Starts it. Throws when the program cannot be started, and when it was started before.
  public func run() throws {
    guard let program = executableURL?.path else { throw Failure(description: "no program is named") }
    changed.lock()
    defer { changed.unlock() }
    guard case .new = state else { throw Failure(description: "\(program) was started before") }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (descriptor, stream) in [
      (STDIN_FILENO, standardInput), (STDOUT_FILENO, standardOutput), (STDERR_FILENO, standardError),
    ] {
      guard let handle = Self.childsEnd(of: stream, descriptor) else { continue }
      if handle === FileHandle.nullDevice {
        posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
      } else {
        posix_spawn_file_actions_adddup2(&actions, handle.fileDescriptor, descriptor)
      }
    }
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
    if let directory = currentDirectoryURL?.path { posix_spawn_file_actions_addchdir_np(&actions, directory) }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    let words = ([program] + (arguments ?? [])).map { strdup($0) }
    let variables = (environment ?? ProcessInfo.processInfo.environment).map { strdup("\($0.key)=\($0.value)") }
    defer { for text in words + variables { free(text) } }
    let failure = posix_spawn(&identifier, program, &actions, &attributes, words + [nil], variables + [nil])
    guard failure == 0 else { throw Failure(description: "\(program): \(String(cString: strerror(failure)))") }
    state = .running
    // What is the child's alone: a reader of its output would wait for ever.
    if let pipe = standardInput as? Pipe { try? pipe.fileHandleForReading.close() }
    for case let pipe as Pipe in [standardOutput, standardError] { try? pipe.fileHandleForWriting.close() }
    Thread.detachNewThread { [self] in noteTheEnd() }
  }

  public var processIdentifier: Int32 { changed.withLock { identifier } }

  public var isRunning: Bool {
    changed.withLock { if case .running = state { true } else { false } }
  }

  /// Its exit status, or the number of the signal that ended it; 0 before it has ended.
  public var terminationStatus: Int32 {
    changed.withLock { if case .ended(let status) = state { status } else { 0 } }
  }

  /// Blocks the thread until it has ended.
  public func waitUntilExit() {
    changed.lock()
    defer { changed.unlock() }
    while case .running = state { changed.wait() }
  }

  /// Asks it to end, with SIGTERM.
  public func terminate() {
    changed.withLock { if case .running = state { _ = kill(identifier, SIGTERM) } }
  }

  private func noteTheEnd() {
    // Seen without being taken, so that its number is not somebody else's before `state` says that it has ended.
    var seen = siginfo_t()
    while waitid(P_PID, id_t(processIdentifier), &seen, WEXITED | WNOWAIT) == -1, errno == EINTR {}
    changed.withLock {
      var status: Int32 = 0
      while waitpid(identifier, &status, 0) == -1, errno == EINTR {}
      let signal = status & 0x7f
      state = .ended(signal == 0 ? (status >> 8) & 0xff : signal)
      changed.broadcast()
    }
  }

  private static func childsEnd(of stream: Any?, _ descriptor: Int32) -> FileHandle? {
    switch stream {
    case let pipe as Pipe: descriptor == STDIN_FILENO ? pipe.fileHandleForReading : pipe.fileHandleForWriting
    case let handle as FileHandle: handle
    default: nil
    }
  }
}

internal import NIOCore
internal import Subprocess
internal import Synchronization

/// One ffmpeg beside us, fed through its standard input. Whatever becomes of it, nothing here waits for it: bytes that
/// it does not take are kept up to a limit, and its end is told. The kernel bounds its memory.
final class FFmpegJob: Sendable {
  /// Bytes that wait for ffmpeg to read them: about 20 seconds of a phone's picture.
  static let inputBytesMax = 8 << 20
  /// Address space, as `ulimit -v` counts it. What an encoder of a large picture needs is a tenth of it.
  private static let memoryKibibytes = 4 << 20
  /// Of its last words, so many bytes are told.
  private static let lastWordsMax = 1_000

  /// Bytes given and not yet taken.
  private final class Backlog: Sendable {
    private let bytes = Mutex(0)

    func add(_ count: Int) -> Bool {
      bytes.withLock { bytes in
        guard bytes + count <= inputBytesMax else { return false }
        bytes += count
        return true
      }
    }

    func remove(_ count: Int) { bytes.withLock { $0 -= count } }
  }

  /// The end of what it said.
  private final class Words: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    func add(_ more: [UInt8]) {
      bytes.withLock { bytes in
        bytes += more
        bytes.removeFirst(max(0, bytes.count - lastWordsMax))
      }
    }

    /// On one line; empty when it said nothing.
    var text: String {
      let words = bytes.withLock { String(decoding: $0, as: UTF8.self) }.split(whereSeparator: \.isNewline)
      return words.isEmpty ? "" : ": " + words.joined(separator: "; ")
    }
  }

  private let backlog = Backlog()
  private let input: AsyncStream<ByteBuffer>.Continuation
  private let task: Task<Void, Never>

  /// - Parameters:
  ///   - niceness: as `nice` has it: how far it stands back for what serves viewers.
  ///   - output: is given what ffmpeg writes to its standard output, as it comes.
  ///   - ended: is told once, with how it ended and what it said last.
  init(
    arguments: [String], niceness: Int = 0, output: @escaping @Sendable (ByteBuffer) -> Void,
    ended: @escaping @Sendable (String) -> Void
  ) {
    // Bounded by the backlog.
    let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
    input = continuation
    let backlog = backlog
    task = Task {
      let end = await Self.run(Self.bounded(arguments, niceness), stream, backlog, output)
      continuation.finish()
      ended(end)
    }
  }

  /// - Returns: false when ffmpeg is too far behind; then these bytes are not taken.
  func feed(_ bytes: ByteBuffer) -> Bool {
    guard backlog.add(bytes.readableBytes) else { return false }
    input.yield(bytes)
    return true
  }

  /// No more than what was fed; ffmpeg goes on with that for as long as it likes.
  func closeInput() { input.finish() }

  /// Nothing more comes: ffmpeg ends by itself, or is ended two seconds later.
  func finish() {
    input.finish()
    let task = task
    Task {
      try? await Task.sleep(for: .seconds(2))
      task.cancel()
    }
  }

  /// Returns once ffmpeg is gone.
  func end() async { await task.value }

  private static func bounded(_ arguments: [String], _ niceness: Int) -> [String] {
    ["-c", "ulimit -v \(memoryKibibytes); exec nice -n \(niceness) ffmpeg \"$@\"", "sh"] + arguments
  }

  private static func run(
    _ arguments: [String], _ stream: AsyncStream<ByteBuffer>, _ backlog: Backlog,
    _ output: @escaping @Sendable (ByteBuffer) -> Void
  ) async -> String {
    var options = PlatformOptions()
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .milliseconds(500))]
    let lastWords = Words()
    do {
      let result = try await Subprocess.run(
        .name("sh"), arguments: Arguments(arguments), platformOptions: options, input: .inputWriter,
        output: .sequence, error: .sequence
      ) { execution in
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            for try await bytes in execution.standardError {
              lastWords.add(bytes.withUnsafeBytes { Array($0) })
            }
          }
          group.addTask {
            for await bytes in stream {
              defer { backlog.remove(bytes.readableBytes) }
              _ = try await execution.standardInputWriter.write(Array(bytes.readableBytesView))
            }
            try await execution.standardInputWriter.finish()
          }
          group.addTask {
            for try await bytes in execution.standardOutput {
              output(bytes.withUnsafeBytes { ByteBuffer(bytes: $0) })
            }
          }
          try await group.waitForAll()
        }
      }
      return "\(result.terminationStatus)\(lastWords.text)"
    } catch {
      return "\(error)\(lastWords.text)"
    }
  }
}

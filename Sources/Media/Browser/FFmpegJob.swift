internal import NIOCore
internal import Subprocess
internal import Synchronization

/// One ffmpeg beside us, fed through its standard input. Whatever becomes of it, nothing here waits for it: bytes that
/// it does not take are kept up to a limit, and its end is told.
final class FFmpegJob: Sendable {
  /// Bytes that wait for ffmpeg to read them: about 20 seconds of a phone's picture.
  static let inputBytesMax = 8 << 20

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

  private let backlog = Backlog()
  private let input: AsyncStream<ByteBuffer>.Continuation
  private let task: Task<Void, Never>

  /// - Parameters:
  ///   - output: is given what ffmpeg writes to its standard output, as it comes.
  ///   - ended: is told once, with how it ended.
  init(
    arguments: [String], output: @escaping @Sendable (ByteBuffer) -> Void,
    ended: @escaping @Sendable (String) -> Void
  ) {
    // Bounded by the backlog.
    let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
    input = continuation
    let backlog = backlog
    task = Task {
      let end = await Self.run(arguments, stream, backlog, output)
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

  /// Nothing more comes: ffmpeg ends by itself, or is ended two seconds later.
  func finish() {
    input.finish()
    let task = task
    Task {
      try? await Task.sleep(for: .seconds(2))
      task.cancel()
    }
  }

  private static func run(
    _ arguments: [String], _ stream: AsyncStream<ByteBuffer>, _ backlog: Backlog,
    _ output: @escaping @Sendable (ByteBuffer) -> Void
  ) async -> String {
    var options = PlatformOptions()
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .milliseconds(500))]
    do {
      let result = try await Subprocess.run(
        .name("ffmpeg"), arguments: Arguments(arguments), platformOptions: options, input: .inputWriter,
        output: .sequence, error: .discarded
      ) { execution in
        try await withThrowingTaskGroup(of: Void.self) { group in
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
      return "\(result.terminationStatus)"
    } catch {
      return "\(error)"
    }
  }
}

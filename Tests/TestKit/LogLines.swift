public import Logging
import Synchronization

/// Keeps what is logged, with its metadata.
public final class LogLines: LogHandler {
  private let level: Logger.Level
  private let lines = Mutex<[String]>([])

  public var all: [String] { lines.withLock { $0 } }
  public var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  public var logLevel: Logger.Level {
    get { level }
    set {}
  }

  public init(level: Logger.Level = .info) { self.level = level }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  public func log(event: LogEvent) {
    lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
  }
}

extension LogLines {
  /// Writes into some lines, and has metadata of its own, as a server's requests need it.
  public struct Writer: LogHandler {
    private let lines: LogLines
    public var metadata: Logger.Metadata = [:]
    public var logLevel: Logger.Level

    public init(_ lines: LogLines) {
      self.lines = lines
      logLevel = lines.logLevel
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) { lines.log(event: event) }
  }
}

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

import Foundation
public import Store
import Synchronization

/// A point in time: milliseconds since 1970-01-01T00:00:00Z. Columns that hold one end in `_ms`.
public struct Moment: Hashable, Comparable, Sendable {
  public let milliseconds: Int64

  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// Later than any moment that happens: the end of what has not ended.
  public static let never = Moment(milliseconds: Int64.max)

  public func adding(milliseconds more: Int64) -> Moment {
    let (sum, overflow) = milliseconds.addingReportingOverflow(more)
    return Moment(milliseconds: overflow ? (more < 0 ? .min : .max) : sum)
  }

  public func adding(seconds: Int64) -> Moment { adding(milliseconds: seconds.multipliedReportingOverflow(by: 1000).0) }

  /// Milliseconds from `earlier` to this moment; negative when `earlier` is later. Saturates.
  public func milliseconds(since earlier: Moment) -> Int64 {
    let (difference, overflow) = milliseconds.subtractingReportingOverflow(earlier.milliseconds)
    return overflow ? (milliseconds < 0 ? .min : .max) : difference
  }

  public static func < (left: Moment, right: Moment) -> Bool { left.milliseconds < right.milliseconds }
}

extension Moment: ValueConvertible {
  public var sqlValue: Value { .integer(milliseconds) }

  public init(sqlValue: Value) throws { self.init(milliseconds: try Int64(sqlValue: sqlValue)) }
}

/// RFC 3339 in UTC with milliseconds, `2026-11-22T17:42:18.123Z`: the one form in which the API speaks of time.
extension Moment: Codable, CustomStringConvertible {
  private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

  public var description: String {
    guard let calendar = CalendarTime(self) else {
      return Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(Self.style)
    }
    return calendar.text
  }

  /// Reads RFC 3339 with or without a fraction of a second; nil for anything else.
  public init?(_ text: String) {
    guard text.utf8.count <= 40 else { return nil }
    if let date = try? Self.style.parse(text) {
      self.init(date: date)
    } else if let date = try? Date.ISO8601FormatStyle().parse(text) {
      self.init(date: date)
    } else {
      return nil
    }
  }

  private init(date: Date) {
    self.init(milliseconds: Int64(exactly: (date.timeIntervalSince1970 * 1000).rounded()) ?? 0)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let moment = Self(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "“\(text.prefix(64))” is not an RFC 3339 time like 2026-11-22T18:00:00Z")
    }
    self = moment
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Where the rules get the time from, so that a test can say what time it is.
public struct WallClock: Sendable {
  private let read: @Sendable () -> Moment

  public init(_ read: @escaping @Sendable () -> Moment) { self.read = read }

  public var now: Moment { read() }

  public static let system = WallClock {
    Moment(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
  }
}

/// Where the rules get randomness from, so that a test can repeat itself.
public struct Entropy: Sendable {
  private let make: @Sendable (Int) -> [UInt8]

  /// `make` gives as many bytes as it is asked for.
  public init(_ make: @escaping @Sendable (Int) -> [UInt8]) { self.make = make }

  public func bytes(_ count: Int) -> [UInt8] { make(count) }

  /// The system's cryptographic generator. Asking the kernel costs more than what it gives: small needs are met from what
  /// was drawn before, each byte once.
  public static let system = Entropy { count in
    guard count > Drawn.smallMax else { return drawn.withLock { $0.take(count) } }
    return fresh(count)
  }

  private static let drawn = Mutex(Drawn())

  private struct Drawn {
    static let smallMax = 32
    private var bytes: [UInt8] = []

    mutating func take(_ count: Int) -> [UInt8] {
      if bytes.count < count { bytes = Entropy.fresh(256) }
      defer { bytes.removeLast(count) }
      return Array(bytes.suffix(count))
    }
  }

  private static func fresh(_ count: Int) -> [UInt8] {
    Array(unsafeUninitializedCapacity: count) { buffer, filled in
      var generator = SystemRandomNumberGenerator()
      // It gives at most 256 bytes a call.
      if count <= 256, getentropy(buffer.baseAddress, count) == 0 { filled = count }
      while filled < count {
        buffer[filled] = generator.next()
        filled += 1
      }
    }
  }
}

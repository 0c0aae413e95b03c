public import Store

/// Where a show's stream is pushed on to, as its channel's people see it: never with the key.
public struct SimulcastTarget: Sendable, Equatable {
  public let id: ID<SimulcastTarget>
  public let address: SimulcastAddress
  /// Whether it is pushed to while the show is on air.
  public let isOn: Bool
  public let createdAt: Moment

  static let columns: SQL = "id, address, is_on, created_ms"

  init(row: Row) throws {
    id = try row.get("id")
    address = try row.get("address")
    isOn = try row.get("is_on")
    createdAt = try row.get("created_ms")
  }
}

/// One target of a show on air, with the key that opens it.
public struct SimulcastPush: Sendable, CustomStringConvertible {
  public let target: SimulcastTarget
  public let key: String

  /// Without the key: it would end up in a log.
  public var description: String { target.address.description }
}

/// An RTMP or RTMPS address without a key: `rtmps://host:443/app`.
public struct SimulcastAddress: Sendable, Hashable, CustomStringConvertible, ValueConvertible {
  public static let bytesMax = 300

  public let isSecure: Bool
  /// In small letters; an IPv6 address without its brackets.
  public let host: String
  public let port: Int
  /// One or more parts of a path, without slashes at the ends.
  public let application: String

  /// Nil for anything but scheme, host, an optional port and a path.
  public init?(_ text: String) {
    guard text.utf8.count <= Self.bytesMax, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return nil }
    let halves = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
    guard halves.count == 2 else { return nil }
    switch halves[0].lowercased() {
    case "rtmp": isSecure = false
    case "rtmps": isSecure = true
    default: return nil
    }
    guard let slash = halves[1].firstIndex(of: "/") else { return nil }
    var authority = halves[1][..<slash]
    let parts = halves[1][slash...].split(separator: "/")
    application = parts.joined(separator: "/")
    let isPlainPath = parts.allSatisfy { part in part.utf8.allSatisfy(Self.mayBeInPath) && part != ".." }
    guard (1...8).contains(parts.count), isPlainPath else { return nil }
    var tail: Substring = ""
    if authority.first == "[" {
      guard let end = authority.firstIndex(of: "]") else { return nil }
      tail = authority[authority.index(after: end)...]
      authority = authority[authority.index(after: authority.startIndex)..<end]
      guard authority.contains(":"), authority.utf8.allSatisfy(Self.mayBeInIPv6) else { return nil }
    } else if let colon = authority.firstIndex(of: ":") {
      tail = authority[colon...]
      authority = authority[..<colon]
    }
    host = authority.lowercased()
    guard (1...253).contains(host.utf8.count), host.contains(":") || host.utf8.allSatisfy(Self.mayBeInHost) else {
      return nil
    }
    if tail.isEmpty {
      port = Self.usualPort(isSecure)
    } else {
      guard tail.first == ":", let number = Int(tail.dropFirst()), (1...65535).contains(number) else { return nil }
      port = number
    }
  }

  public var description: String {
    let name = host.contains(":") ? "[\(host)]" : host
    let place = port == Self.usualPort(isSecure) ? name : "\(name):\(port)"
    return "\(isSecure ? "rtmps" : "rtmp")://\(place)/\(application)"
  }

  public var sqlValue: Value { .text(description) }

  public init(sqlValue: Value) throws {
    guard let address = SimulcastAddress(try String(sqlValue: sqlValue)) else { throw MissingRow() }
    self = address
  }

  private static func usualPort(_ isSecure: Bool) -> Int { isSecure ? 443 : 1935 }

  private static func mayBeInHost(_ byte: UInt8) -> Bool { isLetterOrDigit(byte) || byte == 0x2d || byte == 0x2e }

  private static func mayBeInIPv6(_ byte: UInt8) -> Bool { isLetterOrDigit(byte) || byte == 0x3a || byte == 0x2e }

  private static func mayBeInPath(_ byte: UInt8) -> Bool {
    isLetterOrDigit(byte) || "-._~=&+,;:@!$".utf8.contains(byte)
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
  }
}

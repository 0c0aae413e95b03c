/// Where a stream is pushed on to. Its key is a secret: it is in no description and no log.
public struct RelayTarget: Sendable, Equatable, CustomStringConvertible {
  /// Tells it from the others of one stream.
  public var id: String
  public var isSecure: Bool
  /// A name or an address, without brackets.
  public var host: String
  public var port: Int
  /// What stands between host and key, without slashes at its ends.
  public var application: String
  public var key: String

  public init(id: String, isSecure: Bool, host: String, port: Int, application: String, key: String) {
    self.id = id
    self.isSecure = isSecure
    self.host = host
    self.port = port
    self.application = application
    self.key = key
  }

  /// The address without the key.
  public var description: String {
    let name = host.contains(":") ? "[\(host)]" : host
    let isUsual = port == (isSecure ? 443 : 1935)
    return "\(isSecure ? "rtmps" : "rtmp")://\(name)\(isUsual ? "" : ":\(port)")/\(application)"
  }
}

/// How the push to one target stands.
public struct RelayReport: Sendable, Equatable {
  public enum Phase: String, Sendable, CaseIterable {
    /// Nothing comes in that could be pushed on.
    case waiting
    case connecting, live
    /// It failed, and is tried again at `retryAtMilliseconds`.
    case retrying
  }

  public internal(set) var phase = Phase.waiting
  /// Why the last attempt failed; nil while it goes well.
  public internal(set) var trouble: RelayTrouble?
  /// Milliseconds since 1970.
  public internal(set) var retryAtMilliseconds: Int64?
  /// Attempts that failed in a row.
  public internal(set) var failures = 0
  /// How often the target was too slow and pictures were left out, up to a keyframe.
  public internal(set) var skips = 0
}

/// Why a target did not take the stream.
public enum RelayTrouble: String, Error, Sendable, CaseIterable {
  /// Its name is not known to the DNS.
  case unknownHost
  /// It leads into a private network, and `MediaConfiguration.relaysToPrivateAddresses` is not set.
  case privateAddress
  case unreachable
  /// Its certificate does not hold, or it speaks no TLS.
  case insecure
  /// It does not speak RTMP.
  case notRTMP
  /// It did not answer in time.
  case noAnswer
  /// It does not want this stream: usually the key is wrong or used already.
  case refused
  /// It ended the connection.
  case closed
  /// It takes nothing any more.
  case stalled
}

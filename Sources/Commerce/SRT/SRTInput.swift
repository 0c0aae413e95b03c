/// Where an SRT encoder sends a show to, for the channel's owners and hosts.
public struct SRTInput: Sendable, Equatable, CustomStringConvertible {
  public let show: ID<Show>
  /// Of this machine, UDP. It is this show's until the show has ended or SRT is switched off for it.
  public let port: Int
  /// What the encoder encrypts with.
  public let passphrase: String

  /// Without the passphrase: it would end up in a log.
  public var description: String { "SRT on port \(port) for \(show)" }
}

/// Why a show gets no SRT.
public enum SRTRefusal: Refusal, Equatable {
  case off
  case noPort(count: Int)

  public var code: String {
    switch self {
    case .off: "srt_off"
    case .noPort: "srt_no_port"
    }
  }

  public var sentence: String {
    switch self {
    case .off: "SRT is not offered here. The operator can name ports for it with srt.ports."
    case .noPort(let count):
      "Other shows have all \(count) SRT ports. Switch SRT off for one of them, end it, or ask the operator for more "
        + "(srt.ports)."
    }
  }

  public var kind: RefusalKind { .conflict }
}

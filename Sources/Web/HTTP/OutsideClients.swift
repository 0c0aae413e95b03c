import AsyncHTTPClient
import Foundation
import Media
import NIOCore
import NIOPosix
import NIOSSL

/// How far requests go whose addresses somebody else chose: browsers, for push services, and sellers, for webhooks.
public struct OutsideReach: Sendable {
  /// Only for a network of one's own: whoever comes names the host that is asked.
  public var reachesPrivateAddresses = false
  /// PEM of more authorities than the system's.
  public var authoritiesPath: String?
  public var timeoutSeconds: Int64 = 15

  public init() {}

  /// Around an address of IPv6.
  private static let brackets = CharacterSet(charactersIn: "[]")

  /// Without brackets.
  static func host(of url: String) -> String? { URLComponents(string: url)?.host?.trimmingCharacters(in: brackets) }

  /// False for an address that is written as one, or a name, of a private network; what others lead to is seen when they
  /// are looked up.
  func mayReach(_ url: String) -> Bool {
    guard !reachesPrivateAddresses, let host = Self.host(of: url) else { return true }
    if (try? SocketAddress(ipAddress: host, port: 0)) != nil { return NetworkReach.isPublic(ipAddress: host) }
    return host.contains(".") && !host.hasSuffix(".localhost") && !host.hasSuffix(".local")
  }
}

/// Clients for hosts that somebody else chose, kept for a few minutes.
///
/// No redirect is followed, and the address that is connected to is the one that was looked at and found to be public: a
/// name that answers differently the second time gains nothing by it.
actor OutsideClients {
  private struct Way {
    let client: HTTPClient
    let since: ContinuousClock.Instant
  }

  private static let hostsMax = 32
  private static let waySeconds: Int64 = 300

  private let reach: OutsideReach
  private var ways: [String: Way] = [:]

  init(_ reach: OutsideReach) { self.reach = reach }

  /// Nil for a host that is within a private network. Throws for one that nobody knows.
  func client(to host: String) async throws -> HTTPClient? {
    if let client = known(host) { return client }
    let address = try await NIOThreadPool.singleton.runIfActive {
      try SocketAddress.makeAddressResolvingHost(host, port: 443).ipAddress
    }
    // Another may have looked it up meanwhile.
    if let client = known(host) { return client }
    guard let address, reach.reachesPrivateAddresses || NetworkReach.isPublic(ipAddress: address) else { return nil }
    var tls = TLSConfiguration.makeClientConfiguration()
    if let path = reach.authoritiesPath { tls.additionalTrustRoots = [.file(path)] }
    var settings = HTTPClient.Configuration(tlsConfiguration: tls)
    settings.redirectConfiguration = .disallow
    settings.timeout.connect = .seconds(5)
    settings.timeout.read = .seconds(reach.timeoutSeconds)
    settings.dnsOverride = [host: address]
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    if let old = ways.updateValue(Way(client: client, since: .now), forKey: host) { close(old.client) }
    if ways.count > Self.hostsMax, let oldest = ways.min(by: { $0.value.since < $1.value.since })?.key,
      let old = ways.removeValue(forKey: oldest)
    {
      close(old.client)
    }
    return client
  }

  private func known(_ host: String) -> HTTPClient? {
    ways[host].flatMap { $0.since.duration(to: .now) < .seconds(Self.waySeconds) ? $0.client : nil }
  }

  /// Once what is under way in it is over.
  private func close(_ client: HTTPClient) {
    Task { [seconds = reach.timeoutSeconds + 5] in
      try? await Task.sleep(for: .seconds(seconds))
      try? await client.shutdown()
    }
  }

  func end() async {
    for way in ways.values { try? await way.client.shutdown() }
    ways = [:]
  }
}

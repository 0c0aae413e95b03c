import AsyncHTTPClient
public import Commerce
import NIOCore
import NIOHTTP1

/// Calls to servers that are not ours, over connections that are kept: HTTPS with the system's authorities.
public enum Outgoing {
  /// Gives up after 15 seconds or 4 MiB; follows no redirect, for the keys it sends are for one host.
  public static let http: OutgoingHTTP = { call in
    var request = HTTPClientRequest(url: call.url)
    request.method = HTTPMethod(rawValue: call.method.rawValue)
    for (name, value) in call.headers { request.headers.add(name: name, value: value) }
    if !call.body.isEmpty { request.body = .bytes(call.body) }
    let response = try await client.execute(request, timeout: .seconds(15))
    let body = try await response.body.collect(upTo: 4 * 1024 * 1024)
    return OutgoingAnswer(status: Int(response.status.code), body: Array(buffer: body))
  }

  /// Never shut down: it lives as long as the process does.
  private static let client: HTTPClient = {
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    configuration.timeout.connect = .seconds(5)
    configuration.timeout.read = .seconds(15)
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }()
}

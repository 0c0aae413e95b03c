import Foundation
import FoundationNetworking

/// A program that uses the API, with the cookies of one person.
struct Client: Sendable {
  let base: URL
  private let session: URLSession

  init(_ base: URL) {
    self.base = base
    let configuration = URLSessionConfiguration.ephemeral
    configuration.httpMaximumConnectionsPerHost = 64
    configuration.timeoutIntervalForRequest = 30
    session = URLSession(configuration: configuration)
  }

  struct Answer: @unchecked Sendable {
    let status: Int
    let json: Any?

    /// The value at a dotted path, `order.id`; array elements by number.
    subscript(path: String) -> Any? {
      path.split(separator: ".").reduce(json) { value, key in
        if let index = Int(key), let array = value as? [Any] {
          return array.indices.contains(index) ? array[index] : nil
        }
        return (value as? [String: Any])?[String(key)]
      }
    }

    func text(_ path: String) throws -> String {
      guard let text = self[path] as? String else {
        throw Trouble("no text at “\(path)” of \(status): \(json ?? "nothing")")
      }
      return text
    }

    func integer(_ path: String) throws -> Int {
      guard let number = self[path] as? Int else {
        throw Trouble("no number at “\(path)” of \(status): \(json ?? "nothing")")
      }
      return number
    }
  }

  @discardableResult
  func call(
    _ method: String, _ path: String, _ body: [String: Any]? = nil, headers: [String: String] = [:],
    expecting status: Int? = nil
  ) async throws -> Answer {
    guard let url = URL(string: path, relativeTo: base) else { throw Trouble("“\(path)” is no path") }
    var request = URLRequest(url: url)
    request.httpMethod = method
    if let body {
      request.httpBody = try JSONSerialization.data(withJSONObject: body)
      request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    }
    request.setValue("same-origin", forHTTPHeaderField: "Sec-Fetch-Site")
    for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
    let (data, response) = try await session.data(for: request)
    let code = (response as? HTTPURLResponse)?.statusCode ?? 0
    let json = try? JSONSerialization.jsonObject(with: data)
    if let status, code != status {
      throw Trouble(
        "\(method) \(path) answered \(code), not \(status): \(String(decoding: data.prefix(500), as: UTF8.self))")
    }
    return Answer(status: code, json: json)
  }
}

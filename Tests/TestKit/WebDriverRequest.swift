import Foundation

/// One HTTP/1.1 exchange with a WebDriver on this machine, over a socket of its own.
///
/// URLSession on Linux refuses chromedriver's answers, whose headers have no space after the colon.
struct WebDriverRequest: Sendable {
  var method: String
  var port: UInt16
  var path: String
  var body: JSON?

  /// The answer's `value`; throws what WebDriver calls an error as a `BrowserFault`.
  func answer() async throws -> JSON {
    let data = try await withCheckedThrowingContinuation { resume in
      // A thread of its own: the exchange blocks for as long as a page's script may run.
      Thread.detachNewThread { resume.resume(with: Result { try exchange() }) }
    }
    let value = try JSONDecoder().decode(JSON.self, from: data)["value"]
    if let error = value["error"].string { throw BrowserFault("\(error): \(value["message"].string ?? "")") }
    return value
  }

  private func exchange() throws -> Data {
    let connection = try connect()
    defer { close(connection) }
    let content = try body.map { try JSONEncoder().encode($0) } ?? Data()
    var request = Data(
      """
      \(method) /\(path) HTTP/1.1\r
      Host: 127.0.0.1:\(port)\r
      Content-Type: application/json\r
      Content-Length: \(content.count)\r
      Connection: close\r
      \r\n
      """.utf8)
    request.append(content)
    while !request.isEmpty {
      let count = request.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { throw fault("did not take the request") }
      request.removeFirst(count)
    }
    return try readContent(connection)
  }

  private func connect() throws -> Int32 {
    #if canImport(Glibc)
      let stream = Int32(SOCK_STREAM.rawValue)
    #else
      let stream = SOCK_STREAM
    #endif
    let connection = socket(AF_INET, stream, 0)
    guard connection >= 0 else { throw fault("has no socket") }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    // A browser that hangs fails its test instead of holding it.
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Foundation.connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else {
      close(connection)
      throw fault("is not there")
    }
    return connection
  }

  /// The driver always says `Content-Length`, and keeps the connection open whatever it is asked.
  private func readContent(_ connection: Int32) throws -> Data {
    var answer = Data()
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let blankLine = Data("\r\n\r\n".utf8)
    while true {
      if let end = answer.range(of: blankLine) {
        let head = String(decoding: answer[..<end.lowerBound], as: UTF8.self)
        let length = head.firstMatch(of: /(?i)content-length: *(\d+)/).flatMap { Int($0.1) }
        if let length, answer.count >= end.upperBound + length {
          return answer[end.upperBound..<end.upperBound + length]
        }
      }
      let count = recv(connection, &chunk, chunk.count, 0)
      guard count > 0 else { throw fault("ended its answer early") }
      answer.append(contentsOf: chunk[..<count])
    }
  }

  private func fault(_ what: String) -> BrowserFault { BrowserFault("\(method) \(path): chromedriver \(what)") }
}

import Foundation

/// One connection to a Firefox that was started with `--marionette`: Mozilla's own remote protocol, JSON behind its
/// length over TCP (https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html). Debian has no
/// geckodriver, which would translate WebDriver to the same.
///
/// Not for two tasks at once: an exchange blocks its thread until Firefox answers.
final class Marionette: @unchecked Sendable {
  /// Longer than any answer of a test, screenshots included.
  private static let answerBytesMax = 64 * 1024 * 1024

  private let connection: Int32
  private var unread = Data()
  private var number = 0

  /// Connects to a port on 127.0.0.1 and reads the greeting.
  init(port: UInt16) throws {
    #if canImport(Glibc)
      let stream = Int32(SOCK_STREAM.rawValue)
    #else
      let stream = SOCK_STREAM
    #endif
    connection = socket(AF_INET, stream, 0)
    guard connection >= 0 else { throw BrowserFault("no socket for Marionette") }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    // A browser that hangs fails its test instead of holding it.
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw BrowserFault("Firefox does not listen on port \(port)") }
    guard try read()["marionetteProtocol"] == 3 else { throw BrowserFault("Firefox speaks another Marionette") }
  }

  deinit { close(connection) }

  /// Sends a command and gives its result; throws what Firefox calls an error.
  func ask(_ command: String, _ parameters: JSON = [:]) async throws -> JSON {
    try await withCheckedThrowingContinuation { resume in
      // A thread of its own: the exchange blocks for as long as a page loads.
      Thread.detachNewThread { [self] in resume.resume(with: Result { try exchange(command, parameters) }) }
    }
  }

  private func exchange(_ command: String, _ parameters: JSON) throws -> JSON {
    number += 1
    let message = try JSONEncoder().encode(JSON.array([0, .number(Double(number)), .string(command), parameters]))
    try write(Data("\(message.count):".utf8) + message)
    // An exchange that was given up on may have left its answer behind.
    while true {
      let answer = try read()
      guard answer[1] == .number(Double(number)) else { continue }
      if let error = answer[2]["error"].string {
        throw BrowserFault("\(command): \(error): \(answer[2]["message"].string ?? "")")
      }
      return answer[3]
    }
  }

  private func write(_ data: Data) throws {
    var rest = data
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { throw BrowserFault("Firefox did not take the command") }
      rest = rest.dropFirst(count)
    }
  }

  private func read() throws -> JSON {
    while true {
      if let colon = unread.firstIndex(of: UInt8(ascii: ":")) {
        guard let length = Int(String(decoding: unread[..<colon], as: UTF8.self)), length <= Self.answerBytesMax else {
          throw BrowserFault("what Firefox said has no length")
        }
        let rest = unread[(colon + 1)...]
        if rest.count >= length {
          unread = Data(rest.dropFirst(length))
          return try JSONDecoder().decode(JSON.self, from: Data(rest.prefix(length)))
        }
      }
      var chunk = [UInt8](repeating: 0, count: 65_536)
      let count = recv(connection, &chunk, chunk.count, 0)
      guard count > 0 else { throw BrowserFault("Firefox ended its answer early") }
      unread.append(contentsOf: chunk[..<count])
    }
  }
}

import Glibc

/// A TCP port that is free now. Links and cookies name the port before a server is bound, so port 0 is resolved first.
enum FreePort {
  /// Below the range from which the system takes ports for outgoing connections (32768 and up on Linux): what is free
  /// there stays free until the server binds it.
  private static let choices = 20_000..<32_000

  /// `port` itself, or a free one for 0. Throws `StartFault` when it is taken, or there is none.
  static func resolve(_ port: Int, host: String, setting: String) throws -> Int {
    guard port == 0 else {
      if let fault = trouble(port, host: host) {
        throw StartFault(sentence: fault + "; choose another with \(setting)")
      }
      return port
    }
    for _ in 0..<200 {
      let choice = Int.random(in: choices)
      if trouble(choice, host: host) == nil { return choice }
    }
    throw StartFault(sentence: "no free port was found on \(host); name one with \(setting)")
  }

  /// Why the port cannot be listened on; nil when it can. A host that is no IPv4 literal is left to the server itself,
  /// which says what is wrong with it.
  private static func trouble(_ port: Int, host: String) -> String? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return "the system gives no more sockets" }
    defer { close(descriptor) }
    var reuse: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(clamping: port).bigEndian
    guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return nil }
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.bind(descriptor, $0, length) }
    }
    guard result != 0 else { return nil }
    return errno == EADDRINUSE
      ? "port \(port) is taken by another program"
      : "cannot listen on \(host), port \(port): \(String(cString: strerror(errno)))"
  }
}

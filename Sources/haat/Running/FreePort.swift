import Glibc

/// A TCP port that is free now. Links and cookies name the port before a server is bound, so port 0 is resolved first.
enum FreePort {
  /// `port` itself unless it is 0. Throws `StartFault` when the system has none, or the named one is taken.
  static func resolve(_ port: Int, host: String, setting: String) throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw StartFault(sentence: "the system gives no more sockets") }
    defer { close(descriptor) }
    var reuse: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(clamping: port).bigEndian
    // A host that is no IPv4 literal is left to the server itself, which says what is wrong with it.
    guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return port }
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        Glibc.bind(descriptor, generic, length) == 0 && getsockname(descriptor, generic, &length) == 0
      }
    }
    guard bound else {
      let why =
        errno == EADDRINUSE
        ? "port \(port) is taken by another program; stop it, or choose another with \(setting)"
        : "cannot listen on \(host), port \(port): \(String(cString: strerror(errno)))"
      throw StartFault(sentence: why)
    }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}

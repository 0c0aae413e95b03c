internal import NIOCore

/// Whether an address is one of the public internet: a seller's address must not become a way into the network this
/// program runs in.
///
/// By the special-purpose registries of IANA (RFC 6890 and its updates). Of IPv6 only global unicast is public, and what
/// carries an IPv4 address is judged by that.
public enum NetworkReach {
  /// The same of an address as text; false for what is none.
  public static func isPublic(ipAddress: String) -> Bool {
    (try? SocketAddress(ipAddress: ipAddress, port: 0)).map { isPublic($0) } ?? false
  }

  static func isPublic(_ address: SocketAddress) -> Bool {
    let bytes: [UInt8] = address.withSockAddr { pointer, size in
      Array(UnsafeRawBufferPointer(start: pointer, count: size))
    }
    // Port and flow label come first, in both kinds.
    return switch address {
    case .v4: isPublic(v4: Array(bytes.dropFirst(4).prefix(4)))
    case .v6: isPublic(v6: Array(bytes.dropFirst(8).prefix(16)))
    case .unixDomainSocket: false
    }
  }

  static func isPublic(v4 bytes: [UInt8]) -> Bool {
    guard bytes.count == 4 else { return false }
    switch (bytes[0], bytes[1], bytes[2]) {
    case (0, _, _), (10, _, _), (127, _, _), (224..., _, _): return false
    case (100, 64...127, _), (169, 254, _), (172, 16...31, _), (192, 168, _), (198, 18...19, _): return false
    case (192, 0, 0), (192, 0, 2), (192, 88, 99), (198, 51, 100), (203, 0, 113): return false
    default: return true
    }
  }

  static func isPublic(v6 bytes: [UInt8]) -> Bool {
    guard bytes.count == 16 else { return false }
    let mapped = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]
    if Array(bytes.prefix(12)) == mapped { return isPublic(v4: Array(bytes.suffix(4))) }
    let translated: [UInt8] = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]
    if Array(bytes.prefix(12)) == translated { return isPublic(v4: Array(bytes.suffix(4))) }
    guard bytes[0] & 0xe0 == 0x20 else { return false }
    switch (bytes[0], bytes[1], bytes[2], bytes[3]) {
    // 6to4 carries its IPv4 address; Teredo, benchmarks and documentation lead nowhere public.
    case (0x20, 0x02, _, _): return isPublic(v4: Array(bytes[2..<6]))
    case (0x20, 0x01, 0...1, _), (0x20, 0x01, 0x0d, 0xb8), (0x3f, 0xff, 0...0x0f, _): return false
    default: return true
    }
  }
}

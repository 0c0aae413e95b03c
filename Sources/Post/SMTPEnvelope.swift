/// One message and where it goes. What is in it can start no second command and no second message.
public struct SMTPEnvelope: Sendable, Equatable {
  /// The path of RFC 5321 §4.5.3.1.3, without its brackets.
  public static let addressBytesMax = 254
  /// A line of a message, without its end (RFC 5321 §4.5.3.1.6).
  public static let lineBytesMax = 998
  public static let messageBytesMax = 10 << 20

  public let sender: String
  public let recipient: String
  /// Header and body, in lines that end in CR LF.
  public let message: [UInt8]

  /// - Throws: what no server could be given: an address that would not be one, a line that is too long or ends in
  ///   anything but CR LF, a NUL, too many bytes.
  public init(from sender: String, to recipient: String, message: [UInt8]) throws(Fault) {
    guard Self.isAddress(sender), Self.isAddress(recipient) else { throw .address }
    guard message.count <= Self.messageBytesMax else { throw .messageTooLong }
    try Self.check(message)
    self.sender = sender
    self.recipient = recipient
    self.message = message
  }

  public enum Fault: Error, Equatable {
    case address, messageTooLong, lineTooLong, lineEnd, nul
  }

  /// Whether the server has to know RFC 6531: an address, or a header field, goes beyond ASCII.
  var needsUTF8: Bool {
    guard Self.isASCII(sender.utf8), Self.isASCII(recipient.utf8) else { return true }
    var end = message.count
    for index in message.indices.dropFirst(3) where message[index - 3...index].elementsEqual([13, 10, 13, 10]) {
      end = index
      break
    }
    return !Self.isASCII(message[..<end])
  }

  /// Whether the server has to know RFC 6152.
  var isEightBit: Bool { !Self.isASCII(message) }

  /// What follows the answer to DATA: a dot before each line that begins with one, and the dot that ends it (RFC 5321
  /// §4.5.2).
  var stuffed: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(message.count + 64)
    var isLineStart = true
    for byte in message {
      if isLineStart, byte == UInt8(ascii: ".") { bytes.append(byte) }
      bytes.append(byte)
      isLineStart = byte == 10
    }
    if !isLineStart { bytes += [13, 10] }
    return bytes + [UInt8(ascii: "."), 13, 10]
  }

  private static func isAddress(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
    return text.utf8.count <= addressBytesMax && parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
      && text.unicodeScalars.allSatisfy { scalar in
        guard scalar.isASCII else {
          // Controls, line ends and blanks of any script.
          return !scalar.properties.isWhitespace && scalar.properties.generalCategory != .control
            && scalar.properties.generalCategory != .format
        }
        return (0x21...0x7E).contains(scalar.value) && !"()<>[]:;\\,\"".unicodeScalars.contains(scalar)
      }
  }

  private static func check(_ message: [UInt8]) throws(Fault) {
    var length = 0
    var isAfterCR = false
    for byte in message {
      switch byte {
      case 0: throw .nul
      case 10:
        guard isAfterCR else { throw .lineEnd }
        length = 0
        isAfterCR = false
      default:
        guard !isAfterCR else { throw .lineEnd }
        isAfterCR = byte == 13
        if !isAfterCR { length += 1 }
        guard length <= lineBytesMax else { throw .lineTooLong }
      }
    }
    guard !isAfterCR else { throw .lineEnd }
  }

  private static func isASCII(_ bytes: some Sequence<UInt8>) -> Bool { bytes.allSatisfy { $0 < 0x80 } }
}

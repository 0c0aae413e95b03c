internal import NIOCore

/// The publisher's side of RTMP after the handshake, without a channel: says what to send, and when the target is ready
/// for pictures.
struct RelayConversation {
  enum Action: Equatable {
    case send(RTMPMessage)
    /// Media may be sent, on this message stream.
    case publish(streamID: UInt32)
    case fail(RelayTrouble)
  }

  static let chunkSize = 65_536

  private enum Transaction {
    static let connect = 1.0
    static let release = 2.0
    static let announce = 3.0
    static let createStream = 4.0
    static let publish = 5.0
  }

  private enum State: Equatable { case connecting, creating, asking(UInt32), publishing(UInt32), failed }

  private let target: RelayTarget
  private var state = State.connecting

  init(_ target: RelayTarget) { self.target = target }

  /// What is said first.
  func opening() -> [RTMPMessage] {
    [
      .setChunkSize(UInt32(Self.chunkSize)),
      .command([
        .string("connect"), .number(Transaction.connect),
        .object([
          .init("app", .string(target.application)), .init("type", .string("nonprivate")),
          .init("flashVer", .string("FMLE/3.0 (compatible; Haat)")), .init("tcUrl", .string(target.description)),
          .init("fourCcList", .array(FLVTag.fourCCs.map(AMF0.string))),
        ]),
      ]),
    ]
  }

  /// What is said last.
  func closing() -> [RTMPMessage] {
    guard case .publishing(let stream) = state else { return [] }
    return [
      .command([.string("FCUnpublish"), .number(0), .null, .string(target.key)]),
      .command([.string("deleteStream"), .number(0), .null, .number(Double(stream))]),
    ]
  }

  mutating func received(_ message: RTMPMessage) -> [Action] {
    var payload = message.payload
    switch message.kind {
    case RTMPMessage.Kind.userControl:
      // A ping (6) is answered with what it carries (§7.1.7).
      guard payload.readInteger(as: UInt16.self) == 6, let stamp = payload.readInteger(as: UInt32.self) else {
        return []
      }
      return [.send(.userControl(7, stamp))]
    case RTMPMessage.Kind.commandAMF3:
      payload.moveReaderIndex(forwardBy: min(1, payload.readableBytes))
      return receivedCommand(payload)
    case RTMPMessage.Kind.commandAMF0:
      return receivedCommand(payload)
    default:
      return []
    }
  }

  private mutating func receivedCommand(_ payload: ByteBuffer) -> [Action] {
    guard let values = try? AMF0Decoder.values(payload), let name = values.first?.string, values.count > 1 else {
      return []
    }
    let transaction = values[1].number
    switch (name, state) {
    case ("_result", .connecting) where transaction == Transaction.connect:
      state = .creating
      return [
        .send(.command([.string("releaseStream"), .number(Transaction.release), .null, .string(target.key)])),
        .send(.command([.string("FCPublish"), .number(Transaction.announce), .null, .string(target.key)])),
        .send(.command([.string("createStream"), .number(Transaction.createStream), .null])),
      ]
    case ("_result", .creating) where transaction == Transaction.createStream:
      guard let number = values.count > 3 ? values[3].number : nil, let stream = UInt32(exactly: number) else {
        return fail(.notRTMP)
      }
      state = .asking(stream)
      let values: [AMF0] = [
        .string("publish"), .number(Transaction.publish), .null, .string(target.key), .string("live"),
      ]
      return [.send(.command(values, streamID: stream))]
    case ("_error", _):
      // Many do not know releaseStream and FCPublish, and need not.
      guard transaction != Transaction.release, transaction != Transaction.announce else { return [] }
      return fail(.refused)
    case ("onStatus", _):
      return receivedStatus(values.last)
    case ("close", _):
      return fail(.closed)
    default:
      return []
    }
  }

  private mutating func receivedStatus(_ status: AMF0?) -> [Action] {
    if status?["level"]?.string == "error" { return fail(.refused) }
    switch (status?["code"]?.string, state) {
    case ("NetStream.Publish.Start", .asking(let stream)):
      state = .publishing(stream)
      return [.publish(streamID: stream)]
    case ("NetStream.Publish.BadName", _), ("NetStream.Publish.Denied", _), ("NetConnection.Connect.Rejected", _):
      return fail(.refused)
    case ("NetStream.Unpublish.Success", .publishing), ("NetConnection.Connect.Closed", _):
      return fail(.closed)
    default:
      return []
    }
  }

  private mutating func fail(_ trouble: RelayTrouble) -> [Action] {
    guard state != .failed else { return [] }
    state = .failed
    return [.fail(trouble)]
  }
}

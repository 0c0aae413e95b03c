internal import NIOCore

extension RTMPMessage {
  /// The messages of an aggregate (§7.1.6): FLV tags, each followed by its length. Their times count from the
  /// aggregate's own. Ends at what cannot be read; an aggregate within an aggregate is left out.
  func aggregated() -> [RTMPMessage] {
    var rest = payload
    var messages: [RTMPMessage] = []
    var first: UInt32?
    while let kind = rest.readInteger(as: UInt8.self), let length = rest.readUInt24(), let low = rest.readUInt24(),
      let high = rest.readInteger(as: UInt8.self), rest.readUInt24() != nil,
      let body = rest.readSlice(length: Int(length))
    {
      // FLV keeps the upper eight bits of the time behind the lower ones.
      let time = UInt32(high) << 24 | low
      let start = first ?? time
      first = start
      if kind != Kind.aggregate {
        messages.append(
          RTMPMessage(kind: kind, streamID: streamID, timestamp: timestamp &+ (time &- start), payload: body))
      }
      guard rest.readInteger(as: UInt32.self) != nil else { break }
    }
    return messages
  }
}

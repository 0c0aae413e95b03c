import Commerce
import Foundation
import NIOCore

// What is said, and answered, without a tree of it in between, as orders are (`OrderJSON.swift`).

extension RoomAPI.NewMessage {
  /// Nil for what is not plain, whether it is wrong or only unusual.
  init?(plain body: ByteBuffer) {
    let message = try? body.withUnsafeReadableBytes { bytes in
      var reader = JSONReader(bytes)
      let message = try Self(&reader)
      try reader.end()
      return message
    }
    guard let message else { return nil }
    self = message
  }

  private init<Bytes>(_ reader: inout JSONReader<Bytes>) throws {
    var id, replyTo: ID<Message>?
    var name, text: String?
    var mediaTime: Int64?
    try reader.object { member, reader in
      switch member {
      case "id": try id.setOnce(reader.id())
      case "name": try name.setOnce(reader.string())
      case "text": try text.setOnce(reader.string())
      case "mediaTime": try mediaTime.setOnce(reader.number())
      case "replyTo": try replyTo.setOnce(reader.id())
      default: throw NotPlain()
      }
    }
    guard let text else { throw NotPlain() }
    self.init(id: id, name: name, text: text, mediaTime: mediaTime, isQuestion: nil, replyTo: replyTo)
  }
}

extension RoomAPI.MessageAnswer {
  func json() throws -> [UInt8] {
    // Few are more than said.
    guard claim == nil else {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .withoutEscapingSlashes
      return Array(try encoder.encode(self))
    }
    var json = JSONWriter(capacity: 256)
    json.object {
      $0.member("id", id)
      $0.member("name", name)
      $0.member("text", text)
      $0.member("role", role)
      $0.member("at", at.description)
      if let isHeld { $0.member("isHeld", isHeld) }
      $0.member("question", ifPresent: question?.rawValue)
      if let replyTo { $0.member("replyTo", replyTo) }
    }
    return json.bytes
  }
}

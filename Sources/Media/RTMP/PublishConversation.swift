internal import NIOCore

/// The server's half of the talk with a publisher: takes whole messages, says what to do. Pure, so that a transcript of
/// any encoder is a test.
///
/// Takes the dialects as they are spoken: `releaseStream`, `FCPublish` and `createStream` sent without waiting for an
/// answer (OBS, ffmpeg), transaction 0 (GStreamer), `_checkbw` (librtmp), AMF3 command envelopes (old FMLE), metadata
/// again and again.
struct PublishConversation {
  static let nameBytesMax = 256
  static let windowBytes: UInt32 = 2_500_000

  enum Action: Equatable {
    case send(RTMPMessage)
    /// Ask whether it may publish, and take nothing more from the connection until `authorized` or `refused`.
    case authorize(application: String, streamKey: String, encoder: String)
    /// Media of the stream that was authorized.
    case tag(FLVTag)
    /// A broken tag was left out.
    case dropped
    case promised(MediaPromise)
    /// The peer wants an acknowledgement every so many bytes.
    case acknowledgeEvery(UInt32)
    /// Close, after everything sent is written.
    case close(reason: String)
  }

  private enum State: Equatable { case awaitingConnect, connected, authorizing(UInt32), publishing(UInt32), closed }

  private var state = State.awaitingConnect
  private var application = ""
  private var encoder = ""
  private var streamsMade: UInt32 = 0
  private var videoConfiguration: VideoConfiguration?

  mutating func received(_ message: RTMPMessage) -> [Action] {
    guard state != .closed else { return [] }
    switch message.kind {
    case RTMPMessage.Kind.aggregate:
      guard case .publishing = state else { return [] }
      return message.aggregated().flatMap { received($0) }
    case RTMPMessage.Kind.video:
      guard case .publishing = state else { return [] }
      let configuration = videoConfiguration
      return tag { () throws(FLVFault) in
        try FLVTag.video(message.payload, timestamp: message.timestamp, configuration: configuration)
      }
    case RTMPMessage.Kind.audio:
      guard case .publishing = state else { return [] }
      return tag { () throws(FLVFault) in try FLVTag.audio(message.payload, timestamp: message.timestamp) }
    case RTMPMessage.Kind.commandAMF0:
      return receivedCommand(message.payload, streamID: message.streamID)
    case RTMPMessage.Kind.commandAMF3:
      // An AMF3 envelope whose first byte says that AMF0 follows.
      return receivedCommand(message.payload.dropping(1), streamID: message.streamID)
    case RTMPMessage.Kind.dataAMF0:
      return receivedData(message.payload)
    case RTMPMessage.Kind.dataAMF3:
      return receivedData(message.payload.dropping(1))
    case RTMPMessage.Kind.windowAcknowledgementSize:
      guard let size = message.payload.getInteger(at: message.payload.readerIndex, as: UInt32.self), size > 0 else {
        return []
      }
      return [.acknowledgeEvery(size)]
    case RTMPMessage.Kind.userControl:
      return receivedUserControl(message.payload)
    default:
      return []
    }
  }

  /// The answer to `.authorize`.
  mutating func authorized() -> [Action] {
    guard case .authorizing(let stream) = state else { return [] }
    state = .publishing(stream)
    return [
      .send(.userControl(0, stream)),
      .send(status("status", "NetStream.Publish.Start", "The stream is being published.", stream)),
    ]
  }

  /// The answer to `.authorize`. The peer learns no reason: it may be guessing keys.
  mutating func refused(reason: String) -> [Action] {
    guard case .authorizing(let stream) = state else { return [] }
    state = .closed
    return [
      .send(status("error", "NetStream.Publish.BadName", "The stream key is not valid.", stream)),
      .close(reason: reason),
    ]
  }

  private mutating func tag(_ read: () throws(FLVFault) -> FLVTag) -> [Action] {
    do throws(FLVFault) {
      let tag = try read()
      if case .video(let configuration) = tag { videoConfiguration = configuration }
      return tag == .nothing ? [] : [.tag(tag)]
    } catch {
      switch error {
      case .truncated: return [.dropped]
      case .unsupported(let what): return close("it sends \(what)")
      }
    }
  }

  private mutating func receivedCommand(_ payload: ByteBuffer, streamID: UInt32) -> [Action] {
    guard let values = try? AMF0Decoder.values(payload), let name = values.first?.string else {
      return close("a command that is no AMF0")
    }
    let transaction = values.dropFirst().first?.number ?? 0
    switch name {
    case "connect":
      return receivedConnect(transaction, values.dropFirst(2).first ?? .null)
    case "createStream":
      guard state != .awaitingConnect else { return close("createStream before connect") }
      guard streamsMade < 16 else { return close("more than 16 createStream") }
      streamsMade += 1
      return [.send(.command([.string("_result"), .number(transaction), .null, .number(Double(streamsMade))]))]
    case "publish":
      return receivedPublish(values, streamID: streamID)
    case "releaseStream", "_checkbw", "checkBandwidth":
      return result(transaction)
    case "getStreamLength":
      // Players' question, which some encoders put too: nothing is stored here.
      return result(transaction, .number(0))
    case "FCPublish":
      // FMLE waits for this answer; the others do not mind it.
      let information = AMF0.object([
        .init("code", .string("NetStream.Publish.Start")), .init("description", .string("FCPublish")),
      ])
      return result(transaction) + [.send(.command([.string("onFCPublish"), .number(0), .null, information]))]
    case "FCUnpublish":
      guard case .publishing = state else { return result(transaction) }
      return result(transaction) + close("the encoder stopped")
    case "deleteStream", "closeStream":
      guard case .publishing = state else { return [] }
      return close("the encoder stopped")
    case "play", "play2":
      return close("it wants to play; streams are watched over HTTP")
    default:
      return []
    }
  }

  private mutating func receivedConnect(_ transaction: Double, _ object: AMF0) -> [Action] {
    guard state == .awaitingConnect else { return close("a second connect") }
    state = .connected
    application = Self.withoutQuery(object["app"]?.string ?? "")
    encoder = Self.printable(object["flashVer"]?.string ?? "")
    let properties = AMF0.object([
      .init("fmsVer", .string("FMS/3,0,1,123")), .init("capabilities", .number(31)),
      .init("fourCcList", .array(FLVTag.fourCCs.map { .string($0) })),
    ])
    let information = AMF0.object([
      .init("level", .string("status")), .init("code", .string("NetConnection.Connect.Success")),
      .init("description", .string("Connection succeeded.")), .init("objectEncoding", .number(0)),
    ])
    return [
      .send(.windowAcknowledgementSize(Self.windowBytes)),
      .send(.setPeerBandwidth(Self.windowBytes)),
      .send(.setChunkSize(UInt32(ChunkWriter.chunkSize))),
      .send(.command([.string("_result"), .number(transaction), properties, information])),
    ]
  }

  private mutating func receivedPublish(_ values: [AMF0], streamID: UInt32) -> [Action] {
    guard state == .connected else { return close("publish out of order") }
    let name = values.dropFirst(3).first?.string ?? ""
    guard name.utf8.count <= Self.nameBytesMax else { return close("a stream key over \(Self.nameBytesMax) bytes") }
    state = .authorizing(streamID)
    return [.authorize(application: application, streamKey: Self.withoutQuery(name), encoder: encoder)]
  }

  private func receivedData(_ payload: ByteBuffer) -> [Action] {
    guard case .publishing = state, let values = try? AMF0Decoder.values(payload) else { return [] }
    let names = values.prefix(2).compactMap(\.string)
    guard names.contains("onMetaData"), let metadata = values.last else { return [] }
    return [.promised(MediaPromise(metadata))]
  }

  private func receivedUserControl(_ payload: ByteBuffer) -> [Action] {
    var payload = payload
    // Ping request; its answer carries the same time.
    guard payload.readInteger(as: UInt16.self) == 6, let time = payload.readInteger(as: UInt32.self) else { return [] }
    return [.send(.userControl(7, time))]
  }

  private mutating func close(_ reason: String) -> [Action] {
    state = .closed
    return [.close(reason: reason)]
  }

  /// Transaction 0 asks for no answer.
  private func result(_ transaction: Double, _ value: AMF0 = .null) -> [Action] {
    transaction == 0 ? [] : [.send(.command([.string("_result"), .number(transaction), .null, value]))]
  }

  private func status(_ level: String, _ code: String, _ description: String, _ stream: UInt32) -> RTMPMessage {
    let information = AMF0.object([
      .init("level", .string(level)), .init("code", .string(code)), .init("description", .string(description)),
    ])
    return .command([.string("onStatus"), .number(0), .null, information], streamID: stream)
  }

  /// Keys and applications may carry `?token=…`; some encoders end the application with a slash.
  private static func withoutQuery(_ name: String) -> String {
    var plain = name.prefix { $0 != "?" }.prefix(nameBytesMax)
    while plain.last == "/" { plain.removeLast() }
    return String(plain)
  }

  private static func printable(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.filter { (0x20...0x7e).contains($0.value) }.prefix(64)))
  }
}

/// Which tracks `onMetaData` announces; nil where it does not say.
struct MediaPromise: Sendable, Equatable {
  var video: Bool?
  var audio: Bool?

  /// Encoders name the codec of each track there is. Metadata that names none says nothing.
  init(_ metadata: AMF0) {
    let video = metadata["videocodecid"] != nil
    let audio = metadata["audiocodecid"] != nil
    guard video || audio else { return }
    self.video = video
    self.audio = audio
  }
}

extension ByteBuffer {
  /// What is left after the first `count` bytes; all of them when there are fewer.
  fileprivate func dropping(_ count: Int) -> ByteBuffer {
    var rest = self
    rest.moveReaderIndex(forwardBy: min(count, rest.readableBytes))
    return rest
  }
}

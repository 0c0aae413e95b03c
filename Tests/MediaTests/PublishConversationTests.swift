import NIOCore
import Testing

@testable import Media

/// Transcripts of encoders, as they were seen on the wire.
@Suite struct PublishConversationTests {
  private func command(_ name: String, _ transaction: Double, _ rest: AMF0..., stream: UInt32 = 0) -> RTMPMessage {
    .command([.string(name), .number(transaction)] + rest, streamID: stream)
  }

  private func connect(app: String = "live", flashVer: String = "FMLE/3.0 (compatible; FMSc/1.0)") -> RTMPMessage {
    command(
      "connect", 1,
      .object([
        .init("app", .string(app)), .init("type", .string("nonprivate")), .init("flashVer", .string(flashVer)),
        .init("tcUrl", .string("rtmp://localhost:1935/live")),
      ]))
  }

  private func data(_ values: [AMF0]) -> RTMPMessage {
    var payload = ByteBuffer()
    payload.writeAMF0(values)
    return RTMPMessage(kind: RTMPMessage.Kind.dataAMF0, streamID: 1, timestamp: 0, payload: payload)
  }

  /// What the peer would see and what the server does, one line each.
  private func said(_ actions: [PublishConversation.Action]) -> [String] {
    actions.map { action in
      switch action {
      case .send(let message):
        guard message.kind == RTMPMessage.Kind.commandAMF0, let values = try? AMF0Decoder.values(message.payload) else {
          return "send \(message.kind)"
        }
        let code = values.last?["code"]?.string ?? values.last?.number.map { "\($0)" } ?? "-"
        return "\(values[0].string ?? "?") \(values[1].number ?? -1) \(code)"
      case .authorize(let application, let key, let encoder): return "authorize \(application) \(key) \(encoder)"
      case .close: return "close"
      case .tag: return "tag"
      case .dropped: return "dropped"
      case .promised(let promise): return "promised \(promise.video ?? false) \(promise.audio ?? false)"
      case .acknowledgeEvery(let bytes): return "acknowledge every \(bytes)"
      }
    }
  }

  private let welcome = ["send 5", "send 6", "send 1", "_result 1.0 NetConnection.Connect.Success"]

  @Test func `OBS sends its commands without waiting`() {
    var talk = PublishConversation()
    #expect(said(talk.received(connect())) == welcome)
    #expect(said(talk.received(command("releaseStream", 2, .null, .string("key")))) == ["_result 2.0 -"])
    #expect(
      said(talk.received(command("FCPublish", 3, .null, .string("key"))))
        == ["_result 3.0 -", "onFCPublish 0.0 NetStream.Publish.Start"])
    #expect(said(talk.received(command("createStream", 4, .null))) == ["_result 4.0 1.0"])
    #expect(
      said(talk.received(command("publish", 5, .null, .string("key"), .string("live"), stream: 1)))
        == ["authorize live key FMLE/3.0 (compatible; FMSc/1.0)"])
    #expect(said(talk.authorized()) == ["send 4", "onStatus 0.0 NetStream.Publish.Start"])
    let metadata = AMF0.object([
      .init("videocodecid", .number(7)), .init("audiocodecid", .number(10)), .init("encoder", .string("obs-output")),
    ])
    #expect(
      said(talk.received(data([.string("@setDataFrame"), .string("onMetaData"), metadata]))) == ["promised true true"])
    let tag = RTMPMessage(kind: 8, streamID: 1, timestamp: 0, payload: ByteBuffer(bytes: bytes("af 00 1190")))
    #expect(talk.received(tag) == [.tag(.audio(.aac48))])
    #expect(said(talk.received(command("FCUnpublish", 6, .null, .string("key")))) == ["_result 6.0 -", "close"])
    #expect(talk.received(tag).isEmpty)
  }

  @Test func `GStreamer uses transaction 0 and repeats its metadata`() {
    var talk = PublishConversation()
    #expect(said(talk.received(connect(app: "live/"))) == welcome)
    #expect(talk.received(command("releaseStream", 0, .null, .string("key"))).isEmpty)
    #expect(
      said(talk.received(command("FCPublish", 0, .null, .string("key")))) == ["onFCPublish 0.0 NetStream.Publish.Start"]
    )
    #expect(said(talk.received(command("createStream", 2, .null))) == ["_result 2.0 1.0"])
    #expect(
      said(talk.received(command("publish", 0, .null, .string("key?token=a/b"), .string("live"), stream: 1)))
        == ["authorize live key FMLE/3.0 (compatible; FMSc/1.0)"])
    _ = talk.authorized()
    for _ in 0..<20 {
      let metadata = AMF0.object([.init("videocodecid", .number(7))])
      #expect(said(talk.received(data([.string("onMetaData"), metadata]))) == ["promised true false"])
    }
  }

  @Test func `librtmp asks for bandwidth, old encoders wrap commands in AMF3`() {
    var talk = PublishConversation()
    _ = talk.received(connect())
    #expect(said(talk.received(command("_checkbw", 5, .null))) == ["_result 5.0 -"])
    var wrapped = command("createStream", 6, .null)
    wrapped.payload = ByteBuffer(bytes: [0] + Array(wrapped.payload.readableBytesView))
    wrapped.kind = RTMPMessage.Kind.commandAMF3
    #expect(said(talk.received(wrapped)) == ["_result 6.0 1.0"])
    #expect(talk.received(.windowAcknowledgementSize(5000)) == [.acknowledgeEvery(5000)])
    #expect(talk.received(.userControl(6, 77)) == [.send(.userControl(7, 77))])
  }

  @Test func `what encoders ask besides is answered`() throws {
    var talk = PublishConversation()
    guard case .send(let welcome) = try #require(talk.received(connect()).last) else { throw Unexpected() }
    let properties = try AMF0Decoder.values(welcome.payload)[2]
    #expect(
      properties["fourCcList"]
        == .array([.string("av01"), .string("hvc1"), .string("avc1"), .string("mp4a")]))
    #expect(said(talk.received(command("getStreamLength", 7, .null, .string("key")))) == ["_result 7.0 0.0"])
    #expect(said(talk.received(command("FCUnpublish", 8, .null, .string("key")))) == ["_result 8.0 -"])
    #expect(said(talk.received(command("deleteStream", 0, .null, .number(1)))) == [])
    #expect(said(talk.received(command("neverHeardOf", 9, .null))) == [])
    _ = talk.received(command("publish", 3, .null, .string("key"), stream: 1))
    _ = talk.authorized()
    let aggregate = RTMPMessage(
      kind: 22, streamID: 1, timestamp: 0,
      payload: ByteBuffer(bytes: bytes("08 000004 000000 00 000000 af001190 0000000f")))
    #expect(talk.received(aggregate) == [.tag(.audio(.aac48))])
    #expect(said(talk.received(command("FCUnpublish", 10, .null, .string("key")))) == ["_result 10.0 -", "close"])
  }

  @Test func `a refused key learns BadName and nothing else`() {
    var talk = PublishConversation()
    _ = talk.received(connect())
    _ = talk.received(command("createStream", 2, .null))
    _ = talk.received(command("publish", 3, .null, .string("wrong"), .string("live"), stream: 1))
    let actions = talk.refused(reason: "no such key")
    #expect(said(actions) == ["onStatus 0.0 NetStream.Publish.BadName", "close"])
    guard case .send(let message) = actions[0] else { return }
    #expect(!String(buffer: message.payload).contains("no such key"))
    #expect(talk.received(connect()).isEmpty)
  }

  @Test func `a missing key is asked about like any other`() {
    var talk = PublishConversation()
    _ = talk.received(connect())
    #expect(
      said(talk.received(command("publish", 3, .null, stream: 1))) == [
        "authorize live  FMLE/3.0 (compatible; FMSc/1.0)"
      ])
  }

  @Test func `what is out of order, too long or not for us ends the talk`() {
    for (name, messages) in [
      ("publish first", [command("publish", 1, .null, .string("key"))]),
      ("createStream first", [command("createStream", 1, .null)]),
      ("connect twice", [connect(), connect()]),
      ("a long key", [connect(), command("publish", 1, .null, .string(String(repeating: "k", count: 300)))]),
      ("play", [connect(), command("play", 1, .null, .string("key"))]),
      ("not AMF0", [RTMPMessage(kind: 20, streamID: 0, timestamp: 0, payload: ByteBuffer(bytes: [0xff]))]),
    ] {
      var talk = PublishConversation()
      var actions: [PublishConversation.Action] = []
      for message in messages { actions = talk.received(message) }
      #expect(said(actions) == ["close"], "\(name)")
    }
  }

  @Test func `media before the authorization is not looked at`() {
    var talk = PublishConversation()
    _ = talk.received(connect())
    _ = talk.received(command("publish", 3, .null, .string("key"), stream: 1))
    let tag = RTMPMessage(kind: 8, streamID: 1, timestamp: 0, payload: ByteBuffer(bytes: bytes("af 00 1190")))
    #expect(talk.received(tag).isEmpty)
  }

  @Test func `a codec that cannot be passed on ends the talk with its name`() {
    var talk = PublishConversation()
    _ = talk.received(connect())
    _ = talk.received(command("publish", 3, .null, .string("key"), stream: 1))
    _ = talk.authorized()
    let tag = RTMPMessage(kind: 9, streamID: 1, timestamp: 0, payload: ByteBuffer(bytes: bytes("12 00")))
    #expect(talk.received(tag) == [.close(reason: "it sends video codec 2 of FLV; set the encoder to H.264")])
  }
}

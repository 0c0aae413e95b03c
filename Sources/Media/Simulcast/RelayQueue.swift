internal import NIOCore

/// What one target has not had yet, in order and bounded. A target that is too slow loses everything up to the next
/// keyframe, and nobody else notices.
struct RelayQueue {
  private let bytesMax: Int
  private var messages = CircularBuffer<RTMPMessage>()
  private var bytes = 0
  private var clock = RelayClock()
  private var waitsForKeyframe = true
  private var video: VideoConfiguration?
  private var audio: AudioConfiguration?
  /// How often something was left out.
  private(set) var skips = 0

  /// - Parameter bytesMax: Of the messages that wait.
  init(bytesMax: Int) { self.bytesMax = bytesMax }

  var isEmpty: Bool { messages.isEmpty }

  /// A connection begins: with the set-up, then a keyframe, at time 0.
  mutating func restart() {
    clear()
    clock = RelayClock()
  }

  mutating func offer(_ tag: FLVTag) {
    switch tag {
    case .nothing: return
    case .video(let configuration):
      guard video != configuration else { return }
      video = configuration
      // The rest of the old pictures cannot be told by the new set-up, and the other way round.
      waitsForKeyframe = true
    case .audio(let configuration):
      guard audio != configuration else { return }
      audio = configuration
      if !waitsForKeyframe { append(tag, at: clock.time) }
    case .unit(let unit):
      // Sound that few targets could take, or that nothing was said of yet.
      if unit.track == .audio {
        guard case .aac = audio else { return }
      }
      if waitsForKeyframe {
        guard video == nil || unit.track == .video && unit.isKey else { return }
        waitsForKeyframe = false
        begin(at: clock.time(of: unit.timestamp))
      }
      let time = clock.time(of: unit.timestamp)
      append(tag, at: time)
      guard bytes > bytesMax else { return }
      skips += 1
      clear()
    }
  }

  mutating func next() -> RTMPMessage? {
    guard let message = messages.popFirst() else { return nil }
    bytes -= message.payload.readableBytes
    return message
  }

  private mutating func clear() {
    messages.removeAll(keepingCapacity: true)
    bytes = 0
    waitsForKeyframe = true
  }

  private mutating func begin(at time: UInt32) {
    var properties = [AMF0.Property("encoder", .string("Haat"))]
    if let video {
      properties.append(.init("width", .number(Double(video.size.width))))
      properties.append(.init("height", .number(Double(video.size.height))))
    }
    if let audio { properties.append(.init("audiosamplerate", .number(Double(audio.sampleRate)))) }
    var payload = ByteBuffer()
    payload.writeAMF0([.string("@setDataFrame"), .string("onMetaData"), .object(properties)])
    append(RTMPMessage(kind: RTMPMessage.Kind.dataAMF0, streamID: 0, timestamp: time, payload: payload))
    if let video { append(.video(video), at: time) }
    if let audio { append(.audio(audio), at: time) }
  }

  private mutating func append(_ tag: FLVTag, at time: UInt32) {
    if let message = tag.message(timestamp: time, video: video) { append(message) }
  }

  private mutating func append(_ message: RTMPMessage) {
    messages.append(message)
    bytes += message.payload.readableBytes
  }
}

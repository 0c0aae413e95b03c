internal import NIOCore

/// The server's half of the talk with a browser that broadcasts: takes whole messages, says what to do. Pure.
struct BroadcastConversation {
  /// Messages a second, on average over two. A picture rate of 60 and sound every 10 ms are 160.
  static let messagesPerSecondMax = 400
  /// A key frame is asked for once in so many milliseconds.
  static let keyPleaseMilliseconds: Int64 = 1_000

  enum Action: Equatable {
    /// It has something to give: it becomes the stream's publisher.
    case attach
    case tag(FLVTag)
    case promised(video: Bool, audio: Bool)
    /// A frame was left out.
    case dropped
    /// Ask the browser for a key frame.
    case keyPlease
    /// Start turning a container into a stream.
    case open(type: String)
    case piece(ByteBuffer)
    case close(BroadcastEnd)
  }

  private enum Way: Equatable { case undecided, frames, container }

  private var way = Way.undecided
  private var isOver = false
  private var video: VideoConfiguration?
  private var audio: AudioConfiguration?
  private var hasPromised = false
  private var awaitsKey = true
  private var lastKeyPlease: Int64?
  private var window: (since: Int64, messages: Int)?

  /// - Parameter now: steady milliseconds.
  mutating func received(_ bytes: ByteBuffer, now: Int64) -> [Action] {
    guard !isOver else { return [] }
    guard isWithinRate(now) else {
      return close(.tooMuch, "more than messagesPerSecondMax, \(Self.messagesPerSecondMax), messages a second")
    }
    do throws(BroadcastFault) {
      switch try BroadcastMessage(bytes) {
      case .picture(let codec, let record): return try configure(picture: codec, record)
      case .sound(let codec, let record): return try configure(sound: codec, record)
      case .pictureFrame(let frame): return try receivedPicture(frame, now: now)
      case .soundFrame(let frame): return try receivedSound(frame)
      case .container(let type): return try open(type)
      case .piece(let piece):
        guard way == .container else { throw BroadcastFault(sentence: "a piece of a container that was not announced") }
        return [.piece(piece)]
      case .end: return close(.finished, "the browser stopped")
      }
    } catch {
      return close(.refused, error.sentence)
    }
  }

  private mutating func isWithinRate(_ now: Int64) -> Bool {
    guard var counted = window, now &- counted.since < 2_000 else {
      window = (now, 1)
      return true
    }
    counted.messages += 1
    window = counted
    return counted.messages <= 2 * Self.messagesPerSecondMax
  }

  // MARK: Frames

  private mutating func configure(picture codec: String, _ record: ByteBuffer) throws(BroadcastFault) -> [Action] {
    guard codec.hasPrefix("avc1.") else {
      throw BroadcastFault(sentence: "pictures in “\(codec)”; only H.264 (avc1) can be taken")
    }
    guard record.readableBytes > 0 else {
      throw BroadcastFault(sentence: "H.264 without an avcC record; set the encoder's format to “avc”, not “annexb”")
    }
    let begun = try begin(.frames)
    do throws(CodecFault) {
      let read = VideoConfiguration.avc(
        try AVCConfiguration(record: Array(record.readableBytesView.prefix(AVCConfiguration.recordBytesMax + 1))))
      video = read
      awaitsKey = true
      return begun + [.tag(.video(read))]
    } catch { throw BroadcastFault(sentence: error.description) }
  }

  private mutating func configure(sound codec: String, _ record: ByteBuffer) throws(BroadcastFault) -> [Action] {
    let begun = try begin(.frames)
    let bytes = Array(record.readableBytesView.prefix(AACConfiguration.recordBytesMax + 1))
    do throws(CodecFault) {
      let read: AudioConfiguration
      switch codec {
      case "opus": read = .opus(try OpusConfiguration(head: bytes))
      case _ where codec.hasPrefix("mp4a.40."): read = .aac(try AACConfiguration(record: bytes))
      default: throw CodecFault(description: "sound in “\(codec)”; only AAC (mp4a.40) and opus can be taken")
      }
      audio = read
      return begun + [.tag(.audio(read))]
    } catch { throw BroadcastFault(sentence: error.description) }
  }

  private mutating func begin(_ wanted: Way) throws(BroadcastFault) -> [Action] {
    guard way != wanted else { return [] }
    guard way == .undecided else { throw BroadcastFault(sentence: "frames and a container on one connection") }
    way = wanted
    return wanted == .frames ? [.attach] : []
  }

  private mutating func receivedPicture(
    _ frame: BroadcastMessage.Frame, now: Int64
  ) throws(BroadcastFault) -> [Action] {
    guard case .avc(let avc) = video else { throw BroadcastFault(sentence: "a picture before its configuration") }
    guard !avc.isAnnexB(frame.payload) else {
      throw BroadcastFault(sentence: "H.264 in Annex B; set the encoder's format to “avc”")
    }
    let isKey = frame.isKey && avc.holdsIDR(frame.payload)
    guard isKey || !awaitsKey else {
      if let last = lastKeyPlease, now &- last < Self.keyPleaseMilliseconds { return [.dropped] }
      lastKeyPlease = now
      return [.dropped, .keyPlease]
    }
    awaitsKey = false
    return promise() + [.tag(.unit(unit(.video, frame, isKey: isKey)))]
  }

  private mutating func receivedSound(_ frame: BroadcastMessage.Frame) throws(BroadcastFault) -> [Action] {
    switch audio {
    case nil: throw BroadcastFault(sentence: "sound before its configuration")
    case .aac: break
    case .opus(let opus):
      guard let samples = OpusConfiguration.samples(in: frame.payload) else { return [.dropped] }
      // The first packet says how long all are; browsers keep to it.
      if samples != opus.samplesPerFrame {
        guard !hasPromised else { return [.dropped] }
        let read = AudioConfiguration.opus(opus.with(samplesPerFrame: samples))
        audio = read
        return [.tag(.audio(read))] + promise() + [.tag(.unit(unit(.audio, frame, isKey: true)))]
      }
    }
    return promise() + [.tag(.unit(unit(.audio, frame, isKey: true)))]
  }

  /// Everything is configured before the first frame, so what is configured by then is what will come.
  private mutating func promise() -> [Action] {
    guard !hasPromised else { return [] }
    hasPromised = true
    return [.promised(video: video != nil, audio: audio != nil)]
  }

  private func unit(_ track: Track, _ frame: BroadcastMessage.Frame, isKey: Bool) -> AccessUnit {
    AccessUnit(
      track: track, timestamp: UInt32(truncatingIfNeeded: frame.timestampMicroseconds / 1000), compositionOffset: 0,
      isKey: isKey, payload: frame.payload)
  }

  // MARK: A container

  private mutating func open(_ type: String) throws(BroadcastFault) -> [Action] {
    guard way == .undecided else { throw BroadcastFault(sentence: "a second container on one connection") }
    guard type.hasPrefix("video/webm") || type.hasPrefix("video/mp4") else {
      throw BroadcastFault(sentence: "a container of type “\(type)”; only video/webm and video/mp4 can be taken")
    }
    way = .container
    return [.open(type: type)]
  }

  private mutating func close(_ kind: BroadcastEnd.Kind, _ sentence: String) -> [Action] {
    isOver = true
    return [.close(BroadcastEnd(kind, sentence))]
  }
}

extension AVCConfiguration {
  /// Whether a sample begins with a start code where a length should be. Only told for four-byte lengths, which is
  /// what every encoder writes.
  func isAnnexB(_ sample: ByteBuffer) -> Bool {
    guard lengthSize == 4, sample.readableBytes > 5 else { return false }
    return sample.getInteger(at: sample.readerIndex, as: UInt32.self) == 1
  }
}

import NIOCore

@testable import Media

/// What can be fuzzed. Another reader becomes a case here, with a folder in Seeds.
enum Target: String, CaseIterable {
  case chunks, amf0, flv, flvfile, avc, hevc, av1, aac, times, recording, broadcast

  func run(_ input: [UInt8]) {
    switch self {
    case .chunks: publish(input)
    case .amf0: readValues(input)
    case .flv: readTag(input)
    case .avc:
      configure(try? .avc(AVCConfiguration(record: input)))
    case .hevc:
      configure(try? .hevc(HEVCConfiguration(record: input)))
    case .av1:
      configure(try? .av1(AV1Configuration(record: input)))
    case .aac:
      guard let aac = try? AACConfiguration(record: input) else { return }
      precondition(aac.sampleRate > 0 && aac.samplesPerFrame > 0 && aac.channels > 0)
      _ = Initialization(number: 1, video: nil, audio: .aac(aac))
    case .times: placeInTime(input)
    case .recording: readIndex(input)
    case .flvfile: readFile(input)
    case .broadcast: converse(input)
    }
  }

  private func configure(_ video: VideoConfiguration?) {
    guard let video else { return }
    precondition((1...16_384).contains(video.size.width) && (1...16_384).contains(video.size.height))
    precondition(!video.codecString.isEmpty)
    _ = Initialization(number: 1, video: video, audio: nil)
  }
}

// MARK: What came in over a connection

/// The bytes after a handshake, whole and in pieces of the length that the first byte says: what is read must be the
/// same, and all of it goes the whole way to the packager.
private func publish(_ input: [UInt8]) {
  guard let length = input.first else { return }
  let bytes = Array(input.dropFirst())
  let whole = messages(bytes, piece: max(1, bytes.count))
  let pieces = messages(bytes, piece: Int(length) + 1)
  precondition(whole == pieces, "the same bytes were read differently in pieces")

  var talk = PublishConversation()
  var packager = Packager(startMilliseconds: 0)
  var now: Int64 = 0
  func obey(_ actions: [PublishConversation.Action]) {
    for action in actions {
      switch action {
      case .authorize: obey(talk.authorized())
      case .promised(let promise): packager.promised(promise)
      case .tag(.video(let video)): packager.configure(video)
      case .tag(.audio(let audio)): packager.configure(audio)
      case .tag(.unit(let unit)):
        now += 20
        _ = packager.receive(unit, at: .init(show: now, wall: now))
      default: break
      }
    }
  }
  for message in whole { obey(talk.received(message)) }
  // Once more as one that may publish, since few inputs get that far by themselves.
  var ready = PublishConversation()
  _ = ready.received(.command([.string("connect"), .number(1), .object([])]))
  _ = ready.received(.command([.string("publish"), .number(2), .null, .string("key")], streamID: 1))
  talk = ready
  obey(talk.authorized())
  for message in whole { obey(talk.received(message)) }
}

private func messages(_ bytes: [UInt8], piece: Int) -> [RTMPMessage] {
  var decoder = ChunkDecoder(messageBytesMax: 1 << 20)
  var pending = ByteBuffer()
  var all: [RTMPMessage] = []
  var start = 0
  while start < bytes.count {
    pending.writeBytes(bytes[start..<min(bytes.count, start + piece)])
    start += piece
    do throws(ChunkFault) {
      while let message = try decoder.next(from: &pending) { all.append(message) }
    } catch {
      return all
    }
    precondition(pending.readableBytes <= 32, "more than a header is kept")
  }
  return all
}

// MARK: Values, tags, times

/// What could be read is written and read again, and is the same.
private func readValues(_ input: [UInt8]) {
  guard let values = try? AMF0Decoder.values(ByteBuffer(bytes: input)), input.count < 20_000 else { return }
  var once = ByteBuffer()
  once.writeAMF0(values)
  guard let again = try? AMF0Decoder.values(once) else { preconditionFailure("what we wrote cannot be read") }
  var twice = ByteBuffer()
  twice.writeAMF0(again)
  precondition(once == twice, "a value changes when it is written and read")
}

/// The first byte says which track and after which set-up.
private func readTag(_ input: [UInt8]) {
  guard let choice = input.first else { return }
  let body = ByteBuffer(bytes: input.dropFirst())
  if choice & 1 == 1 {
    _ = try? FLVTag.audio(body, timestamp: 0)
    return
  }
  let configurations: [VideoConfiguration?] = [nil, Setups.avc, Setups.hevc, Setups.av1]
  let configuration = configurations[Int(choice >> 1) % configurations.count]
  _ = try? FLVTag.video(body, timestamp: 0, configuration: configuration)
  _ = configuration?.canStart(at: body)
}

/// A file as it comes from a program beside us, whole and in pieces of the length that the first byte says.
private func readFile(_ input: [UInt8]) {
  guard let length = input.first else { return }
  let bytes = Array(input.dropFirst())
  func tags(piece: Int) -> (all: [FLVTag], isWhole: Bool) {
    var decoder = FLVFileDecoder(tagBytesMax: 1 << 16)
    var all: [FLVTag] = []
    var start = 0
    while start < bytes.count {
      do {
        all += try decoder.received(ByteBuffer(bytes: bytes[start..<min(bytes.count, start + piece)]))
      } catch {
        return (all, false)
      }
      start += piece
    }
    return (all, true)
  }
  let whole = tags(piece: max(1, bytes.count))
  let pieces = tags(piece: Int(length) + 1)
  precondition(whole.isWhole == pieces.isWhole, "the same bytes were refused only in pieces")
  // A call that throws gives nothing of what it read before the fault.
  precondition(!whole.isWhole || whole.all == pieces.all, "the same bytes were read differently in pieces")
}

/// Messages of a browser that broadcasts, each behind a byte for the time that passed and two for its length.
private func converse(_ input: [UInt8]) {
  var talk = BroadcastConversation()
  var packager = Packager(startMilliseconds: 0)
  var now: Int64 = 0
  var isClosed = false
  var rest = input[...]
  while rest.count >= 3 {
    let (passed, high, low) = (rest.removeFirst(), rest.removeFirst(), rest.removeFirst())
    now += Int64(passed)
    let length = min(rest.count, Int(high) << 8 | Int(low))
    let actions = talk.received(ByteBuffer(bytes: rest.prefix(length)), now: now)
    rest = rest.dropFirst(length)
    precondition(!isClosed || actions.isEmpty, "something is done after the end")
    for action in actions {
      switch action {
      case .tag(.video(let video)): packager.configure(video)
      case .tag(.audio(let audio)): packager.configure(audio)
      case .tag(.unit(let unit)): _ = packager.receive(unit, at: .init(show: now, wall: now))
      case .close: isClosed = true
      default: break
      }
    }
  }
}

/// Every three bytes are a frame: what it is, and two of time.
private func placeInTime(_ input: [UInt8]) {
  var packager = Packager(startMilliseconds: 60_000)
  var segmenter = Segmenter(settings: .init())
  var show: Int64 = 60_000
  var time: UInt32 = 0
  var newest: [Track: Int64] = [:]
  var rest = input.prefix(6_000)
  while rest.count >= 3 {
    let (what, high, low) = (rest.removeFirst(), rest.removeFirst(), rest.removeFirst())
    let step = UInt32(high) << 8 | UInt32(low)
    show += Int64(what & 0x1f)
    time = what & 0x20 == 0 ? time &+ step : time &+ step << 16
    var fragments: [Fragment] = []
    switch what >> 6 {
    case 0:
      fragments = packager.receive(unit(.audio, time, isKey: true), at: .init(show: show, wall: show))
    case 1, 2:
      fragments = packager.receive(unit(.video, time, isKey: what >> 6 == 1), at: .init(show: show, wall: show))
    default:
      switch low & 7 {
      case 0: fragments = packager.beginSource()
      case 1: if let setup = Setups.avc { packager.configure(setup) }
      case 2: if let setup = Setups.hevc { packager.configure(setup) }
      case 3: if let setup = Setups.aac48 { packager.configure(setup) }
      case 4: if let setup = Setups.aac44 { packager.configure(setup) }
      case 5: _ = segmenter.finishRun()
      default: show += Int64(step)
      }
    }
    for fragment in fragments {
      precondition(fragment.duration > 0)
      precondition(fragment.decodeTime >= (newest[fragment.track] ?? 0), "a track's time goes back")
      newest[fragment.track] = fragment.decodeTime + 1
      _ = segmenter.append(fragment)
    }
  }
  precondition(
    segmenter.segments.allSatisfy { $0.duration <= (segmenter.targetSeconds ?? 0) * 90_000 + 45_000 },
    "a segment is longer than was declared")
}

private func unit(_ track: Track, _ time: UInt32, isKey: Bool) -> AccessUnit {
  AccessUnit(
    track: track, timestamp: time, compositionOffset: 0, isKey: isKey, payload: ByteBuffer(bytes: [0, 0, 0, 1, 0x65]))
}

/// A recording's index, its records' checksums put right so that more than the checksum is tried.
private func readIndex(_ input: [UInt8]) {
  var index = ByteBuffer()
  var rest = input[...]
  while rest.count >= RecordingEntry.bytes {
    let record = ByteBuffer(bytes: rest.prefix(RecordingEntry.bytes - 4))
    index.writeImmutableBuffer(record)
    index.writeInteger(Checksum.of(record))
    rest = rest.dropFirst(RecordingEntry.bytes)
  }
  index.writeBytes(rest)
  let entries = RecordingIndex.read(index)
  var again = ByteBuffer()
  for entry in entries { entry.write(to: &again) }
  precondition(RecordingIndex.read(again) == entries, "a record changes when it is written and read")
  let whole = RecordingIndex(entries)
  precondition(whole.duration >= 0 && whole.bytes >= 0)
  _ = whole.summary
  _ = whole.position(ofMediaTime: 1_000)
}

/// Decoder set-ups as encoders wrote them; the seeds hold the same.
private enum Setups {
  static let avc =
    (try? AVCConfiguration(
      record: read("0142c00dffe100196742c00dd901419f9f0110000003001000000303c0f142a48001000568cb83cb20"))).map {
      VideoConfiguration.avc($0)
    }
  static let hevc =
    (try? HEVCConfiguration(
      record: read(
        """
        0101600000009000000000003cf000fcfdf8f800000f03a00001001840010c01ffff01600000030090000003000003003c959809a1000100
        2a42010101600000030090000003000003003ca00a480b9c9596566924caf0168080000003008000000f04a2000100074401c172b46240
        """))).map { VideoConfiguration.hevc($0) }
  static let av1 = (try? AV1Configuration(record: read("81000c000a0b000000043cfeccdaf90040"))).map {
    VideoConfiguration.av1($0)
  }
  static let aac48 = (try? AACConfiguration(record: read("1190"))).map { AudioConfiguration.aac($0) }
  static let aac44 = (try? AACConfiguration(record: read("1208"))).map { AudioConfiguration.aac($0) }

  private static func read(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.filter { !$0.isWhitespace }.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}

public import NIOCore
internal import Synchronization

/// The last seconds of a stream, without sound, as a small film that any browser plays by itself.
public struct LivePreview: Sendable {
  /// Changes with what it shows.
  public let name: String
  public let durationMilliseconds: Int64
  /// An MP4.
  public let bytes: ByteBuffer
}

extension LiveStream {
  /// What was on air just now, of the smallest picture that is made; nil when there is none. Made once for each segment,
  /// whoever asks.
  public func preview() -> LivePreview? {
    let segments = recentSegments()
    guard let first = segments.first, let last = segments.last else { return nil }
    let name = "\(first.initialization.number)-\(first.sequence)-\(last.sequence)-\(last.bytes?.readableBytes ?? 0)"
    if let known = previewShelf.withLock({ $0 }), known.name == name { return known }
    guard let made = LivePreview(name: name, segments) else { return nil }
    previewShelf.withLock { $0 = made }
    return made
  }
}

extension LivePreview {
  /// As long as it should be; segments are whole, so that it may be longer by one.
  static let ticks = 4 * Initialization.ticksPerSecond
  /// Where no smaller picture is made, a large one is shown for a shorter time.
  static let bytesMax = 1_500_000

  /// Nil for what cannot be read.
  fileprivate init?(name: String, _ segments: [Segment]) {
    guard let first = segments.first, let video = first.initialization.video else { return nil }
    let start = Initialization(number: first.initialization.number, video: video, audio: nil)
    var media = ByteBuffer()
    var samples: [MediaSample] = []
    for segment in segments {
      guard let bytes = segment.bytes, let found = try? FragmentDecoder.samples(in: bytes) else { return nil }
      for var sample in found where sample.track == Initialization.videoTrack {
        guard let payload = bytes.getSlice(at: bytes.readerIndex + sample.offset, length: sample.size) else {
          return nil
        }
        sample.offset = media.readableBytes
        media.writeImmutableBuffer(payload)
        samples.append(sample)
      }
    }
    guard !samples.isEmpty, let tracks = try? FragmentDecoder.tracks(in: start.bytes) else { return nil }
    let duration = segments.reduce(Int64(0)) { $0 + $1.duration }
    var head = ProgressiveHead(duration: duration, mediaBytes: Int64(media.readableBytes))
    head.begin(tracks)
    head.add(samples, at: 0, tracks, stretchStart: first.start, stretchPosition: 0)
    var whole = head.bytes()
    whole.writeBuffer(&media)
    self.init(
      name: name, durationMilliseconds: duration * 1_000 / Initialization.ticksPerSecond, bytes: whole)
  }
}

extension LiveState {
  /// The newest whole segments of the smallest picture there is: one set-up, a keyframe first, no gap among them; the
  /// oldest first. Empty when nobody sends a picture.
  func recent(ticks: Int64, bytesMax: Int) -> [Segment] {
    guard phase == .live else { return [] }
    let all = rungs.last(where: \.isOffered)?.segments ?? segmenter.segments
    var chosen: [Segment] = []
    var (length, size) = (Int64(0), 0)
    for segment in all.reversed() {
      let goesOn = chosen.last.map { $0.initialization === segment.initialization && !$0.isDiscontinuity } ?? true
      guard !segment.isGap, goesOn, segment.initialization.video != nil, let bytes = segment.bytes?.readableBytes,
        chosen.isEmpty || size + bytes <= bytesMax
      else { break }
      chosen.append(segment)
      length += segment.duration
      size += bytes
      if length >= ticks, segment.isIndependent { break }
    }
    while let first = chosen.last, !first.isIndependent { chosen.removeLast() }
    return chosen.reversed()
  }
}

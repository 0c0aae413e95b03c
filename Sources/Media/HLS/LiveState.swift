internal import NIOCore

/// Everything a `LiveStream` keeps under its lock. Decides and leaves the doing, `Effects`, to after the lock.
struct LiveState {
  /// Reasons for a cut that a browser must be able to tell from others.
  static let takenOver = "another connection with the same key took over"
  static let serverStops = "the server stops"

  enum Phase: Equatable { case waiting, live, interrupted, ended }

  /// What a request asks for.
  enum Want: Equatable, Sendable {
    case multivariant
    case playlist(Rendition, sequence: Int?, part: Int?, skip: MediaPlaylist.Skip)
    case initialization(Rendition, Int)
    case segment(Rendition, Int)
    case part(Rendition, Int)
    case stream
  }

  enum Reply: Sendable {
    case failure(Int)
    /// May be kept for so many seconds.
    case playlist(PlaylistText, seconds: Int64)
    case media([ByteBuffer], Rendition)
    case reader(UInt64, codecs: String)
  }

  enum Word: Sendable {
    case started, interrupted, resumed, ended

    func news(of stream: String) -> StreamNews {
      switch self {
      case .started: .started(stream)
      case .interrupted: .interrupted(stream)
      case .resumed: .resumed(stream)
      case .ended: .ended(stream)
      }
    }
  }

  /// What to do once the lock is free.
  struct Effects: Sendable {
    var reads: [(CheckedContinuation<[ByteBuffer]?, Never>, [ByteBuffer]?)] = []
    var replies: [(CheckedContinuation<MediaAnswer, Never>, Reply)] = []
    var cuts: [(@Sendable (String) -> Void, String)] = []
    var news: [Word] = []
  }

  struct Publisher {
    var id: UInt64
    var encoder: String
    var since: Int64
    var cut: @Sendable (String) -> Void
    var meter: HealthMeter
    var newestTimestamp: UInt32 = 0
    /// The cut was asked for; the connection is closing.
    var isCut = false
  }

  private struct TextKey: Hashable {
    var rendition: Rendition
    var skip: MediaPlaylist.Skip
  }

  let configuration: MediaConfiguration
  let names: Playlist.Names
  /// Wall clock minus show clock, milliseconds: where PROGRAM-DATE-TIME counts from.
  let epoch: Int64
  /// Show clock minus steady clock.
  private var showOffset: Int64

  private(set) var phase = Phase.waiting
  private(set) var packager: Packager
  private(set) var segmenter: Segmenter
  private(set) var ring: FragmentRing
  /// The largest first.
  private(set) var rungs: [Rung]
  var readers: ReaderTable
  private(set) var publisher: Publisher?
  private(set) var encoder = ""
  private(set) var reconnects = 0
  private(set) var brokenTags = 0
  private var publishers: UInt64 = 0
  /// Who was let in before this revocation may not feed the stream any more.
  private var revocation: UInt64 = 0
  private var hasStarted = false
  private var interruptedAt: Int64?
  private var endedAt: Int64?
  private var held: HeldRequests
  private var tickets: UInt64 = 0
  private var dateRanges: DateRangeTable
  private var texts: [TextKey: PlaylistText] = [:]
  private var multivariantText: PlaylistText?
  /// Pictures since they were last taken, for the ladder.
  private var toLadder: [Fragment] = []

  init(configuration: MediaConfiguration, names: Playlist.Names, now: MediaClock.Reading, mediaTimeMilliseconds: Int64)
  {
    self.configuration = configuration
    self.names = names
    epoch = now.wall - mediaTimeMilliseconds
    showOffset = mediaTimeMilliseconds - now.steady
    packager = Packager(startMilliseconds: mediaTimeMilliseconds)
    // Segments are at least a second long in the mean, so a sequence number that begins at the show's seconds is beyond
    // every number the show had before a restart.
    let first = Int(clamping: max(0, mediaTimeMilliseconds) / 1000)
    segmenter = Segmenter(
      settings: .init(
        partMilliseconds: configuration.partMilliseconds, segmentMilliseconds: configuration.segmentMilliseconds,
        windowSeconds: configuration.windowSeconds, firstSequence: first, firstDiscontinuitySequence: first))
    rungs = []
    ring = FragmentRing(lagMilliseconds: configuration.readerLagMilliseconds)
    readers = ReaderTable(lagMilliseconds: configuration.readerLagMilliseconds)
    held = HeldRequests(countMax: configuration.waitersMax, perAddressMax: configuration.waitersPerAddressMax)
    dateRanges = DateRangeTable(countMax: configuration.dateRangesMax)
  }

  var hasEnded: Bool { phase == .ended }
  var heldRequests: Int { held.count }
  var mediaTimeMilliseconds: Int64 { packager.timeline.end }

  func showTime(_ now: MediaClock.Reading) -> Int64 { now.steady + showOffset }

  // MARK: The publisher

  mutating func attach(
    encoder: String, mediaTime: Int64, admission: UInt64, cut: @escaping @Sendable (String) -> Void,
    now: MediaClock.Reading, _ effects: inout Effects
  ) -> UInt64? {
    guard refusal(admission: admission, now: now) == nil else { return nil }
    if let publisher { effects.cuts.append((publisher.cut, Self.takenOver)) }
    publishers += 1
    if publishers > 1 { reconnects += 1 }
    showOffset = mediaTime - now.steady
    publisher = Publisher(
      id: publishers, encoder: encoder, since: now.steady, cut: cut, meter: HealthMeter(now: now.steady))
    self.encoder = encoder
    add(packager.beginSource(), now: now, &effects)
    finishRun(now: now, &effects)
    interruptedAt = nil
    // Live again with the first picture; until then viewers have what they had.
    if phase == .interrupted || phase == .live { phase = .waiting }
    return publishers
  }

  /// Why another encoder may not feed the stream now; nil when it may.
  func refusal(admission: UInt64, now: MediaClock.Reading) -> String? {
    guard phase != .ended else { return "the stream has just ended" }
    guard admission >= revocation else { return "its key was replaced meanwhile" }
    guard let publisher, !publisher.isCut else { return nil }
    switch configuration.takeover {
    case .always: return nil
    case .silent:
      guard silence(of: publisher, now: now) < configuration.silenceSeconds * 1000 else { return nil }
      return "another encoder feeds the stream, and takeover is “silent” after silenceSeconds, "
        + "\(configuration.silenceSeconds)"
    case .never: return "another encoder is connected, and takeover is “never”"
    }
  }

  private func silence(of publisher: Publisher, now: MediaClock.Reading) -> Int64 {
    now.steady - (publisher.meter.lastFrame ?? publisher.since)
  }

  /// The encoder is cut, and nobody who was let in before `revocation` is let near again; viewers wait for the next.
  mutating func revoke(_ revocation: UInt64, reason: String, _ effects: inout Effects) {
    self.revocation = max(self.revocation, revocation)
    cutPublisher(reason, &effects)
  }

  mutating func receive(_ tag: FLVTag, from id: UInt64, now: MediaClock.Reading, _ effects: inout Effects) {
    guard let publisher, publisher.id == id, !publisher.isCut else { return }
    switch tag {
    case .video(let configuration): packager.configure(configuration)
    case .audio(let configuration): packager.configure(configuration)
    case .nothing: break
    case .unit(let unit):
      guard unit.payload.readableBytes <= configuration.frameBytesMax else {
        return cutPublisher(
          "a frame of \(unit.payload.readableBytes) bytes is over frameBytesMax, \(configuration.frameBytesMax)",
          &effects)
      }
      self.publisher?.meter.count(unit, now: now.steady)
      if unit.track == .video { self.publisher?.newestTimestamp = unit.timestamp }
      add(packager.receive(unit, at: .init(show: showTime(now), wall: now.wall)), now: now, &effects)
    }
  }

  /// Whether what this publisher gave was taken.
  func isFed(by id: UInt64) -> Bool { publisher.map { $0.id == id && !$0.isCut } ?? false }

  mutating func promised(_ promise: MediaPromise, from id: UInt64) {
    if publisher?.id == id { packager.promised(promise) }
  }

  mutating func droppedFrame(from id: UInt64) {
    if publisher?.id == id { brokenTags += 1 }
  }

  mutating func detach(_ id: UInt64, now: MediaClock.Reading, _ effects: inout Effects) {
    guard publisher?.id == id else { return }
    publisher = nil
    add(packager.flush(), now: now, &effects)
    finishRun(now: now, &effects)
    interruptedAt = now.steady
    phase = .interrupted
    if hasStarted { effects.news.append(.interrupted) }
  }

  mutating func end(reason: String, now: MediaClock.Reading, _ effects: inout Effects) {
    guard phase != .ended else { return }
    if let publisher { effects.cuts.append((publisher.cut, reason)) }
    publisher = nil
    add(packager.flush(), now: now, &effects)
    segmenter.end()
    phase = .ended
    toLadder.removeAll()
    endedAt = now.steady
    playlistChanged(now: now, &effects)
    for waiter in readers.wakeAll() { effects.reads.append((waiter, nil)) }
    if hasStarted { effects.news.append(.ended) }
  }

  /// The server stops; the stream does not end by it. Its viewers come back, and are told the end only by an end.
  mutating func stop(now: MediaClock.Reading, _ effects: inout Effects) {
    if let publisher { effects.cuts.append((publisher.cut, Self.serverStops)) }
    publisher = nil
    // For the recording, which has no other chance to get what is under way.
    add(packager.flush(), now: now, &effects)
    _ = segmenter.finishRun()
    phase = .ended
    endedAt = now.steady
    for (request, reply) in held.take({ _ in Reply.failure(503) }) {
      effects.replies.append((request.continuation, reply))
    }
    for waiter in readers.wakeAll() { effects.reads.append((waiter, nil)) }
  }

  private mutating func cutPublisher(_ reason: String, _ effects: inout Effects) {
    guard let publisher, !publisher.isCut else { return }
    self.publisher?.isCut = true
    effects.cuts.append((publisher.cut, reason))
  }

  private mutating func add(_ fragments: [Fragment], now: MediaClock.Reading, _ effects: inout Effects) {
    guard !fragments.isEmpty else { return }
    var changed = false
    for var fragment in fragments {
      fragment.number = ring.end
      ring.append(fragment)
      if fragment.track == .video, !configuration.ladder.isEmpty { toLadder.append(fragment) }
      if segmenter.append(fragment) { changed = true }
      for (number, bytes) in segmenter.takeJoined() { ring.replace(number, with: bytes) }
    }
    if phase == .waiting, publisher != nil, fragments.contains(where: \.isKey) {
      phase = .live
      effects.news.append(hasStarted ? .resumed : .started)
      hasStarted = true
      changed = true
    }
    effects.reads += readers.wake(ring)
    if changed { playlistChanged(now: now, &effects) }
  }

  /// What became whole since this was last asked, of the stream's own picture and of the smaller ones.
  mutating func takeFinished() -> [(segment: Segment, rung: Int?)] {
    segmenter.takeFinished().map { ($0, nil) }
      + rungs.indices.flatMap { index in rungs[index].takeFinished().map { ($0, rungs[index].side) } }
  }

  // MARK: The ladder

  /// The pictures that came since this was last asked.
  mutating func takeForLadder() -> [Fragment] {
    guard !toLadder.isEmpty else { return [] }
    defer { toLadder.removeAll() }
    return toLadder
  }

  /// These rungs are being made from now on, and no others.
  mutating func makes(_ sides: [Int], now: MediaClock.Reading, _ effects: inout Effects) {
    for side in sides where !rungs.contains(where: { $0.side == side }) {
      rungs.append(Rung(side: side, lagMilliseconds: configuration.ladderLagMilliseconds, epoch: epoch))
    }
    rungs.sort { $0.side > $1.side }
    for index in rungs.indices { rungs[index].isFed = sides.contains(rungs[index].side) }
    follow(now: now, &effects)
  }

  /// - Returns: false when the rung cannot be set up so: it was set up otherwise within the same run.
  mutating func configure(
    rung side: Int, _ video: VideoConfiguration, within main: Initialization
  ) -> Bool {
    guard let index = rungs.firstIndex(where: { $0.side == side }) else { return true }
    guard rungs[index].takes(video, within: main) else { return false }
    rungs[index].configure(video, within: main)
    return true
  }

  mutating func receive(
    _ picture: RungPicture, rung side: Int, now: MediaClock.Reading, _ effects: inout Effects
  ) {
    guard let index = rungs.firstIndex(where: { $0.side == side }) else { return }
    rungs[index].receive(picture)
    follow(now: now, &effects)
  }

  private mutating func follow(now: MediaClock.Reading, _ effects: inout Effects) {
    var changed: Set<Rendition> = []
    for index in rungs.indices where rungs[index].follow(segmenter) { changed.insert(.rung(rungs[index].side)) }
    guard !changed.isEmpty else { return }
    texts = texts.filter { !changed.contains($0.key.rendition) }
    multivariantText = nil
    answerHeld(now: now, &effects) { want in
      switch want {
      case .playlist(let rendition, _, _, _), .part(let rendition, _): changed.contains(rendition)
      default: false
      }
    }
  }

  private mutating func finishRun(now: MediaClock.Reading, _ effects: inout Effects) {
    if segmenter.finishRun() { playlistChanged(now: now, &effects) }
  }

  // MARK: Time

  mutating func tick(now: MediaClock.Reading, _ effects: inout Effects) -> Bool {
    if let publisher {
      let quiet = silence(of: publisher, now: now)
      let bits = publisher.meter.rates(now: now.steady).bits
      if quiet > configuration.stallSeconds * 1000 {
        cutPublisher("no frame for stallSeconds, \(configuration.stallSeconds)", &effects)
      } else if bits > configuration.bitrateMax, now.steady - publisher.since > 5_000 {
        cutPublisher("\(bits) bits per second are over bitrateMax, \(configuration.bitrateMax)", &effects)
      }
    }
    if let interruptedAt, phase == .interrupted, now.steady - interruptedAt > configuration.graceSeconds * 1000 {
      end(reason: "the grace is over", now: now, &effects)
    }
    fillGap(now: now, &effects)
    let late = held.take { $0.deadline <= now.steady ? Reply.failure(503) : nil }
    for (request, reply) in late { effects.replies.append((request.continuation, reply)) }
    guard let endedAt else { return true }
    return now.steady - endedAt <= configuration.endedSeconds * 1000
  }

  /// While nobody sends, the playlists go on all the same; so does the clock of what will be sent.
  private mutating func fillGap(now: MediaClock.Reading, _ effects: inout Effects) {
    guard hasStarted, phase == .interrupted || phase == .waiting else { return }
    let ticks = Initialization.ticksPerSecond / 1000
    guard let end = segmenter.fillGap(until: showTime(now) * ticks) else { return }
    packager.leaveGap(until: (end + ticks - 1) / ticks)
    playlistChanged(now: now, &effects)
  }

  /// Something happened in the show.
  mutating func mark(_ range: DateRange, now: MediaClock.Reading, _ effects: inout Effects) {
    guard phase != .ended, dateRanges.mark(range, now: now.steady) else { return }
    // Nobody waits for it; it comes with the next part.
    texts.removeAll()
  }

  // MARK: Requests

  mutating func ticket() -> UInt64 {
    tickets += 1
    return tickets
  }

  /// Holds a request until it can be answered. Returns the reply if that is already so.
  mutating func hold(
    _ want: Want, from address: String, ticket: UInt64, continuation: CheckedContinuation<MediaAnswer, Never>,
    now: MediaClock.Reading
  ) -> Reply? {
    if let reply = reply(to: want, now: now) { return reply }
    // RFC 8216bis §6.2.5.2: 503 after three target durations.
    let patience = segmenter.targetSeconds.map { 3 * $0 } ?? configuration.readyWaitSeconds
    let full = held.hold(
      HeldRequests.Request(
        ticket: ticket, want: want, address: address, deadline: now.steady + patience * 1000,
        continuation: continuation))
    return full.map { .failure($0.rawValue) }
  }

  mutating func abandon(_ ticket: UInt64) -> CheckedContinuation<MediaAnswer, Never>? {
    held.take(ticket)?.continuation
  }

  private mutating func playlistChanged(now: MediaClock.Reading, _ effects: inout Effects) {
    texts.removeAll()
    multivariantText = nil
    if let first = segmenter.segments.first {
      dateRanges.forget(before: first.start * 1000 / Initialization.ticksPerSecond, now: now.steady)
    }
    for index in rungs.indices { _ = rungs[index].follow(segmenter) }
    answerHeld(now: now, &effects) { _ in true }
  }

  private mutating func answerHeld(
    now: MediaClock.Reading, _ effects: inout Effects, where mayBe: (Want) -> Bool
  ) {
    // Taken out while the replies are made, for which the whole state is needed.
    var waiting = held
    held = HeldRequests(countMax: 0, perAddressMax: 0)
    for (request, reply) in waiting.take({ mayBe($0.want) ? reply(to: $0.want, now: now) : nil }) {
      effects.replies.append((request.continuation, reply))
    }
    held = waiting
  }

  /// Nil when the answer does not exist yet, but is to be waited for.
  mutating func reply(to want: Want, now: MediaClock.Reading) -> Reply? {
    switch want {
    case .stream: return streamReply()
    case .multivariant: return multivariantReply()
    case .playlist(let rendition, let sequence, let part, let skip):
      return playlistReply(rendition, sequence, part: part, skip: skip, now: now)
    case .initialization(let rendition, let number):
      return initializationBytes(rendition, number).map { .media([$0], rendition) } ?? .failure(404)
    case .segment(let rendition, let sequence):
      return segment(rendition, sequence)?.bytes(of: rendition).map { .media($0, rendition) } ?? .failure(404)
    case .part(let rendition, let number):
      if let part = part(rendition, number) {
        let bytes = part.bytes(of: rendition)
        return bytes.isEmpty ? .failure(404) : .media(bytes, rendition)
      }
      // The hinted part is waited for; it has no other name once it is whole. No hint, no waiting.
      guard segmenter.targetSeconds != nil, let playlist = mediaPlaylist(rendition) else { return .failure(404) }
      return number == playlist.nextPartNumber && !playlist.hasEnded ? nil : .failure(404)
    }
  }

  /// Nil also for what is no rung.
  private func rung(_ rendition: Rendition) -> Rung? {
    guard case .rung(let side) = rendition else { return nil }
    return rungs.first { $0.side == side }
  }

  private func segment(_ rendition: Rendition, _ sequence: Int) -> Segment? {
    if case .rung = rendition { return rung(rendition)?.segment(sequence) }
    return segmenter.segment(sequence)
  }

  private func part(_ rendition: Rendition, _ number: Int) -> Part? {
    if case .rung = rendition { return rung(rendition)?.part(number) }
    return segmenter.part(number)
  }

  private func initializationBytes(_ rendition: Rendition, _ number: Int) -> ByteBuffer? {
    let newest = packager.initialization.flatMap { $0.number == number ? $0 : nil }
    switch rendition {
    case .whole: return (segmenter.initialization(number) ?? newest)?.bytes
    case .sound: return (segmenter.initialization(number) ?? newest)?.soundBytes
    case .rung: return rung(rendition)?.initialization(number)?.bytes
    }
  }

  /// Nil before there is something to say.
  private func mediaPlaylist(_ rendition: Rendition) -> MediaPlaylist? {
    guard var playlist = segmenter.playlist else { return nil }
    if case .rung = rendition { return rung(rendition)?.playlist(like: playlist) }
    playlist.rendition = rendition
    return playlist
  }

  private mutating func streamReply() -> Reply? {
    guard !hasEnded else { return .failure(404) }
    guard let key = ring.lastKey else { return nil }
    guard readers.count < configuration.readersMax else { return .failure(503) }
    return .reader(readers.join(ring), codecs: ring[key].initialization.codecs)
  }

  private mutating func multivariantReply() -> Reply? {
    guard let target = segmenter.targetSeconds, let initialization = segmenter.newestInitialization else {
      return hasEnded ? .failure(404) : nil
    }
    let text =
      multivariantText
      ?? PlaylistText(
        Playlist.multivariant(
          initialization, whole: segmenter.wholeRate.declared,
          sound: renditions.contains(.sound) ? segmenter.soundRate.declared : nil,
          framesPerSecond: segmenter.framesPerSecond, rungs: offeredRungs))
    multivariantText = text
    return .playlist(text, seconds: max(1, target / 2))
  }

  /// What the multivariant playlist names: sound that comes beside a picture is a rendition of its own.
  private var renditions: [Rendition] {
    guard let initialization = segmenter.newestInitialization else { return [.whole] }
    let both = initialization.video != nil && initialization.audio != nil
    return [.whole] + (both ? [.sound] : []) + offeredRungs.map { .rung($0.side) }
  }

  private var offeredRungs: [Playlist.RungVariant] {
    rungs.filter(\.isOffered).compactMap { rung in
      rung.newestInitialization.map {
        Playlist.RungVariant(side: rung.side, initialization: $0, rate: rung.rate.declared)
      }
    }
  }

  /// The rules of RFC 8216bis §6.2.5.2, in its order.
  private mutating func playlistReply(
    _ rendition: Rendition, _ sequence: Int?, part: Int?, skip: MediaPlaylist.Skip, now: MediaClock.Reading
  ) -> Reply? {
    guard let target = segmenter.targetSeconds else { return hasEnded ? .failure(404) : nil }
    guard var playlist = mediaPlaylist(rendition) else {
      if case .rung = rendition { return .failure(404) }
      return nil
    }
    // Appendix B.1: what was waited for is the same for everybody who asks for it, for six target durations; a plain
    // playlist is soon another one. An old number is answered with what is newest now, which is plain.
    var seconds = max(1, target / 2)
    if let sequence, !playlist.hasEnded {
      // The last whole segment plus two: the one being written, and the one after it.
      guard sequence <= playlist.currentSequence + 1 else { return .failure(400) }
      if let part, sequence >= playlist.currentSequence {
        let known = sequence == playlist.currentSequence ? (playlist.current?.parts.count ?? 0) : 0
        guard part < known + segmenter.advancePartLimit else { return .failure(400) }
      }
      guard playlist.holds(sequence: sequence, part: part) else { return nil }
      if sequence >= playlist.currentSequence - 1 { seconds = 6 * target }
    }
    let key = TextKey(rendition: rendition, skip: skip)
    if let text = texts[key] { return .playlist(text, seconds: seconds) }
    playlist.reports = renditions.filter { $0 != rendition }.compactMap { mediaPlaylist($0)?.report }
    dateRanges.fill(&playlist, now: now.steady)
    let text = PlaylistText(Playlist.media(playlist, names: names, epoch: epoch, skip: skip))
    texts[key] = text
    return .playlist(text, seconds: seconds)
  }
}

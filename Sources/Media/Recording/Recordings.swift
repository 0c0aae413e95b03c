internal import Foundation
public import Logging
public import NIOCore
internal import NIOPosix
internal import Synchronization

/// The recordings of one installation: what streams write as they go, and what is read back while they are live and
/// after. Files are read and written on threads of their own, never on an event loop.
///
/// Only streams that were told to `begin` are recorded. A recording goes on when its stream comes back, also after a
/// restart of the program, until it is told to `finish`.
public final class Recordings: Sendable {
  /// Indexes of finished recordings kept in memory; one of a three-hour show has about 1 MB.
  private static let keptMax = 64
  private static let unnotedMax = 1_000
  /// Bytes of the heads of downloads kept in memory; one of a three-hour show has about 30 MB.
  static let plansBytesMax = 64 << 20

  private struct State {
    var writers: [String: RecordingWriter] = [:]
    var kept: [String: RecordingIndex] = [:]
    var order: [String] = []
    var downloads = 0
    var plans = DownloadPlans(bytesMax: Recordings.plansBytesMax)
    /// What was lost at the end of a recording whose disk would not even take the note of it.
    var unnoted: [String: RecordingEntry] = [:]
  }

  public let configuration: RecordingConfiguration
  let disk: RecordingDisk
  private let logger: Logger
  private let state = Mutex(State())

  public convenience init(configuration: RecordingConfiguration, logger: Logger) {
    self.init(configuration: configuration, logger: logger, disk: .system)
  }

  init(configuration: RecordingConfiguration, logger: Logger, disk: RecordingDisk) {
    self.configuration = configuration
    self.logger = logger
    self.disk = disk
  }

  // MARK: Writing

  /// The stream is recorded from the segment on that is being made now. Begun already, nothing happens.
  public func begin(_ id: String) {
    guard Self.isName(id) else { return }
    state.withLock { state in open(id, &state) }
  }

  private func open(_ id: String, _ state: inout State) {
    guard state.writers[id] == nil else { return }
    forget(id, &state)
    state.writers[id] = RecordingWriter(
      id: id, directory: directory(of: id), gap: state.unnoted[id], configuration: configuration, disk: disk,
      logger: logger)
  }

  /// The same for a stream that may be over by now: `isWanted` is asked once it has begun, and when it says no, the
  /// recording is closed again. Who ends a stream says so first and finishes its recording after, so that no order of
  /// the two leaves one open.
  /// - Returns: whether it is recorded.
  /// - Throws: what `isWanted` throws; then it is not.
  @discardableResult
  public func begin(_ id: String, whileStill isWanted: () async throws -> Bool) async throws -> Bool {
    begin(id)
    do {
      if try await isWanted() { return true }
    } catch {
      await shut(id)
      throw error
    }
    await shut(id)
    return false
  }

  /// A segment of the stream is whole. Never waits; nothing when the stream is not recorded.
  /// - Parameter rung: of a smaller picture, its side: it goes into a recording of its own within the stream's.
  func offer(_ segment: Segment, rung: Int? = nil, of id: String) {
    let writer: RecordingWriter? = state.withLock { state in
      guard let own = state.writers[id] else { return nil }
      guard let rung else { return own }
      guard configuration.recordsRungs else { return nil }
      let name = Self.name(ofRung: rung, in: id)
      open(name, &state)
      return state.writers[name]
    }
    writer?.offer(segment)
  }

  static func name(ofRung side: Int, in id: String) -> String { "\(id)/\(Playlist.Names.folder(ofRung: side))" }

  /// Writes what is waiting and closes the recording; nil when nothing was recorded. Asked again it gives the same.
  ///
  /// - Parameter isExpected: Something of it has been on the disk: when nothing is there, the disk is what is missing.
  /// - Throws: when its index cannot be read, or what is expected is not there. Nothing is removed then.
  public func finish(_ id: String, isExpected: Bool = false) async throws -> RecordingSummary? {
    guard Self.isName(id) else { return nil }
    let path = "\(directory(of: id))/\(RecordingFiles.indexName)"
    let missing = DiskFault(sentence: "nothing of \(id) is in \(configuration.directory); is its volume mounted?")
    // Before it is opened, which would make it.
    if isExpected, !isRecording(id), RecordingDisk.size(path) == nil { throw missing }
    // Opening it cuts what a crash left torn, if the crash came before the end and nobody has opened it since.
    begin(id)
    for side in try await rungs(of: id) {
      state.withLock { state in open(Self.name(ofRung: side, in: id), &state) }
    }
    await shut(id)
    guard var index = try await index(of: id) else {
      // An index that says something nobody can read is no reason to throw the pictures away.
      guard (RecordingDisk.size(path) ?? 0) == 0 else {
        throw DiskFault(sentence: "the index of \(id) cannot be read; its media is kept")
      }
      if isExpected { throw missing }
      try await delete(id)
      return nil
    }
    if let lost = state.withLock({ $0.unnoted[id] }) { _ = index.append(lost) }
    return index.summary
  }

  /// The server stops: everything is written and closed, and goes on when it is back.
  public func closeAll() async {
    for id in state.withLock({ $0.writers.keys.filter(Self.isName) }) { await shut(id) }
  }

  /// The stream's own first: once that is closed, no smaller picture's is opened any more.
  private func shut(_ id: String) async {
    await shut(one: id)
    for name in state.withLock({ $0.writers.keys.filter { $0.hasPrefix("\(id)/") } }) { await shut(one: name) }
  }

  private func shut(one id: String) async {
    guard let writer = state.withLock({ $0.writers[id] }) else { return }
    await writer.close()
    state.withLock { state in
      guard state.writers[id] === writer else { return }
      state.writers[id] = nil
      state.unnoted[id] = state.unnoted.count < Self.unnotedMax ? writer.unnoted : nil
    }
  }

  /// Removes a recording's files. When there are none, nothing happens.
  public func delete(_ id: String) async throws {
    guard Self.isName(id) else { return }
    await shut(id)
    state.withLock { state in
      for name in [id] + state.kept.keys.filter({ $0.hasPrefix("\(id)/") }) { forget(name, &state) }
      state.unnoted = state.unnoted.filter { $0.key != id && !$0.key.hasPrefix("\(id)/") }
      state.plans.forget(id)
    }
    let path = directory(of: id)
    try await blocking {
      guard FileManager.default.fileExists(atPath: path) else { return }
      try FileManager.default.removeItem(atPath: path)
    }
  }

  // MARK: Reading

  /// Whether the stream is being recorded.
  public func isRecording(_ id: String) -> Bool { state.withLock { $0.writers[id] != nil } }

  /// Why nothing can be written at the moment; nil when all is well or nothing is being recorded.
  public func trouble(of id: String) -> String? { state.withLock { $0.writers[id] }?.trouble }

  /// What is on disk of a recording; nil when there is none. Of one under way, what is there now.
  public func index(of id: String) async throws -> RecordingIndex? {
    guard Self.isName(id) else { return nil }
    return try await index(named: id)
  }

  /// The same of one of its smaller pictures; `side` is of those that `rungs(of:)` gives.
  func index(ofRung side: Int, in id: String) async throws -> RecordingIndex? {
    guard Self.isName(id) else { return nil }
    return try await index(named: Self.name(ofRung: side, in: id))
  }

  /// The sides of the smaller pictures that were recorded beside the stream's own, the largest first.
  func rungs(of id: String) async throws -> [Int] {
    guard Self.isName(id) else { return [] }
    let path = directory(of: id)
    return try await blocking { Self.rungs(in: path) }
  }

  static func rungs(in directory: String) -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return Array(names.compactMap(rung(ofFolder:)).sorted(by: >).prefix(LadderRung.countMax))
  }

  /// 480 for `480p`; nil for what is no smaller picture's.
  static func rung(ofFolder name: some StringProtocol) -> Int? {
    guard name.utf8.count <= 6, name.hasSuffix("p"), let side = Int(name.dropLast()), side > 0,
      Playlist.Names.folder(ofRung: side) == name
    else { return nil }
    return side
  }

  private func index(named id: String) async throws -> RecordingIndex? {
    let known = state.withLock { state in state.writers[id]?.index ?? state.kept[id] }
    if let known { return known.segments.isEmpty ? nil : known }
    let path = directory(of: id) + "/" + RecordingFiles.indexName
    let index = try await blocking { () -> RecordingIndex? in
      guard let size = RecordingDisk.size(path) else { return nil }
      let file = try RecordingDisk.open(path, O_RDONLY)
      defer { close(file) }
      return RecordingIndex(RecordingIndex.read(try RecordingDisk.read(file, 0, Int(clamping: size))))
    }
    guard let index, !index.segments.isEmpty else { return nil }
    state.withLock { state in
      guard state.writers[id] == nil else { return }
      forget(id, &state)
      state.kept[id] = index
      state.order.append(id)
      if state.order.count > Self.keptMax { state.kept[state.order.removeFirst()] = nil }
    }
    return index
  }

  /// The bytes an entry speaks of, or a piece of them; nil when they are not there.
  public func bytes(of entry: RecordingEntry, in id: String) async throws -> ByteBuffer? {
    guard Self.isName(id) else { return nil }
    return try await bytes(of: entry, named: id)
  }

  /// The same of one of its smaller pictures.
  func bytes(of entry: RecordingEntry, ofRung side: Int, in id: String) async throws -> ByteBuffer? {
    guard Self.isName(id) else { return nil }
    return try await bytes(of: entry, named: Self.name(ofRung: side, in: id))
  }

  private func bytes(of entry: RecordingEntry, named id: String) async throws -> ByteBuffer? {
    guard entry.kind != .gap else { return nil }
    let path = RecordingFiles.dataPath(directory(of: id), entry.file)
    return try await blocking {
      guard let file = try? RecordingDisk.open(path, O_RDONLY) else { return nil }
      defer { close(file) }
      let bytes = try RecordingDisk.read(file, entry.offset, entry.length)
      return bytes.readableBytes == entry.length ? bytes : nil
    }
  }

  /// The streams that have a directory here, in the order of their names.
  public func all() async throws -> [String] {
    let path = configuration.directory
    return try await blocking {
      guard FileManager.default.fileExists(atPath: path) else { return [] }
      return try FileManager.default.contentsOfDirectory(atPath: path).filter(Self.isName).sorted()
    }
  }

  func directory(of id: String) -> String { "\(configuration.directory)/\(id)" }

  func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await NIOThreadPool.singleton.runIfActive(body)
  }

  /// A place among the downloads; false when all are taken. Given back with `leaveDownload`.
  func enterDownload() -> Bool {
    state.withLock { state in
      guard state.downloads < configuration.downloadsMax else { return false }
      state.downloads += 1
      return true
    }
  }

  func leaveDownload() { state.withLock { $0.downloads -= 1 } }

  func knownPlan(of id: String, records: Int) -> DownloadPlan? {
    state.withLock { $0.plans.plan(of: id, records: records) }
  }

  func keep(_ plan: DownloadPlan, of id: String) { state.withLock { $0.plans.keep(plan, of: id) } }

  /// A name becomes a directory's: nothing that leads out of ours.
  private static func isName(_ id: String) -> Bool {
    (1...64).contains(id.utf8.count)
      && id.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) || (0x41...0x5a).contains($0) || $0 == 0x2d
      }
  }

  private func forget(_ id: String, _ state: inout State) {
    state.kept[id] = nil
    state.order.removeAll { $0 == id }
  }
}

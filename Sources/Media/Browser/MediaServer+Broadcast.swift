internal import Logging
internal import Synchronization

/// Who feeds streams from a browser now, and what ffmpeg may publish on their behalf.
struct Broadcasts {
  /// What ends each that is open, and who it was let in for.
  struct Open: Sendable {
    let stream: String
    let member: String?
    let close: @Sendable (BroadcastEnd) -> Void
  }

  var open: [UInt64: Open] = [:]
  var count: UInt64 = 0
  var transcoders = 0
  /// Keys of our own ffmpegs, each as long as it runs.
  var innerKeys: [String: InnerKey] = [:]
}

/// What an ffmpeg of ours may publish.
struct InnerKey: Sendable {
  let stream: String
  let mediaTime: @Sendable () -> Int64
}

extension MediaServer {
  /// The reason that `disconnect(_:)` gives.
  static let streamEnded = "the stream was ended"

  /// What a browser is held to.
  public var broadcastTerms: BroadcastTerms {
    BroadcastTerms(
      frameBytesMax: configuration.frameBytesMax, bitrateMax: configuration.bitrateMax,
      graceSeconds: configuration.graceSeconds, stallSeconds: configuration.stallSeconds,
      handshakeSeconds: configuration.handshakeSeconds)
  }

  /// A browser that was let in begins. `say` and `close` may be called on any thread, `close` more than once; after it,
  /// `Broadcast.leave(_:)` has to follow, as after the end of the connection.
  /// - Returns: nil when `MediaConfiguration.broadcastsMax` are open.
  public func broadcast(
    _ request: BroadcastRequest, say: @escaping @Sendable (BroadcastWord) -> Void,
    close: @escaping @Sendable (BroadcastEnd) -> Void
  ) -> Broadcast? {
    let number: UInt64? = broadcasts.withLock { broadcasts in
      guard broadcasts.open.count < configuration.broadcastsMax else { return nil }
      broadcasts.count += 1
      broadcasts.open[broadcasts.count] = .init(stream: request.stream, member: request.member, close: close)
      return broadcasts.count
    }
    guard let number else {
      logger.notice("A browser's broadcast is refused", metadata: ["limit": "broadcastsMax"])
      return nil
    }
    return Broadcast(server: self, number: number, request: request, logger: logger, say: say, close: close)
  }

  func broadcastLeft(_ number: UInt64) { broadcasts.withLock { $0.open[number] = nil } }

  /// Ends the browsers that feed a stream, or are about to, for somebody who may not any more; viewers wait for another
  /// encoder, for the grace's length. Whoever else feeds it goes on.
  ///
  /// Call after what lets browsers in has changed: who was just let in by the old answer is asked about again.
  public func cutBroadcasts(by member: String, of stream: String) {
    doubt(stream)
    let open = broadcasts.withLock { $0.open.values.filter { $0.stream == stream && $0.member == member } }
    for broadcast in open { broadcast.close(BroadcastEnd(.interrupted, "its member may not broadcast any more")) }
  }

  func transcoderLeft(key: String? = nil) {
    broadcasts.withLock { broadcasts in
      broadcasts.transcoders -= 1
      if let key { broadcasts.innerKeys[key] = nil }
    }
  }

  /// What was let in for `stream` before is not let in again: a key was replaced, or the show is over.
  func forgetInnerKeys(of stream: String) {
    broadcasts.withLock { $0.innerKeys = $0.innerKeys.filter { $0.value.stream != stream } }
  }

  /// Whether one more ffmpeg may run; `transcoderLeft()` gives the place back.
  func takeTranscoder() -> Bool {
    broadcasts.withLock { broadcasts in
      guard broadcasts.transcoders < configuration.transcodersMax else { return false }
      broadcasts.transcoders += 1
      return true
    }
  }

  /// Where an ffmpeg of ours publishes for `stream`, and its key there; nil when `MediaConfiguration.transcodersMax` run.
  func innerAddress(for stream: String, mediaTime: @escaping @Sendable () -> Int64) -> (String, String)? {
    guard let port = knownPort else { return nil }
    let key = "inner_" + Self.randomPrefix() + Self.randomPrefix()
    let hasPlace = broadcasts.withLock { broadcasts in
      guard broadcasts.transcoders < configuration.transcodersMax, broadcasts.innerKeys.count < 1_000 else {
        return false
      }
      broadcasts.transcoders += 1
      broadcasts.innerKeys[key] = InnerKey(stream: stream, mediaTime: mediaTime)
      return true
    }
    guard hasPlace else { return nil }
    let host =
      switch configuration.rtmpHost {
      case "0.0.0.0": "127.0.0.1"
      case "::": "[::1]"
      case let host: host.contains(":") ? "[\(host)]" : host
      }
    return ("rtmp://\(host):\(port)/live/\(key)", key)
  }

  /// Our own ffmpegs come with a key that was made for them; everyone else is asked about.
  func decide(_ request: PublishRequest) async -> PublishDecision {
    if let inner = broadcasts.withLock({ $0.innerKeys[request.streamKey] }) {
      return .accept(stream: inner.stream, mediaTimeMilliseconds: inner.mediaTime())
    }
    return await authorize(request)
  }
}

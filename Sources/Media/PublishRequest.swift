/// What an encoder asks for when it publishes; the question put to `MediaServer`'s `authorize`.
public struct PublishRequest: Sendable, Equatable {
  /// The RTMP application, `live` in `rtmp://host/live`, without a query.
  public var application: String
  /// The key as the encoder sent it, without a query. A secret: it is never logged.
  public var streamKey: String
  /// The encoder's IP address.
  public var remoteAddress: String
  /// What the encoder calls itself (`flashVer`), at most 64 characters, printable; empty when it said nothing.
  public var encoder: String

  public init(application: String, streamKey: String, remoteAddress: String, encoder: String) {
    self.application = application
    self.streamKey = streamKey
    self.remoteAddress = remoteAddress
    self.encoder = encoder
  }
}

/// The answer to a `PublishRequest`.
public enum PublishDecision: Sendable, Equatable {
  /// The encoder feeds `stream`, whose clock reads `mediaTimeMilliseconds` now. The same stream must be given the same
  /// clock again after a reconnect or a restart: it is what viewers' timelines are in step with.
  case accept(stream: String, mediaTimeMilliseconds: Int64)
  /// The encoder is told nothing but "no"; `reason` goes into the log.
  case refuse(reason: String)
}

/// What becomes of a stream, told as it happens through `MediaServer`'s `report`.
public enum StreamNews: Sendable, Equatable {
  /// Its first picture (or sound, if it has only that) can be watched.
  case started(String)
  /// Its encoder is gone; the stream waits for it, `MediaConfiguration.graceSeconds` long.
  case interrupted(String)
  /// The encoder is back and can be watched again.
  case resumed(String)
  /// The stream is over for its viewers: the grace ran out, or `MediaServer.disconnect(_:)` ended it.
  case ended(String)
}

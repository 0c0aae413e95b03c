internal import NIOCore

/// How to decode the picture. One case per codec that can come in.
enum VideoConfiguration: Sendable, Equatable {
  case avc(AVCConfiguration)
  case hevc(HEVCConfiguration)
  case av1(AV1Configuration)

  /// RFC 6381, as playlists and players want it.
  var codecString: String {
    switch self {
    case .avc(let avc): avc.codecString
    case .hevc(let hevc): hevc.codecString
    case .av1(let av1): av1.codecString
    }
  }

  /// Pixels.
  var size: (width: Int, height: Int) {
    switch self {
    case .avc(let avc): (avc.width, avc.height)
    case .hevc(let hevc): (hevc.width, hevc.height)
    case .av1(let av1): (av1.width, av1.height)
    }
  }

  /// Whether decoding can start at a sample, whatever its sender says of it.
  func canStart(at sample: ByteBuffer) -> Bool {
    switch self {
    case .avc(let avc): avc.holdsIDR(sample)
    case .hevc(let hevc): hevc.holdsRandomAccess(sample)
    case .av1(let av1): av1.holdsKeyFrame(sample)
    }
  }
}

/// How to decode the sound.
enum AudioConfiguration: Sendable, Equatable {
  case aac(AACConfiguration)
  case opus(OpusConfiguration)

  var codecString: String {
    switch self {
    case .aac(let aac): aac.codecString
    // RFC 6381 has no parameters for it; “opus” is its name in CODECS and in browsers.
    case .opus: "opus"
    }
  }

  /// Samples per second, in which the track's time is counted.
  var sampleRate: Int {
    switch self {
    case .aac(let aac): aac.sampleRate
    case .opus: OpusConfiguration.sampleRate
    }
  }

  var channels: Int {
    switch self {
    case .aac(let aac): aac.channels
    case .opus(let opus): opus.channels
    }
  }

  var samplesPerFrame: Int {
    switch self {
    case .aac(let aac): aac.samplesPerFrame
    case .opus(let opus): opus.samplesPerFrame
    }
  }
}

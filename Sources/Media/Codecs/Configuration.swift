/// How to decode the picture. One case per codec that can come in.
enum VideoConfiguration: Sendable, Equatable {
  case avc(AVCConfiguration)

  var codecString: String {
    switch self {
    case .avc(let avc): avc.codecString
    }
  }

  /// Pixels.
  var size: (width: Int, height: Int) {
    switch self {
    case .avc(let avc): (avc.width, avc.height)
    }
  }
}

/// How to decode the sound.
enum AudioConfiguration: Sendable, Equatable {
  case aac(AACConfiguration)

  var codecString: String {
    switch self {
    case .aac(let aac): aac.codecString
    }
  }

  /// Samples per second, in which the track's time is counted.
  var sampleRate: Int {
    switch self {
    case .aac(let aac): aac.sampleRate
    }
  }

  var channels: Int {
    switch self {
    case .aac(let aac): aac.channels
    }
  }

  var samplesPerFrame: Int {
    switch self {
    case .aac(let aac): aac.samplesPerFrame
    }
  }
}

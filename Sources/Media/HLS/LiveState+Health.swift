extension LiveState {
  /// Advice is given when a figure is beyond these.
  private enum Advice {
    static let keyframeIntervalMilliseconds: Int64 = 4_000
    static let framesPerSecondMin = 20.0
    static let lateMilliseconds: Int64 = 1_500
  }

  func health(now: MediaClock.Reading) -> StreamHealth {
    let initialization = packager.initialization
    let rates = publisher?.meter.rates(now: now.steady) ?? (bits: 0, frames: 0)
    return StreamHealth(
      state: publicState, encoder: encoder, videoCodec: initialization?.video?.codecString,
      audioCodec: initialization?.audio?.codecString, width: initialization?.video?.size.width ?? 0,
      height: initialization?.video?.size.height ?? 0, bitrateBitsPerSecond: rates.bits,
      framesPerSecond: rates.frames, keyframeIntervalMilliseconds: publisher?.meter.keyframeInterval,
      droppedFrames: packager.droppedFrames + brokenTags,
      lastFrameAgeMilliseconds: publisher?.meter.lastFrame.map { now.steady - $0 },
      connectedMilliseconds: publisher.map { now.steady - $0.since } ?? 0, reconnects: reconnects,
      readers: readers.count,
      rungs: rungs.map { rung in
        RungHealth(side: rung.side, isMade: rung.isFed, lagMilliseconds: rung.lag(behind: segmenter))
      }, warnings: warnings(now: now, framesPerSecond: rates.frames))
  }

  private var publicState: StreamHealth.State {
    switch phase {
    case .waiting: .waiting
    case .live: .live
    case .interrupted: .interrupted
    case .ended: .ended
    }
  }

  private func warnings(now: MediaClock.Reading, framesPerSecond: Double) -> [String] {
    guard let publisher else {
      return phase == .interrupted
        ? ["The encoder is gone. Viewers wait for it; start it again with the same key."] : []
    }
    let connected = now.steady - publisher.since
    guard phase == .live, let initialization = packager.initialization else {
      return connected > 5_000
        ? ["No keyframe has come yet. Set the encoder to H.264, H.265 or AV1 with a keyframe every 2 seconds."] : []
    }
    var warnings: [String] = []
    if initialization.video == nil {
      warnings.append("There is no picture. Check the encoder's video source; it has to be H.264, H.265 or AV1.")
    } else {
      let known = publisher.meter.keyframeInterval ?? 0
      let interval = max(known, publisher.meter.sinceKeyframe(publisher.newestTimestamp) ?? 0)
      if interval > Advice.keyframeIntervalMilliseconds {
        warnings.append(
          "A keyframe comes only every \(interval / 1000) seconds. Set the keyframe interval to 2 seconds or less, "
            + "so that viewers start and recover sooner.")
      }
      if publisher.meter.reorderMilliseconds > 0 {
        warnings.append(
          "The encoder uses B-frames, which delay the picture by \(publisher.meter.reorderMilliseconds) ms at least. "
            + "Turn them off (tune “zerolatency”) for the shortest delay.")
      }
      if connected > 5_000, framesPerSecond < Advice.framesPerSecondMin {
        warnings.append(
          "Only \(Int(framesPerSecond)) pictures per second come in. Check the encoder's load and upload.")
      }
    }
    if initialization.audio == nil {
      warnings.append("There is no sound. Check the encoder's audio; it has to be AAC.")
    }
    let late = showTime(now) - mediaTimeMilliseconds
    if connected > 5_000, late > Advice.lateMilliseconds {
      warnings.append("The stream is \(late) ms behind. The upload is too slow for the bitrate; lower it.")
    }
    return warnings
  }
}

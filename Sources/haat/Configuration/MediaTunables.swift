import Media

extension Tunable<MediaConfiguration> {
  static let all: [Self] = {
    let part = MediaConfiguration()
    return [
      Self("media.connectionsMax", \.connectionsMax, of: part, 1...100_000, "RTMP connections open at once."),
      Self(
        "media.connectionsPerAddressMax", \.connectionsPerAddressMax, of: part, 1...10_000,
        "RTMP connections open at once from one address."),
      Self(
        "media.handshakeSeconds", \.handshakeSeconds, of: part, 1...60, "From an encoder's connection to its publish."),
      Self(
        "media.stallSeconds", \.stallSeconds, of: part, 1...300, "An encoder that sends nothing for as long is cut."),
      Self(
        "media.graceSeconds", \.graceSeconds, of: part, 0...600,
        "How long a stream waits for its encoder to come back before it ends for viewers."),
      Self("media.endedSeconds", \.endedSeconds, of: part, 1...3600, "How long an ended stream still answers."),
      Self(
        "media.silenceSeconds", \.silenceSeconds, of: part, 1...300,
        "With rtmp.takeover “silent”: an encoder that has sent nothing for as long may be replaced."),
      Self(
        "media.messageBytesMax", \.messageBytesMax, of: part, 65_536...134_217_728,
        "Bytes of one RTMP message; a frame is one."),
      Self(
        "media.messagesPerSecondMax", \.messagesPerSecondMax, of: part, 100...1_000_000,
        "RTMP messages a second one encoder may send, over five seconds."),
      Self("media.frameBytesMax", \.frameBytesMax, of: part, 65_536...67_108_864, "Bytes of one video frame."),
      Self(
        "media.bitrateMax", \.bitrateMax, of: part, 100_000...1_000_000_000,
        "Bits per second one encoder may send, over five seconds."),
      Self("media.broadcastsMax", \.broadcastsMax, of: part, 0...100_000, "Browsers that broadcast at once."),
      Self(
        "media.transcodersMax", \.transcodersMax, of: part, 0...1000,
        "ffmpegs at once that turn browsers' recordings and Opus into what every player takes."),
      Self("media.partMilliseconds", \.partMilliseconds, of: part, 100...1000, "Length of a low-latency HLS part."),
      Self(
        "media.segmentMilliseconds", \.segmentMilliseconds, of: part, 500...10_000,
        "A segment ends at the first keyframe after as long."),
      Self("media.windowSeconds", \.windowSeconds, of: part, 8...3600, "Length of a live media playlist."),
      Self(
        "media.readerLagMilliseconds", \.readerLagMilliseconds, of: part, 500...30_000,
        "A viewer that falls further behind skips to the next keyframe."),
      Self("media.readersMax", \.readersMax, of: part, 1...1_000_000, "Fragment streams open at once per show."),
      Self(
        "media.waitersMax", \.waitersMax, of: part, 1...1_000_000, "Held playlist and part requests at once per show."),
      Self(
        "media.waitersPerAddressMax", \.waitersPerAddressMax, of: part, 1...1_000_000,
        "Held playlist and part requests at once per show from one address."),
      Self("media.dateRangesMax", \.dateRangesMax, of: part, 1...1000, "Moments of the show named in its playlists."),
      Self(
        "media.readyWaitSeconds", \.readyWaitSeconds, of: part, 1...60,
        "How long a request waits for a stream that has no picture yet."),
      Self(
        "media.laddersMax", \.laddersMax, of: part, 0...1000, "Shows of which smaller pictures are made at once."),
      Self(
        "media.ladderLagMilliseconds", \.ladderLagMilliseconds, of: part, 1000...10_000,
        "How far smaller pictures may be behind before what is missing is given up."),
      Self(
        "media.relaysMax", \.relaysMax, of: part, 0...10_000,
        "Servers that shows are pushed on to at once, all together."),
      Self(
        "media.relayQueueBytesMax", \.relayQueueBytesMax, of: part, 65_536...268_435_456,
        "Bytes that may wait for one of them; a slower one loses pictures up to a keyframe."),
      Self(
        "media.relayAnswerSeconds", \.relayAnswerSeconds, of: part, 1...120,
        "How long one of them may take to connect, and then to take the stream."),
      Self(
        "media.relayStallSeconds", \.relayStallSeconds, of: part, 1...300,
        "One of them that takes nothing for as long is connected to anew."),
      Self(
        "media.relayRetrySecondsMax", \.relayRetrySecondsMax, of: part, 1...3600,
        "The longest pause between two attempts."),
    ]
  }()
}

extension Tunable<PosterConfiguration> {
  static let all: [Self] = {
    let part = PosterConfiguration()
    return [
      Self(
        "posters.everySeconds", \.everySeconds, of: part, 0...600, "Between two posters of a live show; 0 makes none."),
      Self("posters.atOnceMax", \.atOnceMax, of: part, 1...64, "Posters made at once."),
      Self("posters.timeoutSeconds", \.timeoutSeconds, of: part, 1...60, "A poster that takes longer is given up."),
      Self("posters.bytesMax", \.bytesMax, of: part, 65_536...16_777_216, "Bytes of one poster."),
      Self(
        "posters.memoryMebibytes", \.memoryMebibytes, of: part, 128...16_384,
        "Address space of the program that makes posters."),
    ]
  }()
}

import Media

extension Tunable<RecordingConfiguration> {
  static let all: [Self] = {
    let part = RecordingConfiguration()
    return [
      Self(
        "recording.queueBytesMax", \.queueBytesMax, of: part, 1_048_576...4_294_967_296,
        "Bytes of one show that may wait for the disk; what does not fit is missing in its recording."),
      Self(
        "recording.freeBytesMin", \.freeBytesMin, of: part, 0...1_099_511_627_776,
        "Recording pauses while less is free on the disk, so that the database has room."),
      Self(
        "recording.syncSeconds", \.syncSeconds, of: part, 1...300,
        "How often a recording is made to survive a power cut; a crash of the program alone loses nothing written."),
      Self(
        "recording.rungs", \.recordsRungs, of: part,
        "Record the smaller pictures of ladder.rungs too: replays have a choice of quality, and take half as much disk again or more."
      ),
      Self(
        "recording.dvrSeconds", \.dvrSeconds, of: part, 60...86_400, "How far back a viewer of a live show can go."),
      Self("recording.downloadsMax", \.downloadsMax, of: part, 1...1000, "Recordings downloaded at once."),
    ]
  }()
}

/// Where recordings lie and the limits of writing and serving them. Durations are in the unit their name ends with.
public struct RecordingConfiguration: Sendable {
  /// Each recording is a directory in it, named by its stream.
  public var directory = "haat-data/media"
  /// Where the files of clips are: beside the recordings, which may be a volume of their own.
  public var clipsDirectory: String {
    guard let end = directory.lastIndex(of: "/") else { return "clips" }
    return directory[..<end] + "/clips"
  }
  /// Bytes that may wait for the disk, per show. What does not fit is lost to the recording, and to nothing else.
  public var queueBytesMax = 64 << 20
  /// Recording pauses while less is free: the database is on the same disk, and orders matter more.
  public var freeBytesMin: Int64 = 512 << 20
  /// How often what was written is made to survive a power cut. A crash of the program alone loses nothing written.
  public var syncSeconds: Int64 = 5
  /// Smaller pictures that are made of a show on air are recorded too, beside its own: replays then have a choice.
  public var recordsRungs = true
  /// How far back a viewer of a live show can go.
  public var dvrSeconds: Int64 = 7_200
  /// Downloads prepared and sent at once. Each holds the sample table of its show: about 30 MB for three hours. Up to
  /// 64 MB of them are kept for whoever downloads the same again.
  public var downloadsMax = 4

  public init() {}
}

// swift-tools-version: 6.2
import PackageDescription

/// What `make fuzz` builds: the parts of Media that read bytes from the network, as libFuzzer wants them. A package of
/// its own, so that nothing else is built with a fuzzer's eyes. `Sources/Media` is a link to the real ones.
let package = Package(
  name: "Fuzz",
  platforms: [.macOS(.v15)],
  dependencies: [.package(url: "https://github.com/apple/swift-nio", from: "2.101.0")],
  targets: [
    .systemLibrary(name: "CZlib", path: "Sources/CZlib"),
    .target(
      name: "Media",
      dependencies: ["CZlib", .product(name: "NIOCore", package: "swift-nio")],
      path: "Sources/Media",
      sources: [
        "AccessUnit.swift", "Browser/BroadcastConversation.swift", "Browser/BroadcastEnd.swift",
        "Browser/BroadcastMessage.swift", "Codecs", "FFmpeg/FLVFileDecoder.swift", "MP4",
        "RTMP/AMF0.swift", "RTMP/AggregateMessage.swift", "RTMP/ChunkDecoder.swift", "RTMP/ChunkWriter.swift",
        "RTMP/EnhancedTag.swift", "RTMP/FLVTag.swift",
        "RTMP/PublishConversation.swift", "HLS/BitrateMeter.swift", "HLS/DateRange.swift", "HLS/MediaPlaylist.swift",
        "HLS/Playlist.swift", "HLS/PartTarget.swift",
        "HLS/Packager.swift", "HLS/SegmentJoin.swift", "HLS/SegmentWriter.swift",
        "HLS/Segmenter.swift", "HLS/Timeline.swift", "Recording/Checksum.swift", "Recording/RecordingEntry.swift",
        "Recording/RecordingIndex.swift",
      ]),
    .executableTarget(
      name: "Fuzz",
      dependencies: ["Media", .product(name: "NIOCore", package: "swift-nio")],
      swiftSettings: [.unsafeFlags(["-parse-as-library"])]),
  ]
)

import NIOCore
import Testing

@testable import Media

@Suite struct SegmentJoinTests {
  /// A camera's fragments, numbered as a stream numbers them.
  private static func fragments(_ count: Int) -> [Fragment] {
    var packager = Packager.running(startMilliseconds: 0)
    var camera = Camera()
    var fragments: [Fragment] = []
    while fragments.count < count {
      for unit in camera.next() {
        fragments += packager.receive(unit, at: .init(show: Int64(unit.timestamp), wall: 0))
      }
    }
    for index in fragments.indices { fragments[index].number = index }
    return fragments
  }

  @Test func `what is whole lies in one buffer, and of every frame in it is told where it lies now`() throws {
    let fragments = Self.fragments(400)
    var segmenter = Segmenter(settings: .init())
    var moved: [Int: ByteBuffer] = [:]
    for fragment in fragments {
      _ = segmenter.append(fragment)
      for (number, bytes) in segmenter.takeJoined() { moved[number] = bytes }
    }
    #expect(segmenter.segments.count >= 3)
    let whole = segmenter.segments.reduce(0) { $0 + ($1.bytes?.readableBytes ?? 0) }
    for (number, bytes) in moved { #expect(bytes == fragments[number].bytes, "frame \(number)") }
    // Of the segment under way too, but for the part under way.
    #expect(moved.values.reduce(0) { $0 + $1.readableBytes } >= whole && moved.count > 370)
    #expect(segmenter.takeJoined().isEmpty)

    for segment in segmenter.segments {
      let bytes = try #require(segment.bytes)
      let parts = segment.parts.flatMap(\.buffers)
      #expect(parts.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) } == bytes)
      let sound = segment.sound.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) }
      #expect(sound.readableBytes > 0 && sound.readableBytes < bytes.readableBytes)
    }
  }

  @Test func `a frame that lies elsewhere now is read from there, and one that is gone holds nothing`() {
    var ring = FragmentRing(lagMilliseconds: 500)
    let fragments = Self.fragments(300)
    for fragment in fragments.prefix(200) { ring.append(fragment) }
    let last = ring.end - 1
    let elsewhere = ByteBuffer(string: "elsewhere")
    ring.replace(last, with: elsewhere)
    #expect(ring[last].bytes == elsewhere && ring[last - 1].bytes == fragments[last - 1].bytes)
    ring.replace(0, with: elsewhere)
    ring.replace(ring.end, with: elsewhere)
    #expect(ring.start > 0 && ring.end == 200)
    for number in ring.start..<last { #expect(ring[number].bytes == fragments[number].bytes) }
    for fragment in fragments.suffix(100) { ring.append(fragment) }
    #expect(ring[ring.end - 1].bytes == fragments[299].bytes)
  }
}

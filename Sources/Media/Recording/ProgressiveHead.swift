internal import NIOCore

/// The head of a recording as one progressive MP4: `ftyp`, a `moov` that says where each sample lies, and the head of an
/// `mdat` that holds the segments just as they were recorded. Their `moof` boxes stay between the samples, where no
/// table points: some 70 kbit/s of dead bytes, and in return nothing is copied, a byte range is a byte range of the
/// recording, and no second file is needed on the disk.
///
/// Pure: samples in, bytes out.
struct ProgressiveHead {
  fileprivate struct Track {
    var description: MediaTrack
    /// Distinct sample entries; every encoding of the show has its own.
    var entries: [ByteBuffer]
    var entry = 0
    var sizes: [UInt32] = []
    /// From the beginning of the media data.
    var offsets: [Int64] = []
    /// The first, in the track's timescale, where 0 is the recording's beginning.
    var first: Int64 = 0
    var last: Int64 = 0
    var lastDuration: Int64 = 0
    var steps: [(count: UInt32, step: UInt32)] = []
    var shifts: [(count: UInt32, shift: Int32)] = []
    var syncs: [UInt32] = []
    var runs: [(firstChunk: UInt32, entry: UInt32)] = []
  }

  fileprivate var tracks: [Track] = []
  /// Ticks.
  let duration: Int64
  let mediaBytes: Int64

  init(duration: Int64, mediaBytes: Int64) {
    self.duration = duration
    self.mediaBytes = mediaBytes
  }

  /// Another file of the recording begins, with these tracks.
  mutating func begin(_ described: [MediaTrack]) {
    for track in described {
      guard let index = index(of: track) else {
        tracks.append(Track(description: track, entries: [track.sampleEntry]))
        continue
      }
      let known = tracks[index].entries.firstIndex(of: track.sampleEntry)
      if known == nil { tracks[index].entries.append(track.sampleEntry) }
      tracks[index].entry = known ?? tracks[index].entries.count - 1
    }
  }

  /// - Parameters:
  ///   - offset: of the segment, from the beginning of the media data.
  ///   - described: the tracks of its file.
  ///   - stretchStart: media time of the first segment since the last break, in ticks.
  ///   - stretchPosition: where that one plays, in ticks.
  mutating func add(
    _ samples: [MediaSample], at offset: Int64, _ described: [MediaTrack], stretchStart: Int64, stretchPosition: Int64
  ) {
    for sample in samples {
      guard let own = described.first(where: { $0.id == sample.track }), let index = index(of: own) else { continue }
      let scale = Int64(tracks[index].description.timescale)
      func scaled(_ value: Int64, from timescale: Int64) -> Int64 {
        timescale == scale ? value : Int64((Double(value) * Double(scale) / Double(timescale)).rounded())
      }
      let shift = scaled(stretchPosition - stretchStart, from: Initialization.ticksPerSecond)
      tracks[index].add(
        time: scaled(sample.decodeTime, from: Int64(own.timescale)) + shift,
        duration: scaled(sample.duration, from: Int64(own.timescale)),
        composition: Int32(clamping: scaled(Int64(sample.compositionOffset), from: Int64(own.timescale))),
        isSync: sample.isSync, offset: offset + Int64(sample.offset), size: UInt32(clamping: sample.size))
    }
  }

  private func index(of track: MediaTrack) -> Int? {
    tracks.firstIndex { $0.description.handler == track.handler }
  }

  /// The head; what follows it is the media data.
  func bytes() -> ByteBuffer {
    var head = ByteBuffer()
    head.writeBox("ftyp") { ftyp in
      ftyp.writeStaticString("isom")
      ftyp.writeInteger(UInt32(0x200))
      ftyp.writeStaticString("isomiso6mp41")
    }
    var movie = movie(mediaStart: 0)
    let mediaStart = Int64(head.readableBytes + movie.readableBytes + 16)
    // The offsets have a fixed width, so that the head is as long whatever they are.
    movie = self.movie(mediaStart: mediaStart)
    head.writeBuffer(&movie)
    head.writeInteger(UInt32(1))
    head.writeStaticString("mdat")
    head.writeInteger(mediaBytes + 16)
    return head
  }

  private func movie(mediaStart: Int64) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeBox("moov") { moov in
      moov.writeFullBox("mvhd", version: 1) { mvhd in
        mvhd.writeZeros(16)
        mvhd.writeInteger(UInt32(Initialization.ticksPerSecond))
        mvhd.writeInteger(duration)
        mvhd.writeInteger(UInt32(0x1_0000))
        mvhd.writeInteger(UInt16(0x100))
        mvhd.writeZeros(10)
        mvhd.writeUnityMatrix()
        mvhd.writeZeros(24)
        mvhd.writeInteger(UInt32(tracks.count + 1))
      }
      for (number, track) in tracks.enumerated() where !track.sizes.isEmpty {
        track.write(id: UInt32(number + 1), duration: duration, mediaStart: mediaStart, to: &moov)
      }
    }
    return buffer
  }
}

extension ProgressiveHead.Track {
  fileprivate mutating func add(
    time: Int64, duration: Int64, composition: Int32, isSync: Bool, offset: Int64, size: UInt32
  ) {
    if sizes.isEmpty {
      first = time
      last = time
    } else {
      // Sound may end a little after the picture where two stretches meet: then the next begins right after it.
      let next = max(time, last + 1)
      note(step: UInt32(clamping: next - last))
      last = next
    }
    lastDuration = duration
    sizes.append(size)
    offsets.append(offset)
    if isSync { syncs.append(UInt32(sizes.count)) }
    if shifts.last?.shift == composition {
      shifts[shifts.count - 1].count += 1
    } else {
      shifts.append((1, composition))
    }
    if runs.last?.entry != UInt32(entry + 1) { runs.append((UInt32(sizes.count), UInt32(entry + 1))) }
  }

  private mutating func note(step: UInt32) {
    if steps.last?.step == step { steps[steps.count - 1].count += 1 } else { steps.append((1, step)) }
  }

  fileprivate func write(id: UInt32, duration: Int64, mediaStart: Int64, to moov: inout ByteBuffer) {
    let isVideo = description.handler == "vide"
    moov.writeBox("trak") { trak in
      trak.writeFullBox("tkhd", version: 1, flags: 3) { tkhd in
        tkhd.writeZeros(16)
        tkhd.writeInteger(id)
        tkhd.writeZeros(4)
        tkhd.writeInteger(duration)
        tkhd.writeZeros(12)
        tkhd.writeInteger(UInt16(isVideo ? 0 : 0x100))
        tkhd.writeZeros(2)
        tkhd.writeUnityMatrix()
        tkhd.writeInteger(UInt32(truncatingIfNeeded: description.width) << 16)
        tkhd.writeInteger(UInt32(truncatingIfNeeded: description.height) << 16)
      }
      trak.writeBox("edts") { writeEdits(duration: duration, to: &$0) }
      trak.writeBox("mdia") { mdia in
        mdia.writeFullBox("mdhd", version: 1) { mdhd in
          mdhd.writeZeros(16)
          mdhd.writeInteger(description.timescale)
          mdhd.writeInteger(last - first + lastDuration)
          mdhd.writeInteger(UInt16(0x55c4))
          mdhd.writeZeros(2)
        }
        mdia.writeFullBox("hdlr") { hdlr in
          hdlr.writeZeros(4)
          hdlr.writeString(description.handler)
          hdlr.writeZeros(12)
          hdlr.writeString(isVideo ? "Video\0" : "Sound\0")
        }
        mdia.writeBox("minf") { minf in
          if isVideo {
            minf.writeFullBox("vmhd", flags: 1) { $0.writeZeros(8) }
          } else {
            minf.writeFullBox("smhd") { $0.writeZeros(4) }
          }
          minf.writeBox("dinf") { dinf in
            dinf.writeFullBox("dref") { dref in
              dref.writeInteger(UInt32(1))
              dref.writeFullBox("url ", flags: 1) { _ in }
            }
          }
          minf.writeBox("stbl") { writeTable(isVideo: isVideo, mediaStart: mediaStart, to: &$0) }
        }
      }
    }
  }

  /// The track's first frame is shown where it was on air, however much its decoding begins before that.
  private func writeEdits(duration: Int64, to edts: inout ByteBuffer) {
    let lead = max(0, first) * Initialization.ticksPerSecond / Int64(description.timescale)
    edts.writeFullBox("elst", version: 1) { elst in
      elst.writeInteger(UInt32(lead > 0 ? 2 : 1))
      if lead > 0 {
        elst.writeInteger(lead)
        elst.writeInteger(Int64(-1))
        elst.writeInteger(UInt32(0x1_0000))
      }
      elst.writeInteger(max(0, duration - lead))
      elst.writeInteger(max(0, -first))
      elst.writeInteger(UInt32(0x1_0000))
    }
  }

  private func writeTable(isVideo: Bool, mediaStart: Int64, to table: inout ByteBuffer) {
    table.writeFullBox("stsd") { stsd in
      stsd.writeInteger(UInt32(entries.count))
      for entry in entries { stsd.writeImmutableBuffer(entry) }
    }
    table.writeFullBox("stts") { stts in
      let all = steps + [(1, UInt32(clamping: lastDuration))]
      stts.writeInteger(UInt32(all.count))
      for (count, step) in all {
        stts.writeInteger(count)
        stts.writeInteger(step)
      }
    }
    if shifts.contains(where: { $0.shift != 0 }) {
      // Version 1: offsets are signed.
      table.writeFullBox("ctts", version: 1) { ctts in
        ctts.writeInteger(UInt32(shifts.count))
        for (count, shift) in shifts {
          ctts.writeInteger(count)
          ctts.writeInteger(shift)
        }
      }
    }
    if syncs.count < sizes.count {
      table.writeFullBox("stss") { stss in
        stss.writeInteger(UInt32(syncs.count))
        for sync in syncs { stss.writeInteger(sync) }
      }
    }
    table.writeFullBox("stsz") { stsz in
      stsz.writeInteger(UInt32(0))
      stsz.writeInteger(UInt32(sizes.count))
      for size in sizes { stsz.writeInteger(size) }
    }
    // A chunk for each sample: between any two of them lies a fragment's head.
    table.writeFullBox("stsc") { stsc in
      stsc.writeInteger(UInt32(runs.count))
      for (firstChunk, entry) in runs {
        stsc.writeInteger(firstChunk)
        stsc.writeInteger(UInt32(1))
        stsc.writeInteger(entry)
      }
    }
    table.writeFullBox("co64") { co64 in
      co64.writeInteger(UInt32(offsets.count))
      for offset in offsets { co64.writeInteger(offset + mediaStart) }
    }
  }
}

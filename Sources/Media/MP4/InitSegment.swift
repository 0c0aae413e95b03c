internal import NIOCore

/// What a decoder must know before the first fragment, and the bytes that tell it: `ftyp` and `moov`. Another one
/// begins after every change of encoding and every break in time.
final class Initialization: Sendable {
  static let videoTrack: UInt32 = 1
  static let audioTrack: UInt32 = 2
  /// Ticks of the video track, and of all time within the packager: a whole number of every common frame length.
  static let ticksPerSecond: Int64 = 90_000

  /// Counts from 1 within a stream.
  let number: Int
  let video: VideoConfiguration?
  let audio: AudioConfiguration?
  let bytes: ByteBuffer
  /// The same for the sound alone; nil without sound.
  let soundBytes: ByteBuffer?

  init(number: Int, video: VideoConfiguration?, audio: AudioConfiguration?) {
    self.number = number
    self.video = video
    self.audio = audio
    bytes = Self.segment(video: video, audio: audio)
    soundBytes = audio.map { Self.segment(video: nil, audio: $0) }
  }

  /// RFC 6381, video first.
  var codecs: String { [video?.codecString, audio?.codecString].compactMap(\.self).joined(separator: ",") }

  private static func segment(video: VideoConfiguration?, audio: AudioConfiguration?) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.reserveCapacity(2048)
    buffer.writeBox("ftyp") { ftyp in
      ftyp.writeStaticString("iso6")
      ftyp.writeInteger(UInt32(0))
      ftyp.writeStaticString("iso6mp41")
    }
    buffer.writeBox("moov") { moov in
      moov.writeFullBox("mvhd") { mvhd in
        mvhd.writeZeros(8)
        mvhd.writeInteger(UInt32(1000))
        mvhd.writeInteger(UInt32(0))  // duration: unknown, it is in the fragments
        mvhd.writeInteger(UInt32(0x1_0000))  // rate 1
        mvhd.writeInteger(UInt16(0x100))  // volume 1
        mvhd.writeZeros(10)
        mvhd.writeUnityMatrix()
        mvhd.writeZeros(24)
        mvhd.writeInteger(UInt32(audioTrack + 1))
      }
      if let video { moov.writeVideoTrack(video) }
      if let audio { moov.writeAudioTrack(audio) }
      moov.writeBox("mvex") { mvex in
        if video != nil { mvex.writeTrackExtends(videoTrack, defaultFlags: SampleFlags.dependent) }
        if audio != nil { mvex.writeTrackExtends(audioTrack, defaultFlags: SampleFlags.independent) }
      }
    }
    return buffer
  }
}

/// Sample flags of ISO/IEC 14496-12 §8.8.3.1.
enum SampleFlags {
  /// Depends on no other sample.
  static let independent: UInt32 = 0x0200_0000
  /// Depends on others, and is no sync sample.
  static let dependent: UInt32 = 0x0101_0000
}

extension ByteBuffer {
  fileprivate mutating func writeVideoTrack(_ video: VideoConfiguration) {
    let size = video.size
    writeTrack(
      Initialization.videoTrack, timescale: UInt32(Initialization.ticksPerSecond), handler: "vide",
      name: "Video", volume: 0, width: size.width, height: size.height
    ) { minf in
      minf.writeFullBox("vmhd", flags: 1) { $0.writeZeros(8) }
    } description: { stsd in
      switch video {
      case .avc(let avc):
        stsd.writeVisualSampleEntry("avc1", size) { $0.writeBox("avcC") { $0.writeBytes(avc.record) } }
      case .hevc(let hevc):
        stsd.writeVisualSampleEntry("hvc1", size) { $0.writeBox("hvcC") { $0.writeBytes(hevc.record) } }
      case .av1(let av1):
        stsd.writeVisualSampleEntry("av01", size) { $0.writeBox("av1C") { $0.writeBytes(av1.record) } }
      }
    }
  }

  /// ISO/IEC 14496-12 §12.1.3, with what the codec adds.
  private mutating func writeVisualSampleEntry(
    _ type: StaticString, _ size: (width: Int, height: Int), _ codec: (inout ByteBuffer) -> Void
  ) {
    writeBox(type) { entry in
      entry.writeZeros(6)
      entry.writeInteger(UInt16(1))  // data reference
      entry.writeZeros(16)
      entry.writeInteger(UInt16(truncatingIfNeeded: size.width))
      entry.writeInteger(UInt16(truncatingIfNeeded: size.height))
      entry.writeInteger(UInt32(0x48_0000))  // 72 dpi
      entry.writeInteger(UInt32(0x48_0000))
      entry.writeInteger(UInt32(0))
      entry.writeInteger(UInt16(1))  // one frame a sample
      entry.writeZeros(32)  // compressor name
      entry.writeInteger(UInt16(0x18))  // colour without alpha
      entry.writeInteger(Int16(-1))
      codec(&entry)
    }
  }

  fileprivate mutating func writeAudioTrack(_ audio: AudioConfiguration) {
    writeTrack(
      Initialization.audioTrack, timescale: UInt32(truncatingIfNeeded: audio.sampleRate), handler: "soun",
      name: "Sound", volume: 0x100, width: 0, height: 0
    ) { minf in
      minf.writeFullBox("smhd") { $0.writeZeros(4) }
    } description: { stsd in
      switch audio {
      case .aac(let aac):
        stsd.writeBox("mp4a") { mp4a in
          mp4a.writeAudioSampleEntry(channels: aac.channels, sampleRate: aac.sampleRate)
          mp4a.writeFullBox("esds") { $0.writeElementaryStreamDescriptor(aac.record) }
        }
      case .opus(let opus):
        stsd.writeBox("Opus") { entry in
          entry.writeAudioSampleEntry(channels: opus.channels, sampleRate: OpusConfiguration.sampleRate)
          // Encapsulation of Opus in ISO Base Media File Format §4.3.2.
          entry.writeBox("dOps") { dOps in
            dOps.writeInteger(UInt8(0))
            dOps.writeInteger(UInt8(truncatingIfNeeded: opus.channels))
            dOps.writeInteger(opus.preSkip)
            dOps.writeInteger(opus.inputSampleRate)
            dOps.writeInteger(opus.outputGain)
            dOps.writeInteger(UInt8(0))  // mapping family: mono or stereo
          }
        }
      }
    }
  }

  private mutating func writeAudioSampleEntry(channels: Int, sampleRate: Int) {
    writeZeros(6)
    writeInteger(UInt16(1))  // data reference
    writeZeros(8)
    writeInteger(UInt16(truncatingIfNeeded: channels))
    writeInteger(UInt16(16))
    writeZeros(4)
    // 16.16; a rate beyond 65,535 does not fit and is left to the configuration.
    writeInteger(sampleRate <= 0xffff ? UInt32(truncatingIfNeeded: sampleRate) << 16 : 0)
  }

  private mutating func writeTrack(
    _ id: UInt32, timescale: UInt32, handler: StaticString, name: StaticString, volume: UInt16, width: Int,
    height: Int, header: (inout ByteBuffer) -> Void, description: (inout ByteBuffer) -> Void
  ) {
    writeBox("trak") { trak in
      trak.writeFullBox("tkhd", flags: 7) { tkhd in
        tkhd.writeZeros(8)
        tkhd.writeInteger(id)
        tkhd.writeZeros(20)
        tkhd.writeInteger(volume)
        tkhd.writeZeros(2)
        tkhd.writeUnityMatrix()
        tkhd.writeInteger(UInt32(truncatingIfNeeded: width) << 16)
        tkhd.writeInteger(UInt32(truncatingIfNeeded: height) << 16)
      }
      trak.writeBox("mdia") { mdia in
        mdia.writeFullBox("mdhd") { mdhd in
          mdhd.writeZeros(8)
          mdhd.writeInteger(timescale)
          mdhd.writeInteger(UInt32(0))
          mdhd.writeInteger(UInt16(0x55c4))  // "und"
          mdhd.writeZeros(2)
        }
        mdia.writeFullBox("hdlr") { hdlr in
          hdlr.writeZeros(4)
          hdlr.writeStaticString(handler)
          hdlr.writeZeros(12)
          hdlr.writeStaticString(name)
          hdlr.writeZeros(1)
        }
        mdia.writeBox("minf") { minf in
          header(&minf)
          minf.writeBox("dinf") { dinf in
            dinf.writeFullBox("dref") { dref in
              dref.writeInteger(UInt32(1))
              dref.writeFullBox("url ", flags: 1) { _ in }  // the media is in this file
            }
          }
          minf.writeBox("stbl") { stbl in
            stbl.writeFullBox("stsd") { stsd in
              stsd.writeInteger(UInt32(1))
              description(&stsd)
            }
            stbl.writeFullBox("stts") { $0.writeZeros(4) }
            stbl.writeFullBox("stsc") { $0.writeZeros(4) }
            stbl.writeFullBox("stsz") { $0.writeZeros(8) }
            stbl.writeFullBox("stco") { $0.writeZeros(4) }
          }
        }
      }
    }
  }

  fileprivate mutating func writeTrackExtends(_ track: UInt32, defaultFlags: UInt32) {
    writeFullBox("trex") { trex in
      trex.writeInteger(track)
      trex.writeInteger(UInt32(1))
      trex.writeZeros(8)
      trex.writeInteger(defaultFlags)
    }
  }

  /// ES_Descriptor of ISO/IEC 14496-1 §7.2.6.5 for AAC.
  private mutating func writeElementaryStreamDescriptor(_ configuration: [UInt8]) {
    writeDescriptor(3) { stream in
      stream.writeInteger(UInt16(0))
      stream.writeInteger(UInt8(0))
      stream.writeDescriptor(4) { decoder in
        decoder.writeInteger(UInt8(0x40))  // MPEG-4 audio
        decoder.writeInteger(UInt8(0x15))  // an audio stream
        decoder.writeZeros(3)
        decoder.writeZeros(8)  // bit rates: unknown
        decoder.writeDescriptor(5) { $0.writeBytes(configuration) }
      }
      stream.writeDescriptor(6) { $0.writeInteger(UInt8(2)) }
    }
  }

  /// A descriptor with its length in four bytes, which every reader takes and which needs no second pass.
  private mutating func writeDescriptor(_ tag: UInt8, _ content: (inout ByteBuffer) -> Void) {
    writeInteger(tag)
    let start = writerIndex
    writeZeros(4)
    content(&self)
    let length = writerIndex - start - 4
    for index in 0..<4 {
      let bits = UInt8(truncatingIfNeeded: length >> (7 * (3 - index))) & 0x7f
      setInteger(index < 3 ? bits | 0x80 : bits, at: start + index)
    }
  }
}

import { BoxReader, boxesIn, child } from "./boxes.js";
import { CEA608 } from "./cea608.js";

/** What jumps by so much was not between: what was on screen is over. */
const jumpSeconds = 2;
/** Letters that come one after the other are one cue for so long. */
const typedSeconds = 0.3;
/** Of what lies behind, so much is kept. */
const keptSeconds = 60;
/** No caption stays longer by itself. */
const longestSeconds = 16;

/** Reads captions out of fragments and makes cues of them. Whatever the bytes are, it throws nothing. */
export class CaptionReader {
  #video;
  #track;
  #tracks = new Map();
  #decoder = null;
  #waiting = [];
  #cue = null;
  #time = -Infinity;

  constructor(video, track) {
    this.#video = video;
    this.#track = track;
    this.#restart();
  }

  begin(init) {
    this.#tracks = new Map();
    guarded(() => {
      for (const moov of boxesIn(init)) {
        if (moov.type !== "moov") continue;
        for (const trak of boxesIn(moov.bytes, 8)) if (trak.type === "trak") this.#meet(trak);
      }
    });
  }

  #meet(trak) {
    const media = child(trak, "mdia");
    const entries = child(child(child(media, "minf"), "stbl"), "stsd");
    if (!entries) return;
    for (const entry of boxesIn(entries.bytes, 16)) {
      // A visual sample entry has 78 bytes before its first child.
      const avc = /^avc[13]$/.test(entry.type) && child(entry, "avcC", 78);
      const hevc = /^h(vc|ev)1$/.test(entry.type) && child(entry, "hvcC", 78);
      if (!avc && !hevc) continue;
      const lengthBytes = ((avc ? avc.bytes[12] : hevc.bytes[29]) & 3) + 1;
      const [head, times] = [new BoxReader(child(trak, "tkhd")), new BoxReader(child(media, "mdhd"))];
      for (const reader of [head, times]) reader.skip(reader.version() === 1 ? 16 : 8);
      this.#tracks.set(head.word(), { lengthBytes, isHEVC: Boolean(hevc), timescale: times.word() });
    }
  }

  read(bytes, offset) {
    guarded(() => {
      for (const box of positions(bytes)) {
        if (box.type !== "moof") continue;
        for (const traf of boxesIn(bytes.subarray(box.start, box.end), 8)) {
          if (traf.type === "traf") this.#readTrack(traf, bytes, box.start, offset);
        }
      }
    });
    this.#prune();
  }

  #readTrack(traf, bytes, start, offset) {
    const head = new BoxReader(child(traf, "tfhd"));
    const headFlags = head.word() & 0xffffff;
    const track = this.#tracks.get(head.word());
    if (!track) return;
    if (headFlags & 0x1) head.skip(8);
    if (headFlags & 0x2) head.skip(4);
    const usual = { duration: headFlags & 0x8 ? head.word() : 0, size: headFlags & 0x10 ? head.word() : 0 };
    const decode = new BoxReader(child(traf, "tfdt"));
    let ticks = decode.version() === 1 ? decode.long() : decode.word();
    for (const run of boxesIn(traf.bytes, 8)) {
      if (run.type !== "trun") continue;
      const reader = new BoxReader(run);
      const flags = reader.word() & 0xffffff;
      const count = reader.word();
      let at = start + (flags & 0x1 ? reader.word() : 0);
      if (flags & 0x4) reader.skip(4);
      for (let sample = 0; sample < count; sample += 1) {
        const duration = flags & 0x100 ? reader.word() : usual.duration;
        const size = flags & 0x200 ? reader.word() : usual.size;
        if (flags & 0x400) reader.skip(4);
        const shift = flags & 0x800 ? reader.word() | 0 : 0;
        const pairs = captionsIn(bytes.subarray(at, at + size), track);
        // A picture is shown no earlier than it is decoded: what is before this one is complete.
        this.#show(ticks / track.timescale + offset, (ticks + shift) / track.timescale + offset, pairs);
        [ticks, at] = [ticks + duration, at + size];
      }
    }
  }

  #show(decodeTime, time, pairs) {
    if (Math.abs(decodeTime - this.#time) > jumpSeconds) this.#restart();
    this.#time = decodeTime;
    if (pairs.length > 0) {
      this.#waiting.push({ time, pairs });
      this.#waiting.sort((one, other) => one.time - other.time);
    }
    while (this.#waiting.length > 0 && this.#waiting[0].time <= decodeTime) this.#decode(this.#waiting.shift());
  }

  #decode({ time, pairs }) {
    this.#decoder.onscreen = (text, isTyped) => this.#change(time, text, isTyped);
    for (const [first, second] of pairs) this.#decoder.take(first, second);
  }

  #change(time, text, isTyped) {
    const cue = this.#cue;
    if (cue && isTyped && text && time - cue.startTime < typedSeconds) {
      cue.text = plain(text);
      return;
    }
    if (cue && time > cue.startTime) cue.endTime = Math.min(time, cue.endTime);
    this.#cue = null;
    if (!text) return;
    for (const known of Array.from(this.#track.cues ?? [])) {
      if (Math.abs(known.startTime - time) < 0.005) this.#track.removeCue(known);
    }
    this.#cue = placed(new VTTCue(time, time + longestSeconds, plain(text)));
    this.#track.addCue(this.#cue);
  }

  #restart() {
    if (this.#cue) this.#cue.endTime = Math.max(this.#cue.startTime, Math.min(this.#cue.endTime, this.#time));
    this.#decoder = new CEA608();
    this.#waiting = [];
    this.#cue = null;
  }

  #prune() {
    const { cues } = this.#track;
    while (cues?.length > 0 && cues[0].endTime < this.#video.currentTime - keptSeconds) this.#track.removeCue(cues[0]);
  }
}

/** In the upper part: below are the chat and the product. */
function placed(cue) {
  [cue.snapToLines, cue.line, cue.align] = [false, 16, "center"];
  return cue;
}

/** As WebVTT's cue text has it, with nothing in it that is markup. */
const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The top-level boxes, by where they are. */
function* positions(bytes) {
  let start = 0;
  for (const { type, bytes: box } of boxesIn(bytes)) {
    yield { type, start, end: start + box.length };
    start += box.length;
  }
}

/** Field 1's pairs in a sample's SEI (ITU-T H.264 annex D, H.265 annex D; ATSC A/53 part 4 §6.2). */
function captionsIn(sample, { lengthBytes, isHEVC }) {
  const pairs = [];
  for (let at = 0; at + lengthBytes < sample.length; ) {
    let size = 0;
    for (let byte = 0; byte < lengthBytes; byte += 1) size = size * 256 + sample[at + byte];
    const unit = sample.subarray(at + lengthBytes, at + lengthBytes + size);
    const isMessage = isHEVC ? [39, 40].includes((unit[0] >> 1) & 0x3f) : (unit[0] & 0x1f) === 6;
    if (isMessage) readMessages(unescaped(unit.subarray(isHEVC ? 2 : 1)), pairs);
    at += lengthBytes + size;
  }
  return pairs;
}

function readMessages(bytes, pairs) {
  const number = (from) => {
    let [value, at] = [0, from];
    while (bytes[at] === 0xff) [value, at] = [value + 255, at + 1];
    return [value + (bytes[at] ?? 0), at + 1];
  };
  for (let at = 0; at + 2 < bytes.length; ) {
    const [type, afterType] = number(at);
    const [size, start] = number(afterType);
    if (type === 4) readCaptions(bytes.subarray(start, start + size), pairs);
    at = start + size;
  }
}

/** United States, ATSC, `GA94`, captions. */
const registered = [0xb5, 0x00, 0x31, 0x47, 0x41, 0x39, 0x34, 0x03];

function readCaptions(bytes, pairs) {
  if (!registered.every((byte, at) => bytes[at] === byte) || !(bytes[8] & 0x40)) return;
  const count = bytes[8] & 0x1f;
  for (let at = 10; at < 10 + 3 * count && at + 2 < bytes.length; at += 3) {
    // Valid, and of field 1.
    if ((bytes[at] & 0x07) === 0x04) pairs.push([bytes[at + 1], bytes[at + 2]]);
  }
}

/** Without the bytes that keep a start code from appearing (H.264 §7.4.1). */
function unescaped(bytes) {
  const plainBytes = [];
  let zeros = 0;
  for (const byte of bytes) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    plainBytes.push(byte);
  }
  return Uint8Array.from(plainBytes);
}

/** What is no fragment of the kind we know has no captions that we could show. */
function guarded(work) {
  try {
    work();
  } catch {
    // Captions are not worth a picture.
  }
}

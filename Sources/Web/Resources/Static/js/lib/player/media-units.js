import { BoxReader, BoxSplitter, MalformedMedia, boxesIn, child, join } from "./boxes.js";
import { codecString } from "./codecs.js";

/**
 * Turns bytes of a fragmented MP4, in pieces of any size, into what can be appended at once:
 *
 * - `{ kind: "init", bytes, kinds, mimeType }`: `kinds` is what its tracks are, like `audio,video`
 * - `{ kind: "fragment", bytes, time, clock }`: one `moof` and its `mdat`. `time` is the earliest decode time in
 *   seconds; `clock`, where a `prft` came along, is `{ mediaTime, wallClock }` in milliseconds.
 */
export class MediaUnits {
  #splitter = new BoxSplitter();
  #tracks = null;
  #fileType = null;
  #fragment = null;
  #clock = null;

  push(piece) {
    const units = [];
    for (const box of this.#splitter.push(piece)) {
      const unit = this.#take(box);
      if (unit) units.push(unit);
    }
    return units;
  }

  #take(box) {
    switch (box.type) {
      case "ftyp":
        this.#fileType = box;
        return null;
      case "moov":
        return this.#initialization(box);
      case "prft":
        this.#clock = this.#tracks && producerTime(box, this.#tracks);
        return null;
      case "moof":
        if (!this.#tracks) throw new MalformedMedia("a fragment before the initialization segment");
        this.#fragment = { box, time: decodeTime(box, this.#tracks) };
        return null;
      case "mdat": {
        const fragment = this.#fragment;
        if (!fragment) throw new MalformedMedia("media data without its fragment");
        const clock = this.#clock;
        this.#fragment = null;
        this.#clock = null;
        return { kind: "fragment", bytes: join([fragment.box.bytes, box.bytes]), time: fragment.time, clock };
      }
      default:
        // styp, sidx, emsg, free: of no use here.
        return null;
    }
  }

  #initialization(box) {
    this.#tracks = tracksOf(box);
    const tracks = [...this.#tracks.values()];
    const kinds = tracks.map((track) => track.kind).sort().join();
    const family = kinds.includes("video") ? "video" : "audio";
    const pieces = this.#fileType ? [this.#fileType.bytes, box.bytes] : [box.bytes];
    const mimeType = `${family}/mp4; codecs="${tracks.map((track) => track.codec).join()}"`;
    return { kind: "init", bytes: join(pieces), kinds, mimeType };
  }
}

/** The tracks a `moov` promises, by id. */
function tracksOf(moov) {
  const tracks = new Map();
  for (const trak of boxesIn(moov.bytes, 8)) {
    if (trak.type !== "trak") continue;
    const media = child(trak, "mdia");
    const handler = child(media, "hdlr");
    const descriptions = child(child(child(media, "minf"), "stbl"), "stsd");
    if (!handler || !descriptions) throw new MalformedMedia("a track without a handler or a sample description");
    const kind = { vide: "video", soun: "audio" }[handlerType(handler)];
    const codec = codecString(descriptions);
    if (!kind || !codec) throw new MalformedMedia("a track of an unknown kind");
    tracks.set(trackID(child(trak, "tkhd")), { kind, codec, timescale: timescale(child(media, "mdhd")) });
  }
  if (tracks.size === 0) throw new MalformedMedia("an initialization segment without tracks");
  return tracks;
}

function handlerType(box) {
  const reader = new BoxReader(box);
  reader.skip(8);
  return String.fromCharCode(reader.byte(), reader.byte(), reader.byte(), reader.byte());
}

function trackID(box) {
  if (!box) throw new MalformedMedia("a track without a header");
  const reader = new BoxReader(box);
  reader.skip(reader.version() === 1 ? 16 : 8);
  return reader.word();
}

function timescale(box) {
  if (!box) throw new MalformedMedia("a track without a media header");
  const reader = new BoxReader(box);
  reader.skip(reader.version() === 1 ? 16 : 8);
  const ticks = reader.word();
  if (ticks === 0) throw new MalformedMedia("a track without a timescale");
  return ticks;
}

/** The earliest decode time in a `moof`, in seconds. */
function decodeTime(moof, tracks) {
  let earliest = Infinity;
  for (const traf of boxesIn(moof.bytes, 8)) {
    if (traf.type !== "traf") continue;
    const [header, decode] = [child(traf, "tfhd"), child(traf, "tfdt")];
    if (!header || !decode) throw new MalformedMedia("a fragment without a decode time");
    const head = new BoxReader(header);
    head.version();
    const track = tracks.get(head.word());
    if (!track) throw new MalformedMedia("a fragment of no known track");
    const reader = new BoxReader(decode);
    const ticks = reader.version() === 1 ? reader.long() : reader.word();
    earliest = Math.min(earliest, ticks / track.timescale);
  }
  if (earliest === Infinity) throw new MalformedMedia("a fragment without tracks");
  return earliest;
}

const secondsFrom1900To1970 = 2_208_988_800;

/** `prft`, ISO/IEC 14496-12 §8.16.5: which wall-clock time belongs to which media time. */
function producerTime(box, tracks) {
  const reader = new BoxReader(box);
  const version = reader.version();
  const track = tracks.get(reader.word());
  const [seconds, fraction] = [reader.word(), reader.word()];
  const ticks = version === 0 ? reader.word() : reader.long();
  if (!track) return null;
  return {
    mediaTime: (ticks / track.timescale) * 1000,
    wallClock: (seconds - secondsFrom1900To1970 + fraction / 2 ** 32) * 1000,
  };
}

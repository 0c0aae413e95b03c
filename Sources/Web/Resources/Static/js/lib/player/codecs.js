import { BoxReader, boxesIn, child } from "./boxes.js";

const visualEntryBytes = 78;
const audioEntryBytes = 28;
const hex = (value) => value.toString(16).padStart(2, "0");
const two = (value) => String(value).padStart(2, "0");

/**
 * The codec string (RFC 6381) of the first sample entry in an `stsd` box, made from the configuration record itself: an
 * encoder's own words about it are often wrong. Null for a codec nobody here knows.
 */
export function codecString(stsd) {
  const [entry] = boxesIn(stsd.bytes, 16);
  if (!entry) return null;
  const inside = (type, skip) => child(entry, type, skip);
  switch (entry.type) {
    case "avc1":
    case "avc3":
      return avc(entry.type, inside("avcC", visualEntryBytes));
    case "hvc1":
    case "hev1":
      return hevc(entry.type, inside("hvcC", visualEntryBytes));
    case "av01":
      return av1(inside("av1C", visualEntryBytes));
    case "mp4a":
      return mpeg4Audio(inside("esds", audioEntryBytes));
    case "Opus":
      return "opus";
    default:
      return null;
  }
}

/** ISO/IEC 14496-15 §5.3.3.1: profile, compatibility, level. */
function avc(type, box) {
  if (!box) return null;
  const reader = new BoxReader(box);
  reader.skip(1);
  return `${type}.${hex(reader.byte())}${hex(reader.byte())}${hex(reader.byte())}`;
}

/** ISO/IEC 14496-15 annex E: profile, compatibility flags in reverse bit order, tier and level, constraints. */
function hevc(type, box) {
  if (!box) return null;
  const reader = new BoxReader(box);
  reader.skip(1);
  const profile = reader.byte();
  let compatibility = 0;
  const flags = reader.word();
  for (let bit = 0; bit < 32; bit += 1) if (flags & (1 << bit)) compatibility |= 1 << (31 - bit);
  const constraints = Array.from({ length: 6 }, () => reader.byte());
  const level = reader.byte();
  while (constraints.at(-1) === 0) constraints.pop();
  const space = ["", "A", "B", "C"][profile >> 6];
  const tier = profile & 0x20 ? "H" : "L";
  return [type, `${space}${profile & 0x1f}`, (compatibility >>> 0).toString(16), `${tier}${level}`,
    ...constraints.map((value) => value.toString(16))].join(".");
}

/** AV1 in ISOBMFF §5: profile, level, tier, bit depth. */
function av1(box) {
  if (!box) return null;
  const reader = new BoxReader(box);
  reader.skip(1);
  const levels = reader.byte();
  const format = reader.byte();
  const depth = format & 0x40 ? (format & 0x20 ? 12 : 10) : 8;
  return `av01.${levels >> 5}.${two(levels & 0x1f)}${format & 0x80 ? "H" : "M"}.${two(depth)}`;
}

/** ISO/IEC 14496-1 §7.2.6: the object type of the decoder configuration, and for MPEG-4 audio that of its codec. */
function mpeg4Audio(box) {
  if (!box) return null;
  const reader = new BoxReader(box);
  reader.version();
  let object = null;
  while (!reader.isAtEnd) {
    const tag = reader.byte();
    const length = descriptorLength(reader);
    if (tag === 0x03) {
      reader.skip(2);
      const flags = reader.byte();
      if (flags & 0x80) reader.skip(2);
      if (flags & 0x40) reader.skip(reader.byte());
      if (flags & 0x20) reader.skip(2);
    } else if (tag === 0x04) {
      object = reader.byte();
      reader.skip(12);
    } else if (tag === 0x05) {
      if (object !== 0x40) break;
      const first = reader.byte();
      const type = first >> 3;
      return `mp4a.40.${type === 31 ? 32 + ((first & 7) << 3) + (reader.byte() >> 5) : type}`;
    } else {
      reader.skip(length);
    }
  }
  return object === null ? null : `mp4a.${hex(object)}`;
}

function descriptorLength(reader) {
  let length = 0;
  for (let count = 0; count < 4; count += 1) {
    const byte = reader.byte();
    length = (length << 7) | (byte & 0x7f);
    if (byte < 0x80) break;
  }
  return length;
}

// The broadcast protocol, version 1: docs/broadcast.md has the layout, byte by byte.
export const protocol = "haat.broadcast.1";

const kinds = { picture: 1, sound: 2, pictureFrame: 3, soundFrame: 4, container: 5, piece: 6, end: 7 };

const bytesOf = (source) => {
  if (!source) return new Uint8Array();
  return source instanceof ArrayBuffer ? new Uint8Array(source) : new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
};

const named = (kind, name, rest) => {
  const text = new TextEncoder().encode(name);
  const record = bytesOf(rest);
  const message = new Uint8Array(2 + text.length + record.length);
  message.set([kind, text.length]);
  message.set(text, 2);
  message.set(record, 2 + text.length);
  return message.buffer;
};

/** How to decode what follows: `codec` of RFC 6381, `description` as WebCodecs gives it. */
export const pictureConfiguration = (codec, description) => named(kinds.picture, codec, description);
export const soundConfiguration = (codec, description) => named(kinds.sound, codec, description);

/** A recording of this media type follows in pieces. */
export const containerStart = (type) => named(kinds.container, type);

export function containerPiece(bytes) {
  const message = new Uint8Array(1 + bytes.byteLength);
  message[0] = kinds.piece;
  message.set(bytesOf(bytes), 1);
  return message.buffer;
}

export const end = () => new Uint8Array([kinds.end]).buffer;

/** One encoded frame, with its time on the clock of the whole broadcast, in microseconds. */
export function frame(kind, chunk, timestamp) {
  const message = new ArrayBuffer(14 + chunk.byteLength);
  const head = new DataView(message);
  head.setUint8(0, kind === "picture" ? kinds.pictureFrame : kinds.soundFrame);
  head.setUint8(1, chunk.type === "key" ? 1 : 0);
  head.setBigInt64(2, BigInt(Math.round(timestamp)));
  head.setUint32(10, Math.min(0xffffffff, Math.max(0, Math.round(chunk.duration ?? 0))));
  chunk.copyTo(new Uint8Array(message, 14));
  return message;
}

/** What Opus's decoder needs, for browsers that do not say it (RFC 7845 §5.1). */
export function opusHead(channels, sampleRate) {
  const head = new DataView(new ArrayBuffer(19));
  [..."OpusHead"].forEach((letter, index) => head.setUint8(index, letter.charCodeAt(0)));
  head.setUint8(8, 1);
  head.setUint8(9, channels);
  head.setUint16(10, 312, true);
  head.setUint32(12, sampleRate, true);
  return head.buffer;
}

/** Microseconds since `origin`, the same in a page and in its workers. */
export const clock = (origin) => (performance.timeOrigin + performance.now()) * 1000 - origin;

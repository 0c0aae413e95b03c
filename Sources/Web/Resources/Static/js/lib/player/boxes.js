/** Bytes that are not what they should be. The player lets go of that connection and never of the page. */
export class MalformedMedia extends Error {}

/** The largest box a stream may hold: one frame, many times over. */
export const boxBytesMax = 16 * 1024 * 1024;

const headBytes = 8;

/**
 * Cuts a stream of bytes, arriving in pieces of any size, into whole top-level boxes (ISO/IEC 14496-12 §4.2).
 *
 * A box that came in one piece is given as a view of that piece, without a copy.
 */
export class BoxSplitter {
  #pieces = [];
  #length = 0;
  #needed = headBytes;

  /** The boxes that are whole with this piece, as `{ type, bytes }`, heads included. */
  push(piece) {
    this.#pieces.push(piece);
    this.#length += piece.length;
    if (this.#length < this.#needed) return [];
    let bytes = join(this.#pieces, this.#length);
    const boxes = [];
    for (;;) {
      const size = bytes.length < headBytes ? headBytes : boxBytes(bytes);
      if (bytes.length < size) {
        this.#needed = size;
        break;
      }
      boxes.push({ type: boxType(bytes, 0), bytes: bytes.subarray(0, size) });
      bytes = bytes.subarray(size);
    }
    this.#pieces = bytes.length > 0 ? [bytes] : [];
    this.#length = bytes.length;
    return boxes;
  }
}

/** Several pieces as one. */
export function join(pieces, length = pieces.reduce((sum, piece) => sum + piece.length, 0)) {
  if (pieces.length === 1) return pieces[0];
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/**
 * The boxes inside `bytes`, from `start` on, each as a reader of its content. A box that claims more than there is ends
 * the list with `MalformedMedia`.
 */
export function* boxesIn(bytes, start = 0) {
  for (let at = start; at + headBytes <= bytes.length; ) {
    const size = boxBytes(bytes.subarray(at));
    if (at + size > bytes.length) throw new MalformedMedia("a box is longer than the one it lies in");
    yield { type: boxType(bytes, at), bytes: bytes.subarray(at, at + size) };
    at += size;
  }
}

/** The first box of that type inside the content of `box`, or undefined. `skip` is what lies before its first child. */
export function child(box, type, skip = 0) {
  if (!box) return undefined;
  for (const inner of boxesIn(box.bytes, headBytes + skip)) if (inner.type === type) return inner;
  return undefined;
}

/** Reads numbers, big-endian, from a box's content; past its end it throws `MalformedMedia`. */
export class BoxReader {
  #view;
  at;

  constructor({ bytes }) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = headBytes;
  }

  get isAtEnd() {
    return this.at >= this.#view.byteLength;
  }

  skip(count) {
    this.at += count;
  }

  byte() {
    return this.#view.getUint8(this.#take(1));
  }

  short() {
    return this.#view.getUint16(this.#take(2));
  }

  word() {
    return this.#view.getUint32(this.#take(4));
  }

  /** 64 bits as a number: exact up to 2⁵³, which media time reaches after three thousand years. */
  long() {
    return Number(this.#view.getBigUint64(this.#take(8)));
  }

  /** A full box's version; its flags are skipped. */
  version() {
    return this.word() >>> 24;
  }

  #take(count) {
    const { at } = this;
    if (at + count > this.#view.byteLength) throw new MalformedMedia("a box ends early");
    this.at += count;
    return at;
  }
}

function boxBytes(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = view.getUint32(0);
  // 0 means “to the end of the file” and 1 a 64-bit size; a live stream has no use for either.
  if (size < headBytes || size > boxBytesMax) throw new MalformedMedia(`a box of ${size} bytes`);
  return size;
}

function boxType(bytes, at) {
  return String.fromCharCode(...bytes.subarray(at + 4, at + headBytes));
}

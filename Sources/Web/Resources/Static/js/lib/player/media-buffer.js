import { join } from "./boxes.js";

const Source = globalThis.ManagedMediaSource ?? globalThis.MediaSource;

/** Whether this browser can be fed at all; where not, it must play HLS by itself. */
export const canBeFed = Source !== undefined;

export const canPlay = (codecs) => canBeFed && Source.isTypeSupported(`video/mp4; codecs="${codecs}"`);

/** Kept behind the playhead; a hiccup may look back, nobody else does. */
const behindSeconds = 20;
const evictEverySeconds = 5;
/** Waiting to be appended: more is a browser that does not keep up, and the live edge is the better place to go on. */
const waitingBytesMax = 16 * 1024 * 1024;

/** What was appended cannot be played, or not in time. */
export class BufferFault extends Error {}

/**
 * The video element's media, fed frame by frame through one SourceBuffer: a bounded queue of things to append, eviction
 * of what was played, and new codecs midway.
 *
 * Nothing here throws later than `begin` or `append`; what fails afterwards is told once through `onfault`, and the
 * buffer is then of no more use.
 */
export class MediaBuffer {
  #video;
  #source = new Source();
  #address;
  #buffer = null;
  #kinds = null;
  #mimeType = "";
  #queue = [];
  #waitingBytes = 0;
  #opened;
  #isBroken = false;
  #isShort = false;

  onfault = () => {};
  /** Something was appended: there may be more to play. */
  onappend = () => {};

  constructor(video) {
    this.#video = video;
    this.#address = URL.createObjectURL(this.#source);
    this.#opened = new Promise((resolve) => this.#source.addEventListener("sourceopen", resolve, { once: true }));
    // ManagedMediaSource opens only where playback to another device is refused.
    video.disableRemotePlayback = true;
    video.src = this.#address;
    video.addEventListener("error", this.#failed);
  }

  /** Whether an initialization segment of these tracks can follow the one before in this buffer. */
  takes(init) {
    // A SourceBuffer keeps the number and the kinds of its tracks for life.
    return this.#kinds === null || init.kinds === this.#kinds;
  }

  /** Appends an initialization segment. Throws `BufferFault` for codecs this browser cannot play. */
  async begin(init) {
    await this.#opened;
    if (this.#isBroken) return;
    if (!Source.isTypeSupported(init.mimeType)) throw new BufferFault(`this browser cannot play ${init.mimeType}`);
    if (this.#buffer === null) {
      // Live for the whole pipeline: the decoder holds no frame back.
      this.#source.duration = Infinity;
      this.#buffer = this.#source.addSourceBuffer(init.mimeType);
      this.#buffer.addEventListener("updateend", () => {
        this.onappend();
        this.#pump();
      });
      this.#buffer.addEventListener("error", this.#failed);
    } else if (init.mimeType !== this.#mimeType) {
      const { mimeType } = init;
      this.#queue.push({ run: () => this.#buffer.changeType(mimeType) });
    }
    [this.#kinds, this.#mimeType] = [init.kinds, init.mimeType];
    this.append(init.bytes);
  }

  /** Appends whole fragments, in order. Throws `BufferFault` when too much is waiting. */
  append(bytes) {
    if (this.#isBroken) return;
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > waitingBytesMax) throw new BufferFault("more came than this browser can take");
    this.#queue.push({ bytes });
    this.#pump();
  }

  /** Forgets everything buffered: what follows is on another clock. */
  clear() {
    this.#queue.push({ run: () => this.#buffer?.remove(0, Infinity) });
    this.#pump();
  }

  /** `[[start, end], …]` in seconds. */
  get ranges() {
    // The buffer's own ranges: the element's are cut to what is loaded, and lag behind by an event.
    if (this.#isBroken || this.#source.readyState !== "open" || !this.#buffer) return [];
    const { buffered } = this.#buffer;
    return Array.from({ length: buffered.length }, (_, index) => [buffered.start(index), buffered.end(index)]);
  }

  /** Something waits to be appended. */
  get isFilling() {
    return this.#queue.length > 0;
  }

  close() {
    this.#isBroken = true;
    this.#queue = [];
    this.#video.removeEventListener("error", this.#failed);
    URL.revokeObjectURL(this.#address);
  }

  #failed = () => {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.onfault(new BufferFault(this.#video.error?.message || "the browser refused what was appended"));
  };

  #pump() {
    const buffer = this.#buffer;
    if (!buffer || this.#isBroken || buffer.updating || this.#source.readyState !== "open") return;
    try {
      if (this.#evict(behindSeconds, evictEverySeconds)) return;
      while (this.#queue[0]?.run) {
        this.#queue.shift().run();
        if (buffer.updating) return;
      }
      const count = this.#queue.findIndex((next) => next.run);
      const waiting = this.#queue.splice(0, count < 0 ? this.#queue.length : count).map((next) => next.bytes);
      if (waiting.length === 0) return;
      // What waited goes in at once: each append costs a turn of the browser's pipeline.
      this.#appendNow(join(waiting));
    } catch (error) {
      this.#isBroken = true;
      this.onfault(new BufferFault(`${error.name}: ${error.message}`));
    }
  }

  #appendNow(bytes) {
    try {
      this.#buffer.appendBuffer(bytes);
      this.#waitingBytes -= bytes.length;
      this.#isShort = false;
    } catch (error) {
      // Full: once more with little kept, and if that is too much there is nothing to be done.
      if (error.name !== "QuotaExceededError" || this.#isShort) throw error;
      this.#isShort = true;
      this.#queue.unshift({ bytes });
      if (!this.#evict(behindSeconds / 4, 0)) throw error;
    }
  }

  /** Removes what lies more than `keep` seconds back, if that is at least `least` seconds. True when it began to. */
  #evict(keep, least) {
    const { buffered } = this.#buffer;
    if (buffered.length === 0) return false;
    const end = this.#video.currentTime - keep;
    if (end - buffered.start(0) <= Math.max(least, 0)) return false;
    this.#buffer.remove(0, end);
    return true;
  }
}

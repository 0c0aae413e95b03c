import { canBeFed, canPlay } from "./media-buffer.js";
import { readVariants } from "./playlist.js";
import { RateChoice } from "./rate-choice.js";
import { ReplayTimeline } from "./replay-timeline.js";

/** A segment that takes so much longer than it plays is given up for a smaller one, with so little at hand. */
const [lateShare, lateMilliseconds, shortSeconds] = [1.5, 2500, 2];

/**
 * A recording's pictures: one, or one for each variant of its multivariant playlist, which agree in every segment's
 * place. Which of them is fetched is the viewer's choice or, without one, the network's.
 */
export class ReplayVariants {
  #address;
  #epoch;
  #ask;
  #variants = [];
  #timelines = new Map();
  #level = 0;
  #chosen = null;
  #rates = new RateChoice();

  /** @param ask `(url, read)`: fetches, and gives what `read(response)` does */
  constructor(address, epoch, ask) {
    this.#address = address;
    this.#epoch = epoch;
    this.#ask = ask;
  }

  /** @returns the `ReplayTimeline` of what is to be fetched first */
  async load() {
    const text = await this.#text(this.#address);
    if (!text.includes("#EXT-X-STREAM-INF")) {
      this.#variants = [{ url: this.#address, bandwidth: 0, quality: null }];
      this.#timelines.set(this.#address, this.#read(text, this.#address));
    } else {
      const variants = readVariants(text, this.#address, canBeFed ? canPlay : () => true);
      if (variants.length === 0) throw new Error("nothing of the recording can be played here");
      this.#variants = variants;
      this.#level = this.#decide(0);
      await this.#know(this.#level);
    }
    return this.timeline;
  }

  #text(url) {
    return this.#ask(url, (answer) => answer.text());
  }

  #read(text, url) {
    return new ReplayTimeline(text, url, this.#epoch);
  }

  async #know(level) {
    const { url } = this.#variants[level];
    if (!this.#timelines.has(url)) this.#timelines.set(url, this.#read(await this.#text(url), url));
  }

  /** Of the picture that is fetched now. */
  get timeline() {
    return this.#timelines.get(this.#variants[this.#level].url);
  }

  /** The qualities there are, the best first; empty where there is no choice. */
  get qualities() {
    return this.#variants.length > 1 ? this.#variants.map(({ quality }) => quality) : [];
  }

  /** What the viewer chose; null for what the network carries. */
  get chosen() {
    return this.#chosen;
  }

  set chosen(quality) {
    this.#chosen = quality;
  }

  /** So many bytes of a segment took so long. */
  came(bytes, milliseconds) {
    this.#rates.came(bytes, milliseconds);
  }

  /** Whether a segment under way for so long should be given up for a smaller one. */
  isLate(segment, milliseconds, ahead) {
    const { bandwidth } = this.#variants[this.#level];
    const isLast = this.#chosen !== null || this.#level === this.#variants.length - 1;
    const limit = Math.max(lateMilliseconds, segment.duration * 1000 * lateShare);
    if (isLast || ahead > shortSeconds || milliseconds < limit) return false;
    // It brought less than this in that time.
    this.#rates.came((bandwidth * segment.duration) / 8, milliseconds);
    return true;
  }

  /** Changes to the picture that is to be fetched from now on. */
  async step(ahead) {
    const level = this.#decide(ahead);
    if (level === this.#level) return;
    await this.#know(level);
    this.#level = level;
  }

  #decide(ahead) {
    if (this.#variants.length < 2) return 0;
    const chosen = this.#variants.findIndex(({ quality }) => quality === this.#chosen);
    if (chosen >= 0) return chosen;
    const { saveData, downlink } = navigator.connection ?? {};
    const bandwidths = this.#variants.map(({ bandwidth }) => bandwidth);
    // The browser's own figure ends at 10 Mbit/s.
    const hint = saveData ? 0 : downlink > 0 && downlink < 10 ? downlink * 1e6 : null;
    return this.#rates.step(bandwidths, this.#level, ahead, hint);
  }
}

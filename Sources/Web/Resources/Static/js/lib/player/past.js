import { ask } from "./answers.js";
import { canBeFed } from "./media-buffer.js";
import { ReplayTimeline } from "./replay-timeline.js";

const patience = 8000;

/** What a show on air has recorded so far, to look back in: a timeline that grows when it is asked to. */
export class Past {
  #address;
  #askedAt = -Infinity;
  #asking = null;

  /** Null before the first `refresh`, and for as long as nothing is recorded. */
  timeline = null;

  /** @param address the show's, ending with a slash */
  constructor(address) {
    this.#address = `${address}dvr.m3u8`;
  }

  /** Brings the timeline up to date, unless that was tried within so many milliseconds. Keeps it when that fails. */
  refresh(age, signal = AbortSignal.timeout(patience)) {
    if (!canBeFed || performance.now() - this.#askedAt < age) return this.#asking ?? Promise.resolve();
    this.#askedAt = performance.now();
    this.#asking = this.#ask(signal).catch(() => {}).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #ask(signal) {
    const text = await ask(this.#address, { signal, patience }, (response) => response.text());
    if (this.timeline) this.timeline.update(text);
    else this.timeline = new ReplayTimeline(text, this.#address, 0);
  }
}

/**
 * Holds timeline events until this viewer's playhead reaches them: the rule of media time. An event whose moment never
 * comes, because the video stopped or is not playing, is let through after `patience` milliseconds.
 */
export class Playhead {
  #waiting = [];
  #release;
  #patience;
  #mediaTime = null;
  #timer = 0;

  constructor(release, patience = 10000) {
    this.#release = release;
    this.#patience = patience;
  }

  /** `mediaTime` in milliseconds, as the player says it; null when nothing plays. */
  reached(mediaTime) {
    this.#mediaTime = mediaTime;
    this.#advance();
  }

  hold(event) {
    this.#waiting.push({ event, deadline: performance.now() + this.#patience });
    this.#advance();
  }

  /** Lets everything through at once, in order. */
  flush() {
    const waiting = this.#waiting.splice(0);
    for (const { event } of waiting) this.#release(event);
  }

  #advance() {
    const now = performance.now();
    while (this.#waiting.length > 0) {
      const { event, deadline } = this.#waiting[0];
      if (this.#mediaTime !== null && event.mediaTime > this.#mediaTime && deadline > now) break;
      this.#waiting.shift();
      this.#release(event);
    }
    clearTimeout(this.#timer);
    const next = this.#waiting[0];
    if (next) this.#timer = setTimeout(() => this.#advance(), Math.max(50, next.deadline - now));
  }
}

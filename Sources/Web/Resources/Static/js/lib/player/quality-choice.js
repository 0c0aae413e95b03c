/** So many times in so long, and it is not chance. */
const stallsMax = 2;
const stallsMilliseconds = 10_000;
/** What a change brings about itself counts for nothing. */
const settlingMilliseconds = 4000;
/** Without a stall for so long, a better quality is tried; each try that fails doubles it. */
const calmMilliseconds = 20_000;
const calmMillisecondsMax = 320_000;
/** A better quality that stalls within so long has failed, and one that lasts longer is good. */
const trialMilliseconds = 15_000;

/**
 * Decides how good a picture the network carries, from the stalls alone: of a live stream nothing comes faster than it
 * is made, so that there is no spare speed to be measured. Level 0 is the best. Times are milliseconds of `now`.
 */
export class QualityChoice {
  #level = 0;
  #stalls = [];
  #changedAt = -Infinity;
  #calm = calmMilliseconds;
  #isTrial = false;

  get level() {
    return this.#level;
  }

  /** Playback stood still. */
  stalled(now) {
    if (now - this.#changedAt >= settlingMilliseconds) this.#stalls.push(now);
  }

  /**
   * @param count how many levels there are
   * @returns the level to play from now on
   */
  step(now, count) {
    this.#stalls = this.#stalls.filter((at) => now - at < stallsMilliseconds);
    this.#level = Math.min(this.#level, Math.max(0, count - 1));
    const since = now - this.#changedAt;
    if (this.#isTrial && since >= trialMilliseconds) {
      this.#isTrial = false;
      this.#calm = calmMilliseconds;
    }
    const patience = this.#isTrial ? 1 : stallsMax;
    if (this.#stalls.length >= patience && this.#level < count - 1) {
      if (this.#isTrial) this.#calm = Math.min(2 * this.#calm, calmMillisecondsMax);
      this.#change(now, this.#level + 1, false);
    } else if (this.#level > 0 && this.#stalls.length === 0 && since >= this.#calm) {
      this.#change(now, this.#level - 1, true);
    }
    return this.#level;
  }

  #change(now, level, isTrial) {
    this.#level = level;
    this.#isTrial = isTrial;
    this.#changedAt = now;
    this.#stalls = [];
  }
}

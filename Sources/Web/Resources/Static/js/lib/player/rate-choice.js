/** What is planned with is less than what was measured: a network is never as even as its average. */
const share = 0.8;
/** A better picture is taken once so much is there to fall back on, and with more to spare. */
const calmSeconds = 8;
const shareUp = 0.65;
/** So near standing still, what is on its way is compared with what was measured at once. */
const shortSeconds = 4;
/** Measures of the last seconds count; those of the last transfers most. */
const [fastSeconds, slowSeconds] = [2, 8];

/**
 * Decides how good a picture the network carries from how fast segments come: of a recording they come as fast as they
 * can. Level 0 is the best. Pure.
 */
export class RateChoice {
  #fast = null;
  #slow = null;

  /** So many bytes took so long; told for those that are still on their way too, with what they have taken so far. */
  came(bytes, milliseconds) {
    const seconds = Math.max(0.005, milliseconds / 1000);
    const rate = (bytes * 8) / seconds;
    const mixed = (known, halfLife) => {
      if (known === null) return rate;
      const old = 0.5 ** (seconds / halfLife);
      // A short transfer says little about time, but it is a measure all the same.
      const kept = Math.min(old, 0.8);
      return known * kept + rate * (1 - kept);
    };
    this.#fast = mixed(this.#fast, fastSeconds);
    this.#slow = mixed(this.#slow, slowSeconds);
  }

  /** Bits a second; null before anything came. */
  get rate() {
    return this.#fast === null ? null : Math.min(this.#fast, this.#slow);
  }

  /**
   * @param bandwidths bits a second each level takes, the best first
   * @param level the one of now
   * @param ahead seconds at hand
   * @param hint bits a second that the browser believes in, while nothing was measured; null for nothing
   * @returns the level to fetch from now on
   */
  step(bandwidths, level, ahead, hint = null) {
    const rate = this.rate ?? hint;
    if (rate === null) return level;
    const fits = (most) => {
      const found = bandwidths.findIndex((bandwidth) => bandwidth <= rate * most);
      return found < 0 ? bandwidths.length - 1 : found;
    };
    if (this.rate === null) return fits(share);
    const wanted = fits(ahead > calmSeconds ? shareUp : share);
    if (wanted < level) return ahead > calmSeconds ? wanted : level;
    // With much at hand a slow moment is waited out.
    return ahead < shortSeconds || bandwidths[level] > rate ? Math.max(level, fits(share)) : level;
  }
}

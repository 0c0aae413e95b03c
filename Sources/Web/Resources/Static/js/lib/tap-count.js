/** What one request may bring; what is tapped beyond it floats here and nowhere else. */
const TAPS_MAX = 20;

/**
 * The taps of this page: those that wait to be sent, and those that were sent and will come back in the room's sums,
 * where they are not shown again.
 */
export class TapCount {
  #waiting = {};
  #own = {};

  tap(kind) {
    const total = Object.values(this.#waiting).reduce((sum, count) => sum + count, 0);
    if (total < TAPS_MAX) this.#waiting[kind] = (this.#waiting[kind] ?? 0) + 1;
  }

  get isEmpty() {
    return Object.keys(this.#waiting).length === 0;
  }

  /** What is to be sent now. */
  take() {
    const taps = this.#waiting;
    this.#waiting = {};
    for (const [kind, count] of Object.entries(taps)) this.#own[kind] = (this.#own[kind] ?? 0) + count;
    return taps;
  }

  /** The server counted these of what was sent; the others will not come back. */
  counted(sent, counted) {
    for (const [kind, count] of Object.entries(sent)) this.#forget(kind, count - (counted[kind] ?? 0));
  }

  /** Of the room's sums, those that others tapped. */
  others(sums) {
    const others = {};
    for (const [kind, sum] of Object.entries(sums)) {
      const own = Math.min(sum, this.#own[kind] ?? 0);
      this.#forget(kind, own);
      if (sum > own) others[kind] = sum - own;
    }
    return others;
  }

  #forget(kind, count) {
    this.#own[kind] = Math.max(0, (this.#own[kind] ?? 0) - count);
  }
}

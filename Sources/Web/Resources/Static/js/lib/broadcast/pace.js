/** Short sides of the picture, and the bits a second at which each looks its best. */
export const levels = [
  { short: 1080, bits: 4_500_000 },
  { short: 720, bits: 2_500_000 },
  { short: 540, bits: 1_400_000 },
  { short: 360, bits: 700_000 },
  { short: 270, bits: 350_000 },
];

const BITS_MIN = 200_000;
const BACKLOG_HIGH_SECONDS = 0.6;
const BACKLOG_LOW_SECONDS = 0.1;
/** Frames are left out, before they are encoded, as long as so much waits to be sent. */
export const BACKLOG_PAUSE_SECONDS = 1.5;
const CALM_MILLISECONDS = 3000;
const LARGER_AFTER_MILLISECONDS = 10_000;
const SKIPPED_SHARE = 0.3;
const STRIKES = 4;

/**
 * How large and how good the picture may be: less when the network or the encoder falls behind, more when both have
 * been at ease for a while. Pure: it is told what was seen, and when.
 */
export class Pace {
  #cap;
  #calmSince = null;
  #changedAt = -Infinity;
  #strikes = 0;

  constructor(short = 720) {
    this.#cap = short;
    const level = levels.find((one) => one.short <= short) ?? levels.at(-1);
    this.bits = level.bits;
    this.short = level.short;
    this.bitsMax = level.bits;
  }

  /** Seconds that what waits in the socket takes to be sent. */
  backlog(waitingBytes) {
    return (waitingBytes * 8) / this.bits;
  }

  /** Call about twice a second. True when `bits` or `short` changed. */
  look({ waitingBytes, encoded, skipped, now }) {
    const before = `${this.bits} ${this.short}`;
    const backlog = this.backlog(waitingBytes);
    if (backlog > BACKLOG_HIGH_SECONDS) {
      this.#calmSince = null;
      this.bits = Math.max(BITS_MIN, Math.round(this.bits * 0.7));
    } else if (backlog > BACKLOG_LOW_SECONDS) {
      this.#calmSince = null;
    } else {
      this.#calmSince ??= now;
      if (now - this.#calmSince >= CALM_MILLISECONDS && this.bits < this.bitsMax) {
        this.bits = Math.min(this.bitsMax, Math.round(this.bits * 1.15));
        this.#calmSince = now;
      }
    }
    this.#weigh(encoded, skipped);
    this.#choose(now);
    return before !== `${this.bits} ${this.short}`;
  }

  /** An encoder that leaves out frames again and again gets a smaller picture, for good. */
  #weigh(encoded, skipped) {
    const isBehind = skipped > SKIPPED_SHARE * (encoded + skipped) && encoded + skipped > 0;
    this.#strikes = isBehind ? this.#strikes + 1 : 0;
    if (this.#strikes < STRIKES) return;
    this.#strikes = 0;
    this.#cap = levels.find((one) => one.short < this.short)?.short ?? this.short;
  }

  /** A change of size costs viewers a moment, so the picture grows seldom and shrinks only when it must. */
  #choose(now) {
    const fits = (level, share) => level.short <= this.#cap && this.bits >= level.bits * share;
    const present = levels.find((one) => one.short === this.short);
    const stays = present && fits(present, 0.5);
    const larger = levels.find((one) => one.short > this.short && fits(one, 0.8));
    if (stays && (!larger || now - this.#changedAt < LARGER_AFTER_MILLISECONDS)) return;
    const chosen = larger ?? levels.find((one) => fits(one, 0.5)) ?? levels.at(-1);
    if (chosen.short === this.short) return;
    this.short = chosen.short;
    this.#changedAt = now;
  }
}

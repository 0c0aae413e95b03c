import { NoMedia, Silence } from "./answers.js";

/** What ended a connection, as far as the next one is concerned. */
export const Ending = Object.freeze({
  /** The server ended the stream, as it does when the publisher leaves or it shuts down. */
  over: "over",
  /** Nothing is live there now. */
  absent: "absent",
  /** The show is over for good. */
  gone: "gone",
  /** The server has too much to do. */
  busy: "busy",
  /** There is no way to the server. */
  unreachable: "unreachable",
  /** Something came that cannot be played: another way may do better. */
  unusable: "unusable",
});

/** The connection was good; another is to take its place. */
export class Superseded extends Error {}

/** What an error of a connection means. `delivered`: it had brought something to play. */
export function endingOf(error, delivered) {
  if (error instanceof Superseded) return Ending.over;
  if (error instanceof NoMedia) {
    if ([404, 409, 425].includes(error.status)) return Ending.absent;
    if (error.status === 410) return Ending.gone;
    return error.status === 429 || error.status >= 500 ? Ending.busy : Ending.unusable;
  }
  // fetch() says TypeError for every failure of the network, and so does a body that breaks off.
  if (error instanceof TypeError) return Ending.unreachable;
  // What came before it fell silent was good: the publisher or the network went, not the way.
  return error instanceof Silence && delivered ? Ending.over : Ending.unusable;
}

/**
 * How long to wait before the next try, in milliseconds: at once after something had played, then up to a bound, each
 * time a random part of it so that a thousand viewers do not come back as one.
 */
export class BackOff {
  #tries = 0;
  #hasWorked = false;
  #random;

  constructor(random = Math.random) {
    this.#random = random;
  }

  /** Something was played. */
  worked() {
    this.#tries = 0;
    this.#hasWorked = true;
  }

  /** Something is said to be there. */
  hurry() {
    this.#tries = 0;
  }

  next(ending) {
    const tries = this.#tries;
    this.#tries += 1;
    // What was there and comes back should be seen within a second, for as long as anyone would wait for it.
    const most = this.#hasWorked && tries < 60 ? 600 : 3000;
    const bound = ending === Ending.busy ? Math.min(1000 * 2 ** tries, 30_000) : Math.min(100 * 2 ** tries, most);
    return bound * (0.5 + 0.5 * this.#random());
  }
}

/** After so many failures in a row a way is left alone for a while. */
const failuresMax = 2;
const restMilliseconds = 30_000;
const restMillisecondsMax = 600_000;

/** Which way to take: the first that has not failed lately. */
export class Ways {
  #ways;

  /** @param names in order of preference */
  constructor(names) {
    this.#ways = names.map((name) => ({ name, failures: 0, rests: 0, until: 0 }));
  }

  choose(now) {
    const rested = this.#ways.find((way) => way.until <= now);
    return (rested ?? this.#ways.reduce((best, way) => (way.until < best.until ? way : best))).name;
  }

  worked(name) {
    const way = this.#find(name);
    if (way) [way.failures, way.rests] = [0, 0];
  }

  failed(name, now) {
    const way = this.#find(name);
    if (!way) return;
    way.failures += 1;
    if (way.failures < failuresMax) return;
    way.until = now + Math.min(restMilliseconds * 2 ** way.rests, restMillisecondsMax);
    way.failures = 0;
    way.rests += 1;
  }

  #find(name) {
    return this.#ways.find((way) => way.name === name);
  }
}

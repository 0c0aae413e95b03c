/**
 * The server's clock, whatever this device's says: by `performance.now()`, which nobody sets. At first it is taken for
 * this device's, then for what the room tells, and once something counts down it is measured.
 */
let ahead = Date.now() - performance.now();
let isMeasured = false;

/** What counts down is looked at so often, and is late by no more. */
export const TICK_MILLISECONDS = 60;

/** Milliseconds since 1970, at the server. */
export const serverNow = () => performance.now() + ahead;

/** Milliseconds until a moment; negative when it is past. */
export const until = (moment) => new Date(moment) - serverNow();

/** What is known without having measured; after that it says nothing new. */
export function guess(moment) {
  if (!isMeasured) ahead = new Date(moment) - performance.now();
}

/** `milliseconds` are what is to be added to `performance.now()`. */
export function measured(milliseconds) {
  [ahead, isMeasured] = [milliseconds, true];
}

/** Something counts down: from now on the clock is right to some milliseconds. */
export const keepTime = () => import("./measure-time.js").then(({ keep }) => keep()).catch(() => {});

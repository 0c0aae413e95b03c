import { call } from "./api.js";
import { measured } from "./server-time.js";

const SAMPLES = 6;
const PAUSE_MILLISECONDS = 200;
/** A trip so short that no better one is to be hoped for. */
const SHORT_MILLISECONDS = 12;
/** A device's clock is off by some tens of milliseconds after so long. */
const AGAIN_MILLISECONDS = 600_000;

let isKept = false;
let isMeasuring = false;
let timer = 0;

/** One question. The answer was made halfway, give or take half of the trip. */
async function sample() {
  const sent = performance.now();
  const { now } = await call("GET", "/api/v1/time", undefined, { timeout: 5000 });
  const came = performance.now();
  // The server cuts its fraction of a millisecond off.
  return { trip: came - sent, ahead: now + 0.5 - (sent + came) / 2 };
}

/**
 * Asks the server for its time some times over, and goes by the quickest answer: it cannot be wrong by more than half of
 * its trip.
 */
async function measure() {
  clearTimeout(timer);
  if (isMeasuring || document.hidden) return;
  isMeasuring = true;
  let best = null;
  for (let turn = 0; turn < SAMPLES && (turn < 2 || best === null || best.trip > SHORT_MILLISECONDS); turn += 1) {
    if (turn > 0) await new Promise((resume) => setTimeout(resume, PAUSE_MILLISECONDS));
    const found = await sample().catch(() => null);
    if (!found || (best && found.trip >= best.trip)) continue;
    best = found;
    measured(best.ahead);
  }
  isMeasuring = false;
  timer = setTimeout(measure, AGAIN_MILLISECONDS);
}

/** Measures, again from time to time, and when the page is seen again: a device that slept has lost count. */
export function keep() {
  if (isKept) return;
  isKept = true;
  measure();
  document.addEventListener("visibilitychange", measure);
  for (const kind of ["resume", "online"]) addEventListener(kind, measure);
}

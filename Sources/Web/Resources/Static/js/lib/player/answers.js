/** A response that was not the media asked for. `retryAfter` is in milliseconds, null where the server said nothing. */
export class NoMedia extends Error {
  constructor(response) {
    super(`${response.status} for ${response.url}`);
    this.status = response.status;
    const seconds = Number.parseFloat(response.headers.get("Retry-After") ?? "");
    this.retryAfter = Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 60) * 1000 : null;
  }
}

/** Nothing came for longer than a living connection is silent. */
export class Silence extends Error {}

/**
 * Fetches, and throws `NoMedia` for anything but success and `Silence` when that takes longer than `patience`
 * milliseconds: until the answer begins or, where `read` is given, until it has read what it wants of it.
 */
export async function ask(url, { signal, patience }, read = (response) => response) {
  const impatience = new AbortController();
  const timer = setTimeout(() => impatience.abort(new Silence(`no answer from ${url}`)), patience);
  try {
    const response = await fetch(url, { cache: "no-store", signal: AbortSignal.any([signal, impatience.signal]) });
    if (!response.ok) {
      response.body?.cancel().catch(() => {});
      throw new NoMedia(response);
    }
    return await read(response);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits, or throws the signal's reason. */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const leave = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", leave);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", leave, { once: true });
  });
}

import { ask, pause } from "./answers.js";
import { MalformedMedia } from "./boxes.js";
import { MediaUnits } from "./media-units.js";
import { chooseVariant, readMediaPlaylist } from "./playlist.js";

const answerMilliseconds = 8000;
/** Between two looks at a playlist that does not wait for news by itself. */
const pauseMilliseconds = 500;
/** So far behind the playlist's end, the parts in between are not worth fetching. */
const behindSecondsMax = 2;

/**
 * The stream as low-latency HLS parts (RFC 8216bis), for where an endless response cannot pass: a CDN, a proxy that
 * collects before it sends on. Yields units as `MediaUnits` makes them; returns at the playlist's end.
 *
 * The part that the playlist hints at is asked for before it exists, so that its bytes come with its last frame; the
 * playlist's blocking reload runs beside it and says what it is. Parts by byte range are not supported: our
 * server names every part.
 */
export async function* partStream(url, signal, canPlay, quality = null) {
  const leaving = new AbortController();
  const stream = new PartStream(AbortSignal.any([signal, leaving.signal]));
  try {
    yield* stream.units(url, canPlay, quality);
  } finally {
    leaving.abort();
  }
}

class PartStream {
  #signal;
  #units = new MediaUnits();
  #init = null;
  /** The address of the part taken last: parts are named once in a stream's life. */
  #last = null;

  constructor(signal) {
    this.#signal = signal;
  }

  async *units(url, canPlay, quality) {
    const address = await this.#mediaPlaylist(url, canPlay, quality);
    let playlist = await this.#playlist(address, null);
    let hint = { url: null, bytes: null };
    for (;;) {
      for (const item of this.#untaken(playlist.items)) {
        this.#last = item.url;
        if (item.gap) continue;
        const bytes = item.url === hint.url ? await hint.bytes : null;
        yield* this.#decoded(bytes ?? (await this.#bytes(item.url)), item.init);
      }
      if (playlist.hasEnded) return;
      // Its bytes wait for the playlist that lists it: after a discontinuity another initialization segment is theirs.
      if (playlist.hint !== hint.url) {
        hint = { url: playlist.hint, bytes: playlist.hint && this.#bytes(playlist.hint).catch(() => null) };
      }
      const next = await this.#playlist(address, playlist);
      // It promised to wait for what was asked and did not, as a CDN does that ignores the question: we wait then.
      if (lacks(next.next, playlist.next)) await this.#pause(next);
      playlist = next;
    }
  }

  #pause(playlist) {
    return pause(Math.max(playlist.targetMilliseconds / 2, pauseMilliseconds), this.#signal);
  }

  /**
   * What comes after the last part taken; from the newest keyframe where that is unknown or too much to catch up with.
   */
  #untaken(items) {
    const last = this.#last === null ? -1 : items.findLastIndex((item) => item.url === this.#last);
    const untaken = items.slice(last + 1);
    const length = untaken.reduce((sum, item) => sum + item.duration, 0);
    return last < 0 || length > behindSecondsMax ? fromLastIndependent(untaken) : untaken;
  }

  async *#decoded(bytes, init) {
    if (init && init !== this.#init) {
      // An initialization segment starts a reader of its own: what came before may have ended anywhere.
      this.#units = new MediaUnits();
      yield* this.#units.push(await this.#bytes(init));
      this.#init = init;
    }
    yield* this.#units.push(bytes);
  }

  #bytes(url) {
    const read = async (response) => new Uint8Array(await response.arrayBuffer());
    return ask(url, { signal: this.#signal, patience: answerMilliseconds }, read);
  }

  async #mediaPlaylist(url, canPlay, quality) {
    const { text, base } = await this.#text(url, answerMilliseconds);
    const variant = chooseVariant(text, base, canPlay, quality);
    if (!variant && text.includes("#EXT-X-STREAM-INF")) throw new MalformedMedia("no variant this browser can play");
    return variant ?? base;
  }

  async #playlist(address, last) {
    const url = new URL(address);
    if (last?.next) {
      url.searchParams.set("_HLS_msn", last.next.sequence);
      url.searchParams.set("_HLS_part", last.next.part);
    } else if (last) {
      await this.#pause(last);
    }
    const patience = Math.max(answerMilliseconds, 3 * (last?.targetMilliseconds ?? 0));
    const { text, base } = await this.#text(url.href, patience);
    return readMediaPlaylist(text, base);
  }

  #text(url, patience) {
    const read = async (response) => ({ text: await response.text(), base: response.url || url });
    return ask(url, { signal: this.#signal, patience }, read);
  }
}

/** Whether a playlist that ends before `found` lacks the part that was asked for. */
function lacks(found, asked) {
  if (!found || !asked) return false;
  return found.sequence < asked.sequence || (found.sequence === asked.sequence && found.part <= asked.part);
}

function fromLastIndependent(items) {
  const start = items.findLastIndex((item) => item.independent && !item.gap);
  return start < 0 ? items : items.slice(start);
}

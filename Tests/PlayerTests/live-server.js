import { join } from "../../Sources/Web/Resources/Static/js/lib/player/boxes.js";
import { MediaUnits } from "../../Sources/Web/Resources/Static/js/lib/player/media-units.js";
import { film } from "./testing.js";

/**
 * A live server inside the page, in the place of `fetch`: it sends a film in its own time, from the last keyframe on,
 * as the real one does, and can go wrong in every way a test wants.
 */
export class LiveServer {
  #streams = new Set();
  #timer = 0;
  #units = [];
  #sent = [];
  #init = null;
  #began = 0;
  /** Each request's address below the show. */
  asked = [];
  /** What every request is answered while nothing is on air: a status, or "unreachable". */
  offAir = 404;
  isLive = false;
  /** Overrides: `path → () => Response`. */
  answers = {};

  constructor() {
    this.#real = globalThis.fetch;
    globalThis.fetch = (url, options) => this.#answer(String(url), options?.signal);
  }

  #real;

  restore() {
    this.stop();
    globalThis.fetch = this.#real;
  }

  /** How many responses are being read. */
  get readers() {
    return this.#streams.size;
  }

  /** Puts a film on air, its first frame at `at` seconds of the show. `ahead`: seconds that are there already. */
  play(name, { at = 0, ahead = 0, skip = () => false } = {}) {
    const [init, ...fragments] = new MediaUnits().push(film(name));
    const first = fragments[0].time;
    this.#init = init;
    this.#units = fragments
      .map((fragment) => ({ time: fragment.time - first, bytes: moved(fragment.bytes, at, this.#timescales(init)) }))
      .filter((unit) => !skip(unit.time));
    this.#sent = [];
    this.#began = performance.now() - ahead * 1000;
    this.isLive = true;
    this.#send([init.bytes]);
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#tick(), 10);
    this.#tick();
  }

  /** The publisher leaves: responses end, or stay open and silent. */
  stop({ isSilent = false } = {}) {
    clearInterval(this.#timer);
    if (isSilent) return;
    this.isLive = false;
    for (const stream of this.#streams) stream.close();
    this.#streams.clear();
  }

  /** Breaks every connection off, as a server that is killed does. */
  break() {
    clearInterval(this.#timer);
    this.isLive = false;
    for (const stream of this.#streams) stream.error(new TypeError("network error"));
    this.#streams.clear();
  }

  /** Sends anything to everyone. */
  send(bytes) {
    this.#send([bytes]);
  }

  #tick() {
    const now = (performance.now() - this.#began) / 1000;
    const due = [];
    while (this.#units.length > 0 && this.#units[0].time <= now) due.push(this.#units.shift().bytes);
    this.#sent.push(...due);
    this.#send(due);
  }

  #send(pieces) {
    if (pieces.length === 0) return;
    const bytes = join(pieces.map((piece) => piece.slice()));
    for (const stream of this.#streams) stream.enqueue(bytes.slice());
  }

  async #answer(url, signal) {
    const path = new URL(url).pathname.split("/").slice(3).join("/");
    this.asked.push(path);
    signal?.throwIfAborted();
    if (this.answers[path]) return this.answers[path]();
    if (!this.isLive && this.offAir === "unreachable") throw new TypeError("Failed to fetch");
    if (!this.isLive) return new Response("", { status: this.offAir });
    if (path !== "stream") return new Response("", { status: 404 });
    let controller;
    const body = new ReadableStream({
      start: (stream) => {
        controller = stream;
        this.#streams.add(stream);
        stream.enqueue(join([this.#init.bytes, ...this.#sent]).slice());
      },
      cancel: () => this.#streams.delete(controller),
    });
    signal?.addEventListener("abort", () => {
      if (this.#streams.delete(controller)) controller.error(signal.reason);
    });
    return new Response(body);
  }

  /** The films of these tests have a picture at 15,360 ticks a second and sound at 48,000, in this order. */
  #timescales(init) {
    return init.kinds === "audio" ? [48_000] : [15_360, 48_000];
  }
}

/**
 * A film as it was recorded, its first frame at `at` seconds of the show: `{ init, segments }`, a segment a second.
 */
export function recorded(name, at) {
  const [init, ...fragments] = new MediaUnits().push(film(name));
  const segments = [];
  for (const fragment of fragments) {
    const number = Math.floor(fragment.time - fragments[0].time + 0.001);
    (segments[number] ??= []).push(moved(fragment.bytes, at, [15_360, 48_000]));
  }
  return { init: init.bytes, segments: segments.map((pieces) => join(pieces)) };
}

/** The fragment with its decode time moved: `tfdt` lies right after `tfhd` in what ffmpeg writes. */
function moved(bytes, seconds, timescales) {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const find = (type) => {
    for (let at = 0; at < 200; at += 1) {
      if (String.fromCharCode(...copy.subarray(at, at + 4)) === type) return at + 4;
    }
    throw new Error(`no ${type}`);
  };
  const track = view.getUint32(find("tfhd") + 4);
  const at = find("tfdt") + 4;
  view.setBigUint64(at, view.getBigUint64(at) + BigInt(Math.round(seconds * timescales[track - 1])));
  return copy;
}

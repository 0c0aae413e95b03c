import { Captions } from "./captions.js";
import { MediaUnits } from "./media-units.js";
import { ReplayVariants } from "./replay-variants.js";

const Source = globalThis.ManagedMediaSource ?? globalThis.MediaSource;
const aheadSeconds = 30;
const behindSeconds = 30;
const tickMilliseconds = 200;
const growthSeconds = 24 * 3600;
/** A hole as small as this, where two stretches meet, is jumped over. */
const holeSeconds = 1.5;
/** Of what is at hand so much is kept when another quality was chosen. */
const keptSeconds = 0.5;
const triesMax = 6;
/** So often a segment is fetched whose bytes bring nothing to show. */
const segmentTriesMax = 2;
/** The initialization segments kept; there is one for each time the encoder came back. */
const headsMax = 8;

/**
 * Plays a recording in a video element, from any place. The element's own time is the position in the recording. What
 * lies ahead is fetched a segment at a time and no further than half a minute; where a browser cannot be fed, it plays
 * the playlist by itself.
 */
export class ReplayPlayback {
  #video;
  #address;
  #source = null;
  #buffer = null;
  #mimeType = "";
  #kinds = null;
  #init = null;
  #heads = new Map();
  /** How often a segment was appended and did not come to be buffered, for example because its sound is missing. */
  #tries = new Map();
  #stopping = new AbortController();
  #fetching = null;
  #timer = 0;
  #isWorking = false;
  #isBroken = false;
  /** Another quality was chosen, and what is at hand should make room for it. */
  #isOutdated = false;

  #past;
  #captions;
  #variants;

  timeline = null;
  onready = () => {};
  onfault = () => {};

  /** @param past the recording of a show that goes on, which grows; then the address and the epoch are its own */
  constructor(video, address, epoch, past = null) {
    this.#video = video;
    this.#captions = new Captions(video);
    this.#address = address;
    this.#past = past;
    this.#variants = new ReplayVariants(address, epoch, (url, read) => this.#ask(url, read));
  }

  /** Loads the playlist and shows the first frame at `position`. */
  async start(position = 0) {
    try {
      this.timeline = this.#past?.timeline ?? await this.#variants.load();
      if (Source) await this.#open();
      else this.#video.src = this.#address;
      if (position > 0) this.#video.currentTime = Math.min(position, this.timeline.duration - 0.5);
      this.onready();
      if (!Source) return;
      this.#video.addEventListener("seeking", () => this.#sought(), { signal: this.#stopping.signal });
      this.#timer = setInterval(() => this.#tick(), tickMilliseconds);
      this.#tick();
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.onfault(error);
    }
  }

  /** The qualities there are to choose from, the best first; empty where there is no choice or the browser has it. */
  get qualities() {
    return Source && !this.#past ? this.#variants.qualities : [];
  }

  /** What the viewer chose; null for what the network carries. */
  get quality() {
    return this.#variants.chosen;
  }

  set quality(quality) {
    this.#variants.chosen = quality;
    this.#isOutdated = true;
  }

  /** What is to be fetched: the same stretches in whatever quality. */
  get #segments() {
    return (this.#past ? this.timeline : this.#variants.timeline).segments;
  }

  stop() {
    this.#stopping.abort();
    clearInterval(this.#timer);
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  get duration() {
    return this.timeline?.duration ?? 0;
  }

  get position() {
    return this.#video.currentTime;
  }

  /** The show's time of the picture, in milliseconds. */
  get mediaTime() {
    return this.timeline?.mediaTimeAt(this.position) ?? null;
  }

  seek(position) {
    if (!this.timeline) return;
    this.#video.currentTime = Math.max(this.timeline.start, Math.min(position, this.duration - 0.1));
  }

  async #open() {
    this.#source = new Source();
    [this.#buffer, this.#init, this.#mimeType, this.#kinds] = [null, null, "", null];
    const address = URL.createObjectURL(this.#source);
    const opened = new Promise((resolve) => this.#source.addEventListener("sourceopen", resolve, { once: true }));
    this.#video.disableRemotePlayback = true;
    this.#video.src = address;
    await opened;
    URL.revokeObjectURL(address);
    // Room to grow, and finite: of an infinite one a browser lets nobody seek beyond what is buffered.
    this.#source.duration = this.duration + (this.#past ? growthSeconds : 0);
  }

  /** What is being fetched may be of no use at the new place. */
  #sought() {
    this.#tries.clear();
    const wanted = this.timeline.indexAt(this.position);
    if (this.#fetching && Math.abs(this.#fetching.index - wanted) > 2) this.#fetching.cancel.abort();
    this.#tick();
  }

  async #tick() {
    this.#jumpHole();
    this.#hurry();
    if (this.#isWorking || this.#isBroken || this.#stopping.signal.aborted) return;
    this.#isWorking = true;
    try {
      await this.#grow();
      await this.#evict();
      if (!this.#past) await this.#chooseQuality();
      const index = this.#missing();
      if (index !== null) await this.#fetch(index);
    } catch (error) {
      if (!this.#stopping.signal.aborted && error.name !== "AbortError") {
        this.#isBroken = true;
        this.onfault(error);
      }
    } finally {
      this.#isWorking = false;
    }
    if (this.#isBroken || this.#stopping.signal.aborted) return;
    if (this.#missing() !== null) queueMicrotask(() => this.#tick());
  }

  /** What grows is asked for often near its end, and now and then far from it. */
  async #grow() {
    if (!this.#past || this.timeline.hasEnded) return;
    const left = this.duration - this.position;
    await this.#past.refresh(left < aheadSeconds ? 2000 : 30_000, this.#stopping.signal);
    // What the recording no longer reaches back to cannot be waited for.
    if (this.position < this.timeline.start) this.seek(this.timeline.start);
  }

  async #chooseQuality() {
    await this.#variants.step(this.#ahead);
    if (!this.#isOutdated || !this.#buffer) return;
    this.#isOutdated = false;
    this.#tries.clear();
    // What plays now goes on until the next segment begins.
    const next = this.#segments[this.timeline.indexAt(this.position + keptSeconds) + 1];
    if (next && this.#buffer.buffered.length > 0) await this.#do(() => this.#buffer.remove(next.position, Infinity));
  }

  /** Gives a segment up that comes too slowly, where there is a smaller one of it. */
  #hurry() {
    const { index, since, cancel } = this.#fetching ?? {};
    if (this.#past || since === undefined || cancel.signal.aborted) return;
    if (this.#variants.isLate(this.#segments[index], performance.now() - since, this.#ahead)) cancel.abort();
  }

  /** Seconds at hand beyond the playhead. */
  get #ahead() {
    const ranges = this.#buffer?.buffered;
    for (let index = 0; ranges && index < ranges.length; index += 1) {
      if (ranges.start(index) <= this.position + 0.1 && this.position < ranges.end(index)) {
        return ranges.end(index) - this.position;
      }
    }
    return 0;
  }

  /** The first segment from the playhead on that is not here and is wanted soon; null for none. */
  #missing() {
    const segments = this.#segments;
    const position = this.position;
    for (let index = this.timeline.indexAt(position + 0.05); index < segments.length; index += 1) {
      const segment = segments[index];
      if (segment.position > position + aheadSeconds) return null;
      if (!segment.isGap && !this.#isHere(segment) && (this.#tries.get(segment.url) ?? 0) < segmentTriesMax) return this.#firstNeeded(index);
    }
    const isWhole = !this.#past || this.timeline.hasEnded;
    if (isWhole && this.#source?.readyState === "open" && this.#buffer && !this.#buffer.updating) this.#source.endOfStream();
    return null;
  }

  /** A segment that does not begin with a key frame shows nothing without those before it. */
  #firstNeeded(index) {
    const segments = this.#segments;
    while (index > 0 && segments[index].isDependent && !this.#has(segments[index].position - 0.1)) index -= 1;
    return index;
  }

  #isHere(segment) {
    return this.#has(segment.position + segment.duration / 2);
  }

  #has(position) {
    const ranges = this.#buffer?.buffered;
    for (let index = 0; ranges && index < ranges.length; index += 1) {
      if (ranges.start(index) <= position && position < ranges.end(index)) return true;
    }
    return false;
  }

  async #fetch(index) {
    const segment = this.#segments[index];
    const cancel = new AbortController();
    const since = performance.now();
    this.#fetching = { index, cancel, since };
    try {
      const read = async (answer) => {
        const whole = await answer.arrayBuffer();
        this.#variants.came(whole.byteLength, performance.now() - since);
        return whole;
      };
      const [head, bytes] = await Promise.all([this.#head(segment.init), this.#ask(segment.url, read, cancel.signal)]);
      await this.#prepare(segment, head);
      await this.#append(bytes);
      this.#captions.see(new Uint8Array(bytes), this.#buffer.timestampOffset);
      if (this.#isHere(segment)) this.#tries.delete(segment.url);
      else this.#tries.set(segment.url, (this.#tries.get(segment.url) ?? 0) + 1);
    } finally {
      this.#fetching = null;
    }
  }

  /** The initialization segment, with what kind of buffer it wants. */
  async #head(url) {
    const known = this.#heads.get(url);
    if (known) return known;
    const bytes = new Uint8Array(await this.#ask(url, (answer) => answer.arrayBuffer()));
    const [unit] = new MediaUnits().push(bytes);
    if (this.#heads.size >= headsMax) this.#heads.clear();
    this.#heads.set(url, unit);
    return unit;
  }

  /** Another encoding, or another place in the show's time: the buffer is told before the segment comes. */
  async #prepare(segment, head) {
    if (this.#kinds !== null && head.kinds !== this.#kinds) {
      // A SourceBuffer keeps the number and the kinds of its tracks for life.
      const { position } = this;
      const isPlaying = !this.#video.paused;
      await this.#open();
      this.#video.currentTime = position;
      if (isPlaying) this.#video.play().catch(() => {});
    }
    if (!this.#buffer) {
      this.#buffer = this.#source.addSourceBuffer(head.mimeType);
    } else if (head.mimeType !== this.#mimeType) {
      this.#buffer.changeType(head.mimeType);
    }
    [this.#mimeType, this.#kinds] = [head.mimeType, head.kinds];
    const offset = segment.position - segment.mediaTime / 1000;
    if (Math.abs(this.#buffer.timestampOffset - offset) > 0.0005) {
      // After its end was loaded the source has ended: the new offset opens it again, and abort() would throw.
      if (this.#source.readyState === "open") this.#buffer.abort();
      this.#buffer.timestampOffset = offset;
    }
    if (this.#init === segment.init) return;
    await this.#append(head.bytes);
    this.#captions.begin(head.bytes);
    this.#init = segment.init;
  }

  async #append(bytes) {
    try {
      await this.#do(() => this.#buffer.appendBuffer(bytes));
    } catch (error) {
      if (error.name !== "QuotaExceededError") throw error;
      await this.#evict(5);
      await this.#do(() => this.#buffer.appendBuffer(bytes));
    }
  }

  async #evict(behind = behindSeconds) {
    if (!this.#buffer || this.#buffer.buffered.length === 0 || this.#source.readyState !== "open") return;
    const { position } = this;
    const start = this.#buffer.buffered.start(0);
    const end = this.#buffer.buffered.end(this.#buffer.buffered.length - 1);
    if (position - start > behind * 2) await this.#do(() => this.#buffer.remove(0, position - behind));
    if (end - position > aheadSeconds * 3) await this.#do(() => this.#buffer.remove(position + aheadSeconds * 2, Infinity));
  }

  #do(work) {
    const buffer = this.#buffer;
    return new Promise((resolve, reject) => {
      buffer.addEventListener("updateend", resolve, { once: true });
      buffer.addEventListener("error", () => reject(new Error("the browser refused a segment")), { once: true });
      work();
    });
  }

  #jumpHole() {
    const video = this.#video;
    const ranges = this.#buffer?.buffered;
    if (this.timeline && this.#jumpGap()) return;
    if (!ranges || video.readyState > 2 || this.#has(video.currentTime + 0.05)) return;
    for (let index = 0; index < ranges.length; index += 1) {
      const ahead = ranges.start(index) - video.currentTime;
      if (ahead > -0.05 && ahead < holeSeconds) {
        video.currentTime = ranges.start(index) + 0.02;
        return;
      }
    }
  }

  /** Of what is missing in this quality alone nothing comes, however long it is waited for. */
  #jumpGap() {
    const segments = this.#segments;
    let index = this.timeline.indexAt(this.position + 0.05);
    if (!segments[index].isGap || this.#has(this.position + 0.05)) return false;
    while (segments[index]?.isGap) index += 1;
    if (segments[index]) this.#video.currentTime = segments[index].position + 0.02;
    return true;
  }

  async #ask(url, read, cancel) {
    const { signal } = this.#stopping;
    for (let turn = 1; ; turn += 1) {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(15000), ...(cancel ? [cancel] : [])]);
      try {
        const answer = await fetch(url, { signal: patience });
        if (answer.ok) return await read(answer);
        if (answer.status < 500 && answer.status !== 429) throw new Error(`${answer.status} for ${url}`, { cause: "final" });
      } catch (error) {
        if (signal.aborted || cancel?.aborted) throw new DOMException("not wanted any more", "AbortError");
        if (error.cause === "final" || (turn >= triesMax && !this.timeline)) throw error;
      }
      await new Promise((resume) => setTimeout(resume, 250 * 2 ** Math.min(turn, 5) * (0.75 + Math.random() / 2)));
    }
  }
}

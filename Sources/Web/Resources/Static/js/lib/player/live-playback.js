import { Silence, ask, pause } from "./answers.js";
import { Captions } from "./captions.js";
import { fragmentStream } from "./fragment-stream.js";
import { LiveEdge } from "./live-edge.js";
import { BufferFault, MediaBuffer, canBeFed, canPlay } from "./media-buffer.js";
import { qualitiesOf } from "./qualities.js";
import { partStream } from "./part-stream.js";
import { QualityChoice } from "./quality-choice.js";
import { BackOff, Ending, Superseded, Ways, endingOf } from "./ways.js";
import { serverNow } from "../server-time.js";

const tickMilliseconds = 50;
const timeEventMilliseconds = 100;
/** Without a new frame for so long, it is not playing. */
const stillMilliseconds = 700;
/** Less than this ahead of the playhead is as good as nothing. */
const frameSeconds = 0.07;
/** A seek is done by then, or stuck. */
const seekMilliseconds = 1500;
/** A connection that lasted so long was good, and the next try may be made at once. */
const goodMilliseconds = 2000;
/** The media starts so much before what is buffered only when the show's clock was set anew. */
const backwardsSeconds = 15;
/** How far the live edge may run ahead of a pause. */
const pausedSeconds = 10;
/** How long to let the rest play when the show has ended. */
const restMilliseconds = 3000;
const nativeStillMilliseconds = 15_000;
/** How long it may stand still before that counts once more. */
const slowMilliseconds = 1500;
/** How old what is known of the qualities may be. */
const qualitiesMilliseconds = 30_000;

/**
 * Plays a show's stream in a video element, from `start` to `stop`, whatever happens in between: not live yet, a
 * publisher that goes and comes, a server that restarts, a network that fails.
 *
 * Three ways, the best first: the endless fragment stream, low-latency HLS parts, and the browser's own HLS where it
 * cannot be fed. Where nobody chose a quality it goes down to a smaller picture when the network does not carry the best,
 * and up again. Tells `onstate({ state, way, latencyMs })` at each change, `ontime(mediaTime)` in milliseconds about
 * ten times a second while it plays.
 */
export class LivePlayback {
  #video;
  #address;
  #ways;
  #quality;
  /** Decides on the quality; null where the viewer did. */
  #choice;
  #slowAt = -Infinity;
  #qualities = { all: [], askedAt: -Infinity };
  #backOff = new BackOff();
  #edge = new LiveEdge();
  #buffer = null;
  #captions;
  #stopping = new AbortController();
  #connection = null;
  #way = null;
  #waking = null;
  #clock = null;
  #state = null;
  #ending = Ending.absent;
  #endsAt = Infinity;
  #heardAt = 0;
  #soughtAt = -Infinity;
  #moved = { time: 0, at: -Infinity };
  #toldAt = 0;
  #isPaused = false;
  #isAsking = false;
  /** Once it plays, a pause is the viewer's wish, or the browser's that hides the page to save the battery. */
  #isToPlay = true;
  #retryAfter = null;

  onstate = () => {};
  ontime = () => {};

  /**
   * @param address ends with a slash: `stream` and `index.m3u8` lie below it
   * @param allowed the ways that may be taken, as far as this browser can
   * @param quality what the viewer chose (`playlist.js`), null for what the network carries: all but the best comes in
   *   parts only
   */
  constructor(video, address, allowed = ["stream", "parts", "native"], quality = null) {
    this.#video = video;
    this.#address = address;
    this.#captions = new Captions(video);
    this.#quality = quality;
    this.#choice = quality === null && canBeFed && allowed.includes("parts") ? new QualityChoice() : null;
    const fed = quality === null ? ["stream", "parts"] : ["parts"];
    const possible = canBeFed ? fed : ["native"];
    const ways = possible.filter((way) => allowed.includes(way));
    // Told to play natively only, a browser that could be fed tries that too.
    this.#ways = new Ways(ways.length > 0 ? ways : ["native"]);
  }

  start() {
    const { signal } = this.#stopping;
    const video = this.#video;
    // A little faster or slower is not to be heard.
    video.preservesPitch = true;
    video.addEventListener("waiting", () => this.#stalled(), { signal });
    video.addEventListener("pause", () => {
      this.#isPaused = !document.hidden && !video.ended;
    }, { signal });
    video.addEventListener("play", () => {
      if (this.#isPaused) this.#edge.seekToLive();
      this.#isPaused = false;
    }, { signal });
    document.addEventListener("visibilitychange", () => document.hidden || this.#woke(), { signal });
    // A frozen page (https://wicg.github.io/page-lifecycle/) runs again, perhaps still unseen.
    document.addEventListener("resume", () => this.#woke(), { signal });
    addEventListener("online", () => this.wake(), { signal });
    const timer = setInterval(() => this.#tick(), tickMilliseconds);
    signal.addEventListener("abort", () => clearInterval(timer));
    this.#tell("waiting");
    this.#run(signal).catch((error) => {
      if (!signal.aborted) console.error(error);
    });
  }

  /** Lets go of the network and the element. */
  stop() {
    this.#stopping.abort();
    this.#buffer?.close();
    this.#buffer = null;
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  /** Try now: something says that there is something to play. */
  wake() {
    this.#backOff.hurry();
    this.#waking?.abort();
  }

  /** The show is over: plays what is still there and then tells `ended`. */
  end() {
    this.#endsAt = Math.min(this.#endsAt, performance.now() + restMilliseconds);
  }

  get way() {
    return this.#way;
  }

  /** What is played, as `readVariants` names it; null for the best. */
  get quality() {
    return this.#quality;
  }

  /** The show's time of the picture, in milliseconds; null when nothing plays or the browser does not say. */
  get mediaTime() {
    return this.#state === "playing" && this.#way !== "native" ? this.#video.currentTime * 1000 : null;
  }

  /** The show's time at the server now, in milliseconds; null when not known. */
  get liveMediaTime() {
    if (!this.#clock) return null;
    return this.#clock.mediaTime + serverNow() - this.#clock.wallClock;
  }

  /** From the frame's arrival at the server to this screen, in milliseconds; null when not known. */
  get latencyMilliseconds() {
    const { mediaTime } = this;
    if (mediaTime === null || !this.#clock) return null;
    return Math.round(serverNow() - this.#clock.wallClock - (mediaTime - this.#clock.mediaTime));
  }

  /** What the control law aims for, in milliseconds: tells how steady the network is. */
  get marginMilliseconds() {
    return Math.round(this.#edge.margin * 1000);
  }

  async #run(signal) {
    while (!signal.aborted && this.#state !== "ended") {
      const isLower = this.#choice !== null && this.#quality !== null;
      const way = isLower ? "parts" : this.#ways.choose(performance.now());
      const began = performance.now();
      this.#way = way;
      this.#heardAt = 0;
      this.#connection = new AbortController();
      try {
        await this.#take(way, AbortSignal.any([signal, this.#connection.signal]));
        this.#ending = Ending.over;
      } catch (error) {
        signal.throwIfAborted();
        this.#ending = endingOf(error, this.#heardAt > 0);
        if (this.#ending === Ending.unusable) this.#ways.failed(way, performance.now());
        if (this.#ending === Ending.gone) this.end();
        if (error instanceof BufferFault) this.#abandonBuffer();
        this.#retryAfter = error.retryAfter ?? null;
      }
      if (this.#heardAt - began > goodMilliseconds) this.#worked(way);
      await this.#rest(this.#retryAfter ?? this.#backOff.next(this.#ending), signal);
      this.#retryAfter = null;
    }
  }

  /** Waits before the next try, unless woken. */
  async #rest(milliseconds, signal) {
    this.#waking = new AbortController();
    const waking = this.#waking.signal;
    await pause(milliseconds, AbortSignal.any([signal, waking])).catch((error) => {
      if (signal.aborted) throw error;
    });
    this.#waking = null;
  }

  #worked(way) {
    this.#backOff.worked();
    this.#ways.worked(way);
  }

  async #take(way, signal) {
    if (way === "native") return this.#playNatively(signal);
    const units = way === "stream"
      ? fragmentStream(`${this.#address}stream`, signal)
      : partStream(`${this.#address}index.m3u8`, signal, canPlay, this.#quality);
    let isFirst = true;
    for await (const unit of units) {
      signal.throwIfAborted();
      if (unit.kind === "init") {
        await this.#begin(unit);
        isFirst = true;
        continue;
      }
      if (isFirst) this.#meet(unit);
      isFirst = false;
      this.#heardAt = performance.now();
      if (unit.clock) this.#clock = unit.clock;
      // Before the append: that is when the least is buffered, and the least is what counts.
      this.#control();
      this.#buffer.append(unit.bytes);
      this.#captions.see(unit.bytes);
    }
  }

  async #begin(init) {
    if (!this.#buffer?.takes(init)) {
      this.#abandonBuffer();
      this.#buffer = new MediaBuffer(this.#video);
      this.#isToPlay = !this.#isPaused;
      this.#buffer.onappend = () => this.#appended();
      this.#buffer.onfault = (fault) => this.#connection.abort(fault);
    }
    this.#captions.begin(init.bytes);
    await this.#buffer.begin(init);
  }

  /** The first fragment of a connection normally lies near the end of what is here, or beyond. */
  #meet({ time }) {
    const last = this.#buffer.ranges.at(-1);
    if (!last || time > last[1] - backwardsSeconds) return;
    this.#buffer.clear();
    this.#edge.restart();
  }

  #abandonBuffer() {
    this.#buffer?.close();
    this.#buffer = null;
    this.#edge.restart();
  }

  #appended() {
    this.#control();
    if (this.#isToPlay) this.#play();
  }

  async #play() {
    if (this.#isAsking || document.hidden) return;
    this.#isAsking = true;
    try {
      await this.#video.play();
      this.#isToPlay = false;
    } catch (error) {
      // Sound wants a gesture first. Without sound it may begin; the page sees `volumechange` and offers the sound.
      if (error.name === "NotAllowedError") this.#video.muted = true;
    } finally {
      this.#isAsking = false;
    }
  }

  #control() {
    const video = this.#video;
    const now = performance.now();
    if (!this.#buffer) return;
    if (this.#isPaused || (video.paused && document.hidden)) return this.#followPaused(now);
    // A seek may wait for media that has gone from the buffer meanwhile: then another is its only way out.
    if (video.seeking && now - this.#soughtAt < seekMilliseconds) return;
    const { rate, seekTo } = this.#edge.step(now, video.currentTime, this.#buffer.ranges, this.#buffer.isFilling);
    if (seekTo !== null) {
      video.currentTime = seekTo;
      this.#soughtAt = now;
    }
    if (video.playbackRate !== rate) video.playbackRate = rate;
  }

  /** The playhead follows a pause in strides, so that what is kept stays bounded and coming back is quick. */
  #followPaused(now) {
    const live = this.#buffer.ranges.at(-1);
    if (!live || live[1] - this.#video.currentTime < pausedSeconds || now - this.#soughtAt < seekMilliseconds) return;
    this.#video.currentTime = Math.max(live[0], live[1] - this.#edge.margin);
    this.#soughtAt = now;
  }

  #stalled() {
    const now = performance.now();
    const ahead = this.#ahead;
    this.#edge.stalled(now, ahead);
    // With pictures at hand it is this device that does not keep up, or a seek that is under way.
    if (!this.#choice || this.#isPaused || this.#video.seeking || ahead > frameSeconds || this.#heardAt === 0) return;
    this.#choice.stalled(now);
    this.#learnQualities(now);
  }

  /** What there is to choose from, the best first; asked only by those who may have to. */
  async #learnQualities(now) {
    if (now - this.#qualities.askedAt < qualitiesMilliseconds) return;
    this.#qualities.askedAt = now;
    const all = await qualitiesOf(this.#address, this.#stopping.signal);
    if (all.length > 0) this.#qualities.all = all.filter((quality) => quality !== "sound");
  }

  /** Another quality comes by another connection into the same buffer, so that the picture never goes. */
  #chooseQuality(now, isStill) {
    if (!this.#choice) return;
    // It comes, and stands still all the same: that is one more stall each time.
    if (isStill && now - this.#heardAt < stillMilliseconds && now - this.#slowAt > slowMilliseconds) {
      this.#slowAt = now;
      this.#stalled();
    }
    const { all } = this.#qualities;
    const level = this.#choice.step(now, all.length);
    const quality = level === 0 ? null : all[level];
    if (quality === this.#quality) return;
    this.#quality = quality;
    this.#connection?.abort(new Superseded());
    this.wake();
  }

  /** Seconds buffered beyond the playhead. */
  get #ahead() {
    const time = this.#video.currentTime;
    const range = this.#buffer?.ranges.find(([start, end]) => start <= time && time < end);
    return range ? range[1] - time : 0;
  }

  #tick() {
    const now = performance.now();
    this.#control();
    const time = this.#video.currentTime;
    if (time !== this.#moved.time && !this.#video.seeking) this.#moved = { time, at: now };
    const isStill = now - this.#moved.at > stillMilliseconds;
    this.#chooseQuality(now, isStill);
    if (now > this.#endsAt || (isStill && this.#endsAt < Infinity)) this.#finish();
    else if (!isStill && this.#video.readyState > 1) this.#tell("playing");
    else this.#tell(this.#ending === Ending.unreachable && this.#heardAt === 0 ? "offline" : "waiting");
    if (this.#state === "playing" && now - this.#toldAt >= timeEventMilliseconds) {
      this.#toldAt = now;
      this.ontime(this.mediaTime);
    }
  }

  /** Keeps the last frame, and asks for no more. */
  #finish() {
    this.#tell("ended");
    this.#stopping.abort();
    this.#video.pause();
  }

  #tell(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.onstate({ state, way: this.#way, latencyMs: this.latencyMilliseconds });
  }

  #woke() {
    this.#edge.seekToLive();
    if (this.#video.paused && !this.#isPaused && this.#buffer) this.#play();
    // A connection that slept may be dead without knowing it.
    if (this.#heardAt > 0 && performance.now() - this.#heardAt > goodMilliseconds) {
      this.#connection?.abort(new Silence("it slept"));
    }
    this.wake();
  }

  /** The browser's own HLS player. It stops at trouble and is then told to begin again. */
  async #playNatively(signal) {
    const address = `${this.#address}index.m3u8`;
    await ask(address, { signal, patience: nativeStillMilliseconds }, (response) => response.text());
    const video = this.#video;
    const events = new AbortController();
    try {
      await new Promise((resolve, reject) => {
        const on = (target, name, act) => target.addEventListener(name, act, { signal: events.signal });
        on(signal, "abort", () => reject(signal.reason));
        on(video, "ended", resolve);
        on(video, "error", () => reject(new BufferFault(video.error?.message)));
        on(video, "timeupdate", () => {
          this.#heardAt = performance.now();
        });
        const watch = setInterval(() => {
          if (!this.#isPaused && performance.now() - this.#moved.at > nativeStillMilliseconds) resolve();
        }, nativeStillMilliseconds);
        on(events.signal, "abort", () => clearInterval(watch));
        video.src = address;
        this.#play();
      });
    } finally {
      events.abort();
    }
  }
}

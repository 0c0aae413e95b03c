import { ReplayPlayback } from "./replay-playback.js";

const tickMilliseconds = 100;
/** So near its end there is nothing left to look back at: the live picture is the better one. */
const endSeconds = 1;
/** A picture so little before the one that was wanted is that one: sound may begin a frame or two earlier. */
const aimSeconds = 0.5;
/** Waiting so long for what the recording does not bring, live goes on. */
const stuckMilliseconds = 20_000;

/**
 * Plays a show on air from an earlier moment, in the place of `LivePlayback`, from `start` to `stop`. Tells
 * `onstate({ state })` and `ontime(mediaTime)` as that does, and `onlive()` when it has nothing more to show.
 */
export class LookBack {
  #video;
  #past;
  #playback;
  #timer = 0;
  #state = null;
  #movedAt = performance.now();
  /** Where it was told to go, in seconds of the recording, until it is there. */
  #wanted = null;

  way = "past";
  onstate = () => {};
  ontime = () => {};
  onlive = () => {};

  /** @param past a `Past` with a timeline */
  constructor(video, past) {
    this.#video = video;
    this.#past = past;
    this.#playback = new ReplayPlayback(video, null, 0, past);
    this.#playback.onready = () => this.#play();
    this.#playback.onfault = () => this.onlive();
  }

  start(mediaTime) {
    this.#video.playbackRate = 1;
    this.#tell("waiting");
    this.#wanted = this.#past.timeline.positionOf(mediaTime);
    this.#playback.start(this.#wanted);
    this.#timer = setInterval(() => this.#tick(), tickMilliseconds);
  }

  stop() {
    clearInterval(this.#timer);
    this.#playback.stop();
  }

  seek(mediaTime) {
    this.#movedAt = performance.now();
    this.#wanted = this.#past.timeline.positionOf(mediaTime);
    this.#playback.seek(this.#wanted);
    this.ontime(this.mediaTime);
  }

  /** The show's time of the picture, or of the one that is on its way, in milliseconds. */
  get mediaTime() {
    return this.#wanted === null ? this.#playback.mediaTime : this.#past.timeline.mediaTimeAt(this.#wanted);
  }

  async #play() {
    try {
      await this.#video.play();
    } catch (error) {
      if (error.name !== "NotAllowedError" || this.#video.muted) return;
      this.#video.muted = true;
      this.#video.play().catch(() => {});
    }
  }

  #tick() {
    const video = this.#video;
    const now = performance.now();
    const { timeline } = this.#past;
    const isReady = video.readyState > 2 && !video.seeking;
    if (isReady && this.#wanted !== null) {
      if (this.#playback.position < this.#wanted - aimSeconds) this.#playback.seek(this.#wanted);
      else this.#wanted = null;
    }
    const isPlaying = isReady && this.#wanted === null && !video.paused;
    if (isPlaying || video.paused) this.#movedAt = now;
    const isAtEnd = timeline.hasEnded && this.#playback.position > timeline.duration - endSeconds;
    if (video.ended || isAtEnd || now - this.#movedAt > stuckMilliseconds) return this.onlive();
    this.#tell(isPlaying ? "playing" : "waiting");
    return isPlaying ? this.ontime(this.mediaTime) : undefined;
  }

  #tell(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.onstate({ state, way: this.way, latencyMs: null });
  }
}

import { ReplayPlayback } from "../lib/player/replay-playback.js";

const timeEventMilliseconds = 100;

/**
 * A show that can be watched again: `<replay-player src="/replay/…/index.m3u8" epoch="…" poster="…" muted>`, `epoch` the
 * wall clock at media time 0; with `chapters="….vtt"` the browser knows the chapters too.
 *
 * Events: `ready`; `playerstate` `{ state }`: `waiting` | `playing` | `paused` | `ended` | `fault`, also as an attribute;
 * `mediatime` `{ mediaTime }` while it plays and after a seek; `position`; `volumechange`.
 */
export class ReplayPlayer extends HTMLElement {
  #video = null;
  #playback = null;
  #timer = 0;

  connectedCallback() {
    this.#video ??= this.#makeVideo();
    this.replaceChildren(this.#video);
    const address = new URL(this.getAttribute("src"), document.baseURI).href;
    this.#playback = new ReplayPlayback(this.#video, address, Number(this.getAttribute("epoch")));
    this.#playback.onready = () => {
      this.#send("ready");
      this.#play();
    };
    this.#playback.onfault = (error) => {
      console.warn(error);
      this.#tell("fault");
    };
    this.#tell("waiting");
    this.#playback.start(Number(new URLSearchParams(location.search).get("t")) || 0);
    this.#timer = setInterval(() => this.#time(), timeEventMilliseconds);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
    this.#playback?.stop();
    this.#playback = null;
  }

  get video() {
    return this.#video;
  }

  get timeline() {
    return this.#playback?.timeline ?? null;
  }

  /** Seconds from the recording's beginning. */
  get position() {
    return this.#playback?.position ?? 0;
  }

  get duration() {
    return this.#playback?.duration ?? 0;
  }

  /** Milliseconds of the show's time; null before the first frame. */
  get mediaTime() {
    return this.#playback?.mediaTime ?? null;
  }

  get state() {
    return this.getAttribute("state") ?? "waiting";
  }

  get isPaused() {
    return this.#video?.paused ?? true;
  }

  get muted() {
    return this.#video?.muted ?? true;
  }

  set muted(muted) {
    if (this.#video) this.#video.muted = muted;
  }

  /** The qualities there are to choose from, the best first, once it is ready; empty where there is no choice. */
  get qualities() {
    return this.#playback?.qualities ?? [];
  }

  /** One of `qualities`; null for what the network carries. */
  get quality() {
    return this.#playback?.quality ?? null;
  }

  set quality(quality) {
    if (this.#playback) this.#playback.quality = quality;
  }

  /** What is on screen; null before the first picture. */
  get playingQuality() {
    const { videoWidth, videoHeight } = this.#video ?? {};
    return videoWidth > 0 ? `${Math.min(videoWidth, videoHeight)}p` : null;
  }

  seek(position) {
    this.#playback?.seek(position);
    this.#tellTime();
  }

  toggle() {
    if (!this.#video.paused) return this.#video.pause();
    if (this.#video.ended) this.seek(0);
    return this.#play();
  }

  async #play() {
    try {
      await this.#video.play();
    } catch (error) {
      if (error.name !== "NotAllowedError" || this.#video.muted) return;
      // Sound wants a gesture first; the picture does not.
      this.#video.muted = true;
      this.#video.play().catch(() => {});
    }
  }

  #time() {
    const video = this.#video;
    if (this.state === "fault") return;
    if (video.ended) this.#tell("ended");
    else if (video.paused) this.#tell(this.timeline ? "paused" : "waiting");
    else this.#tell(video.readyState > 2 && !video.seeking ? "playing" : "waiting");
    if (!video.paused) this.#tellTime();
  }

  #tellTime() {
    if (!this.timeline) return;
    this.dispatchEvent(new CustomEvent("mediatime", { detail: { mediaTime: this.mediaTime } }));
    this.#send("position");
  }

  #tell(state) {
    if (state === this.getAttribute("state")) return;
    this.setAttribute("state", state);
    this.dispatchEvent(new CustomEvent("playerstate", { detail: { state } }));
  }

  #send(name) {
    this.dispatchEvent(new Event(name));
  }

  #makeVideo() {
    const video = document.createElement("video");
    video.playsInline = true;
    video.muted = this.hasAttribute("muted");
    video.defaultMuted = video.muted;
    if (this.hasAttribute("poster")) video.poster = this.getAttribute("poster");
    if (this.hasAttribute("chapters")) {
      const track = Object.assign(document.createElement("track"), { kind: "chapters", default: true });
      track.src = this.getAttribute("chapters");
      video.append(track);
    }
    video.addEventListener("volumechange", () => this.#send("volumechange"));
    video.addEventListener("click", () => this.toggle());
    for (const name of ["seeked", "pause", "ended"]) video.addEventListener(name, () => this.#tellTime());
    return video;
  }
}

customElements.define("replay-player", ReplayPlayer);

import { LivePlayback } from "../lib/player/live-playback.js";

/** How much may lie between the newest frame and the end of what is recorded: the longest segment. */
const unrecordedMilliseconds = 12_000;
/** A look back that would be shorter shows the live picture. */
const shortestMilliseconds = 3000;
/** How long the last picture covers the change from one to the other. */
const coverMilliseconds = 3000;

/**
 * A show's live picture and sound: `<live-player show="…" src="/live/…/" poster="…" muted></live-player>`.
 *
 * `src` ends with a slash. The element holds one `<video>`; how it looks is the page's affair. It starts by itself,
 * waits where nothing is live, and comes back by itself. `ways`, like `ways="parts native"`, limits the ways it may
 * take.
 *
 * Events:
 * - `playerstate` `{ state, way, latencyMs }`: `waiting` | `playing` | `ended` | `offline`, also as the attribute
 *   `state`; `way` is `stream`, `parts` or `native`.
 * - `mediatime` `{ mediaTime }`: the show's time of the picture in milliseconds, about ten times a second while
 *   playing; null where the browser's own player does not tell.
 * - `lookback` `{ isLookingBack }`: an earlier moment is on screen, or the live one again.
 * - `volumechange`, when the sound went on or off, be it by the browser's rules for autoplay.
 */
export class LivePlayer extends HTMLElement {
  static observedAttributes = ["src", "poster", "ways"];

  #video = null;
  #playback = null;
  #past = null;
  #quality = null;
  /** What tells the time of the show while an earlier moment plays. */
  #clock = null;
  #turn = 0;

  connectedCallback() {
    this.#video ??= this.#makeVideo();
    this.replaceChildren(this.#video);
    this.#start();
  }

  disconnectedCallback() {
    this.#turn += 1;
    this.#playback?.stop();
    this.#playback = null;
  }

  attributeChangedCallback(name, before, after) {
    if (!this.#video || before === after) return;
    if (name === "poster") this.#video.poster = after ?? "";
    else if (this.isConnected) this.#start();
  }

  /** The show's time of the picture in milliseconds; null when nothing plays. */
  get mediaTime() {
    return this.#playback?.mediaTime ?? null;
  }

  /** From the frame's arrival at the server to this screen, in milliseconds; null when not known. */
  get latencyMs() {
    return this.#playback?.latencyMilliseconds ?? null;
  }

  /** How far behind the newest frame the player aims to be, in milliseconds. */
  get marginMs() {
    return this.#playback?.marginMilliseconds ?? null;
  }

  get state() {
    return this.getAttribute("state") ?? "waiting";
  }

  /** `stream`, `parts` or `native`, `past` while looking back; null before the first try. */
  get way() {
    return this.#playback?.way ?? null;
  }

  get video() {
    return this.#video;
  }

  get muted() {
    return this.#video?.muted ?? this.hasAttribute("muted");
  }

  /** Only a gesture may give the sound back; a refusal leaves the picture playing without it. */
  set muted(muted) {
    if (!this.#video) return this.toggleAttribute("muted", muted);
    const video = this.#video;
    const wasPlaying = !video.paused;
    video.muted = muted;
    if (muted || !wasPlaying || !video.paused) return;
    // Refused: the browser has stopped it for that.
    video.muted = true;
    video.play().catch(() => {});
  }

  /** What is recorded of the show so far: a `Past` whose timeline is null where nothing is. */
  async past(age = 2000) {
    const { Past } = await import("../lib/player/past.js");
    this.#past ??= new Past(this.#address);
    await this.#past.refresh(age);
    return this.#past;
  }

  get isLookingBack() {
    return this.way === "past";
  }

  /** The show's time on air now, in milliseconds; while looking back as well. Null when not known. */
  get liveMediaTime() {
    const end = this.#past?.timeline?.lastMediaTime ?? null;
    const now = this.#playback?.liveMediaTime ?? (this.#clock && this.#clock.mediaTime + performance.now() - this.#clock.at);
    if (!this.isLookingBack || end === null) return now ?? end;
    // Nobody may be on air any more.
    return now === null ? end : Math.min(Math.max(now, end), end + unrecordedMilliseconds);
  }

  /** Plays from an earlier moment of the show. Where that is too near, or nothing is recorded, it stays live. */
  async lookBack(mediaTime) {
    this.#turn += 1;
    const turn = this.#turn;
    const [{ LookBack }, { timeline }] = await Promise.all([import("../lib/player/look-back.js"), this.past()]);
    if (turn !== this.#turn || !timeline) return;
    if (mediaTime > timeline.lastMediaTime - shortestMilliseconds) return this.toLive();
    if (this.isLookingBack) return this.#playback.seek(mediaTime);
    const live = this.#playback?.liveMediaTime ?? this.#playback?.mediaTime ?? null;
    this.#clock = live === null ? null : { mediaTime: live, at: performance.now() };
    this.#cover();
    this.#playback?.stop();
    const playback = new LookBack(this.#video, this.#past);
    playback.onlive = () => this.toLive();
    this.#take(playback);
    playback.start(mediaTime);
    this.#tellLookBack();
  }

  /** From an earlier moment back to what is on air. */
  toLive() {
    this.#turn += 1;
    if (!this.isLookingBack) return;
    this.#cover();
    this.#start();
    this.#tellLookBack();
  }

  /** What plays now, as `qualitiesOf` tells; null for the best there is. */
  get playingQuality() {
    return this.#playback?.quality ?? null;
  }

  /** `720p`, `sound` or so, as `qualitiesOf` tells; null for what the network carries. */
  get quality() {
    return this.#quality;
  }

  set quality(quality) {
    if (quality === this.#quality) return;
    this.#quality = quality;
    if (!this.isConnected || this.isLookingBack) return;
    this.#cover();
    this.#start();
  }

  /** Looks at once whether there is something to play, instead of at the next try. */
  wake() {
    this.#playback?.wake?.();
  }

  /** The show has ended: plays what is left, keeps the last picture and asks for no more. */
  end() {
    this.#playback?.end?.();
  }

  get #address() {
    return new URL(this.getAttribute("src"), document.baseURI).href;
  }

  #start() {
    this.#playback?.stop();
    this.#playback = null;
    if (!this.getAttribute("src")) return;
    const ways = this.getAttribute("ways")?.split(/\s+/);
    const playback = new LivePlayback(this.#video, this.#address, ways, this.#quality);
    this.#take(playback);
    playback.start();
  }

  #take(playback) {
    playback.onstate = (detail) => {
      this.setAttribute("state", detail.state);
      if (detail.state === "playing") this.#uncover();
      this.dispatchEvent(new CustomEvent("playerstate", { detail }));
    };
    playback.ontime = (mediaTime) => this.dispatchEvent(new CustomEvent("mediatime", { detail: { mediaTime } }));
    this.#playback = playback;
  }

  #tellLookBack() {
    const { isLookingBack } = this;
    this.toggleAttribute("looking", isLookingBack);
    this.dispatchEvent(new CustomEvent("lookback", { detail: { isLookingBack } }));
  }

  /** The picture stays until the next one comes. */
  #cover() {
    this.#uncover();
    const { videoWidth: width, videoHeight: height } = this.#video;
    if (!width) return;
    const still = Object.assign(document.createElement("canvas"), { width, height });
    still.getContext("2d").drawImage(this.#video, 0, 0);
    this.append(still);
    setTimeout(() => still.remove(), coverMilliseconds);
  }

  #uncover() {
    this.querySelector("canvas")?.remove();
  }

  #makeVideo() {
    const video = document.createElement("video");
    video.playsInline = true;
    video.autoplay = true;
    video.muted = this.hasAttribute("muted");
    video.defaultMuted = video.muted;
    if (this.hasAttribute("poster")) video.poster = this.getAttribute("poster");
    video.addEventListener("volumechange", () => this.dispatchEvent(new Event("volumechange")));
    return video;
  }
}

customElements.define("live-player", LivePlayer);

import { LivePlayback } from "../lib/player/live-playback.js";

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
 * - `volumechange`, when the sound went on or off, be it by the browser's rules for autoplay.
 */
export class LivePlayer extends HTMLElement {
  static observedAttributes = ["src", "poster", "ways"];

  #video = null;
  #playback = null;
  #serverTimeOffset = 0;

  connectedCallback() {
    this.#video ??= this.#makeVideo();
    this.replaceChildren(this.#video);
    this.#start();
  }

  disconnectedCallback() {
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

  /** `stream`, `parts` or `native`; null before the first try. */
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

  /** Milliseconds to add to this device's clock to get the server's: makes `latencyMs` right. */
  get serverTimeOffset() {
    return this.#serverTimeOffset;
  }

  set serverTimeOffset(milliseconds) {
    this.#serverTimeOffset = milliseconds;
    if (this.#playback) this.#playback.serverTimeOffset = milliseconds;
  }

  /** Looks at once whether there is something to play, instead of at the next try. */
  wake() {
    this.#playback?.wake();
  }

  /** The show has ended: plays what is left, keeps the last picture and asks for no more. */
  end() {
    this.#playback?.end();
  }

  #start() {
    this.#playback?.stop();
    this.#playback = null;
    const address = this.getAttribute("src");
    if (!address) return;
    const ways = this.getAttribute("ways")?.split(/\s+/);
    const playback = new LivePlayback(this.#video, new URL(address, document.baseURI).href, ways);
    playback.serverTimeOffset = this.#serverTimeOffset;
    playback.onstate = (detail) => {
      this.setAttribute("state", detail.state);
      this.dispatchEvent(new CustomEvent("playerstate", { detail }));
    };
    playback.ontime = (mediaTime) => this.dispatchEvent(new CustomEvent("mediatime", { detail: { mediaTime } }));
    this.#playback = playback;
    playback.start();
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

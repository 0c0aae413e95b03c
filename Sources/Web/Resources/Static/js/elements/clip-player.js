const timeEventMilliseconds = 250;

/**
 * A clip: `<replay-player from="…"><video …></video></replay-player>`, `from` the show's time at its beginning, in
 * milliseconds. It plays by itself, without sound where the browser wants that, and begins again at its end.
 *
 * Events as the player of a replay has them: `playerstate` `{ state }`, also as an attribute; `mediatime`
 * `{ mediaTime }` while it plays; `volumechange`.
 */
export class ClipPlayer extends HTMLElement {
  #video = null;
  #timer = 0;

  connectedCallback() {
    this.#video = this.querySelector("video");
    const video = this.#video;
    video.controls = false;
    video.addEventListener("click", () => this.toggle());
    video.addEventListener("volumechange", () => this.dispatchEvent(new Event("volumechange")));
    document.addEventListener("keydown", (event) => {
      if (!this.isConnected || event.target.closest("input, textarea, select, button, a, dialog, [contenteditable]")) return;
      if (event.key === " " || event.key === "k") {
        event.preventDefault();
        this.toggle();
      } else if (event.key === "m") {
        video.muted = !video.muted;
      }
    });
    this.#tell("waiting");
    this.#timer = setInterval(() => this.#time(), timeEventMilliseconds);
    this.#play();
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
  }

  get video() {
    return this.#video;
  }

  /** Milliseconds of the show's time; null before the first frame. */
  get mediaTime() {
    return this.#video.readyState > 1 ? Number(this.getAttribute("from")) + this.#video.currentTime * 1000 : null;
  }

  get state() {
    return this.getAttribute("state") ?? "waiting";
  }

  get muted() {
    return this.#video?.muted ?? true;
  }

  set muted(muted) {
    if (!this.#video) return;
    this.#video.muted = muted;
    this.#play();
  }

  toggle() {
    if (this.#video.paused) this.#play();
    else this.#video.pause();
  }

  async #play() {
    const video = this.#video;
    try {
      await video.play();
    } catch (error) {
      if (error.name !== "NotAllowedError" || video.muted) return;
      // Sound wants a gesture first; the picture does not.
      video.muted = true;
      video.play().catch(() => {});
    }
  }

  #time() {
    const video = this.#video;
    if (video.error) this.#tell("fault");
    else if (video.paused) this.#tell(video.readyState > 1 ? "paused" : "waiting");
    else this.#tell(video.readyState > 2 && !video.seeking ? "playing" : "waiting");
    if (!video.paused && this.mediaTime !== null) {
      this.dispatchEvent(new CustomEvent("mediatime", { detail: { mediaTime: this.mediaTime } }));
    }
  }

  #tell(state) {
    if (state === this.getAttribute("state")) return;
    this.setAttribute("state", state);
    this.dispatchEvent(new CustomEvent("playerstate", { detail: { state } }));
  }
}

customElements.define("replay-player", ClipPlayer);

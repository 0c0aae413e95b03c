import { clock } from "../lib/clock-text.js";
import { h, part, say } from "../lib/dom.js";
import { canFill, canInset, captionsOf, showsCaptions, toggleCaptions, toggleFull, toggleInset } from "../lib/player/screen.js";
import { t } from "../lib/strings.js";

const stride = 10;

/** Play, seek and look around in a replay: a bar with a mark for each product that came on screen. */
export class ReplayControls extends HTMLElement {
  #player;
  #room;
  #bar;
  #chapters = [];
  #isDragging = false;

  connectedCallback() {
    const live = this.closest("live-room");
    this.#room = live.room;
    this.#player = live.querySelector("replay-player");
    this.#bar = this.querySelector("input");
    this.#bar.addEventListener("input", () => this.#dragged());
    this.#bar.addEventListener("change", () => this.#dropped());
    this.#bar.addEventListener("keydown", (event) => this.#key(event));
    part(this, "play").addEventListener("click", () => this.#player.toggle());
    part(this, "back").addEventListener("click", () => this.#move(-stride));
    part(this, "forward").addEventListener("click", () => this.#move(stride));
    part(this, "captions").addEventListener("click", () => this.#captions());
    this.#select.addEventListener("change", () => {
      this.#player.quality = this.#select.value || null;
    });
    for (const [name, can, toggle] of [
      ["inset", canInset, () => toggleInset(this.#player.video)],
      ["full", canFill, () => toggleFull(live, this.#player.video)],
    ]) {
      part(this, name).hidden = !can(this.#player.video ?? {});
      part(this, name).addEventListener("click", toggle);
    }
    this.#player.addEventListener("ready", () => this.#begin());
    this.#player.addEventListener("position", () => this.#show());
    this.#player.addEventListener("playerstate", () => this.#showState());
    this.#room.addEventListener("chapters", ({ detail }) => this.#mark(detail));
    this.#room.goods.addEventListener("change", () => this.#mark(this.#room.chapters));
    document.addEventListener("keydown", (event) => {
      if (!this.isConnected || event.target.closest("input, textarea, select, button, a, dialog, [contenteditable]")) return;
      this.#key(event);
    });
    this.hidden = false;
    if (this.#player.timeline) this.#begin();
    this.#showState();
  }

  get #select() {
    return part(this, "quality").querySelector("select");
  }

  #offerQualities() {
    const { qualities } = this.#player;
    const options = ["", ...qualities].map((value) => h("option", { value }, value));
    this.#select.replaceChildren(...options);
    part(this, "quality").hidden = qualities.length === 0;
    this.#tellQuality();
  }

  /** What “automatic” plays now. */
  #tellQuality() {
    const automatic = this.#select.querySelector("option[value='']");
    const playing = this.#player.quality === null ? this.#player.playingQuality : null;
    if (automatic) say(automatic, playing ? `${t("replay.automatic")} (${playing})` : t("replay.automatic"));
  }

  #begin() {
    this.#offerQualities();
    this.#bar.max = String(Math.round(this.#player.duration * 10) / 10);
    this.#bar.disabled = false;
    this.#mark(this.#room.chapters);
    this.#show();
  }

  /** `chapters`: `[{ mediaTime, product }]`. Two at one place are one. */
  #mark(chapters) {
    const { timeline, duration } = this.#player;
    if (!timeline) return;
    const marks = chapters.map(({ mediaTime, product }) => ({
      position: timeline.positionOf(mediaTime), title: this.#room.goods.product(product)?.title ?? "",
    }));
    this.#chapters = marks.filter(({ position }, index) => marks[index + 1]?.position !== position);
    part(this, "marks").replaceChildren(...this.#chapters.map(({ position }) => {
      const mark = h("i");
      mark.style.insetInlineStart = `${(position / duration) * 100}%`;
      return mark;
    }));
    this.#show();
  }

  #chapterAt(position) {
    return this.#chapters.findLast((chapter) => chapter.position <= position + 0.05)?.title ?? "";
  }

  #dragged() {
    this.#isDragging = true;
    this.#showAt(Number(this.#bar.value));
  }

  #dropped() {
    this.#isDragging = false;
    this.#player.seek(Number(this.#bar.value));
  }

  #move(seconds) {
    this.#player.seek(this.#player.position + seconds);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { duration } = this.#player;
    const keys = {
      " ": () => this.#player.toggle(), k: () => this.#player.toggle(),
      ArrowLeft: () => this.#move(-stride), ArrowRight: () => this.#move(stride),
      j: () => this.#move(-stride), l: () => this.#move(stride),
      PageDown: () => this.#chapter(-1), PageUp: () => this.#chapter(1),
      Home: () => this.#player.seek(0), End: () => this.#player.seek(duration - 2),
      m: () => { this.#player.muted = !this.#player.muted; },
      f: () => toggleFull(this.#player.closest("live-room"), this.#player.video),
      p: () => toggleInset(this.#player.video), c: () => this.#captions(),
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  #captions() {
    toggleCaptions(this.#player.video);
    this.#showCaptions();
  }

  #showCaptions() {
    const button = part(this, "captions");
    button.hidden = captionsOf(this.#player.video).length === 0;
    button.setAttribute("aria-pressed", String(showsCaptions(this.#player.video)));
  }

  /** To the next product that was shown, or the one before. */
  #chapter(direction) {
    const { position } = this.#player;
    const next = direction > 0
      ? this.#chapters.find((chapter) => chapter.position > position + 0.5)
      : this.#chapters.findLast((chapter) => chapter.position < position - 2);
    if (next || direction < 0) this.#player.seek(next?.position ?? 0);
  }

  #show() {
    if (this.#isDragging) return;
    this.#bar.value = String(this.#player.position);
    this.#showAt(this.#player.position);
  }

  #showAt(position) {
    const { duration } = this.#player;
    const title = this.#chapterAt(position);
    this.style.setProperty("--played", `${duration > 0 ? (position / duration) * 100 : 0}%`);
    say(part(this, "time"), clock(position));
    say(part(this, "length"), clock(duration));
    say(part(this, "chapter"), title);
    const words = t("replay.place", { time: clock(position), length: clock(duration) });
    this.#bar.setAttribute("aria-valuetext", title ? `${words}, ${title}` : words);
    this.#showCaptions();
    this.#tellQuality();
  }

  #showState() {
    const { isPaused, state } = this.#player;
    const button = part(this, "play");
    const use = button.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, isPaused ? "#play" : "#pause"));
    button.setAttribute("aria-label", t(isPaused ? "replay.play" : "replay.pause"));
    part(this, "fault").hidden = state !== "fault";
    this.toggleAttribute("waiting", state === "waiting");
  }
}

customElements.define("replay-controls", ReplayControls);

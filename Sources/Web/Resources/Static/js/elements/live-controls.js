import { clock } from "../lib/clock-text.js";
import { h, icon, part, say } from "../lib/dom.js";
import { isPlayerKey, keyOf } from "../lib/player-keys.js";
import { qualitiesOf } from "../lib/player/qualities.js";
import { canFill, canInset, captionsOf, showsCaptions, toggleCaptions, toggleFull, toggleInset } from "../lib/player/screen.js";
import { t } from "../lib/strings.js";

const strideMilliseconds = 10_000;
const shownMilliseconds = 5000;
const tickMilliseconds = 250;
/** How old what is known of the recording may be while the bar is on screen. */
const freshMilliseconds = 10_000;
/** A bar let go of so near its end means live. */
const nearMilliseconds = 5000;

/**
 * Look back in a show on air, and the player's other switches: comes when somebody reaches for the picture or presses
 * one of the player's keys, goes by itself, and stays for as long as an earlier moment is on screen.
 */
export class LiveControls extends HTMLElement {
  #live;
  #player;
  #past = null;
  #chapters = [];
  #qualities = null;
  #isDragging = false;
  #hideTimer = 0;
  #ticker = 0;
  #stopping = null;

  connectedCallback() {
    this.#live = this.closest("live-room");
    this.#player = this.#live.querySelector("live-player");
    this.className = "replay-controls live-controls";
    if (this.childElementCount === 0) this.#build();
    this.#listen();
    styles();
  }

  disconnectedCallback() {
    clearInterval(this.#ticker);
    clearTimeout(this.#hideTimer);
    this.#stopping?.abort();
  }

  /** Somebody reached for the picture, or pressed a key that is ours. */
  reached(event) {
    if (event.type === "keydown") return this.#key(event);
    if (event.type === "click" && !this.hidden && !this.#player.isLookingBack && event.detail > 0) return this.#hide();
    this.#show();
    // Pressed without a pointer: whoever did so goes on in the controls.
    if (event.type === "click" && event.detail === 0) part(this, "play").focus();
  }

  #build() {
    const button = (name, label, picture, act) => h("button", {
      class: "button round glass", type: "button", "data-part": name, "aria-label": label, click: act,
    }, icon(picture));
    this.hidden = true;
    this.append(
      h("p", { class: "notice warn small", "data-part": "none", role: "status", hidden: true }, t("replay.noPast")),
      h("div", { class: "deck upper" },
        h("p", { class: "clock" },
          h("span", { class: "number", "data-part": "behind" }), h("span", { class: "title", "data-part": "chapter" })),
        h("label", { class: "quality glass", "data-part": "quality", hidden: true },
          h("span", { class: "unseen" }, t("replay.quality")), h("select", { change: () => this.#chooseQuality() }))),
      h("div", { class: "seek" },
        h("span", { class: "seek-track" }, h("span", { class: "seek-marks", "data-part": "marks" })),
        h("input", {
          type: "range", min: 0, max: 1, step: 1, value: 1, disabled: true, "aria-label": t("replay.liveSeek"),
        })),
      h("div", { class: "deck" },
        button("play", t("replay.pause"), "pause", () => this.#toggle()),
        button("back", t("replay.back"), "rewind", () => this.#move(-1)),
        button("forward", t("replay.forward"), "forward", () => this.#move(1)),
        h("button", { class: "button to-live", type: "button", "data-part": "to-live", click: () => this.#toLive() },
          h("i", { class: "dot" }), t("replay.live")),
        button("captions", t("replay.captions"), "captions", () => this.#captions()),
        button("inset", t("replay.inset"), "inset", () => this.#inset()),
        button("full", t("replay.fullScreen"), "full", () => this.#full())));
  }

  #listen() {
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    const reach = part(this.#live, "reach");
    const { room } = this.#live;
    const on = (target, name, act) => target.addEventListener(name, act, { signal });
    on(reach, "click", (event) => this.reached(event));
    on(reach, "pointermove", (event) => event.pointerType === "mouse" && this.#show());
    on(document, "keydown", (event) => isPlayerKey(event) && this.#key(event));
    on(this, "pointermove", () => this.#stay());
    on(this, "focusin", () => this.#show());
    on(this.#bar, "input", () => this.#dragged());
    on(this.#bar, "change", () => this.#dropped());
    on(this.#bar, "keydown", (event) => this.#barKey(event));
    on(room, "chapters", () => this.#mark());
    on(room.goods, "change", () => this.#mark());
    on(room, "ended", () => this.#hide());
    on(this.#player, "lookback", () => this.#show());
    for (const name of ["play", "pause"]) on(this.#player.video, name, () => this.#refresh());
  }

  get #bar() {
    return this.querySelector("input");
  }

  /** Shows what there is, and asks for what is not known yet. */
  #show() {
    this.#stay();
    if (!this.hidden) return this.#refresh();
    this.hidden = false;
    this.#live.toggleAttribute("controls", true);
    part(this.#live, "reach").setAttribute("aria-expanded", "true");
    this.#follow();
    this.#refresh();
    return this.#learn();
  }

  #follow() {
    clearInterval(this.#ticker);
    if (!this.hidden || this.#live.querySelector(".readout")) {
      this.#ticker = setInterval(() => this.#refresh(), tickMilliseconds);
    }
  }

  #hide() {
    if (this.#player.isLookingBack && this.#live.room.state === "live") return;
    if (this.contains(document.activeElement)) part(this.#live, "reach").focus({ preventScroll: true });
    this.hidden = true;
    this.#live.toggleAttribute("controls", false);
    part(this.#live, "reach").setAttribute("aria-expanded", "false");
    this.#follow();
  }

  #stay() {
    clearTimeout(this.#hideTimer);
    this.#hideTimer = setTimeout(() => {
      if (this.#isDragging || this.contains(document.activeElement) || this.matches(":hover")) this.#stay();
      else this.#hide();
    }, shownMilliseconds);
  }

  async #learn() {
    const [past] = await Promise.all([this.#player.past(), this.#live.room.remember(), this.#offerQualities()]);
    this.#past = past;
    const isThere = past.timeline !== null;
    part(this, "none").hidden = isThere || this.#player.way === "native";
    for (const name of ["back", "forward"]) part(this, name).disabled = !isThere;
    this.#bar.disabled = !isThere;
    this.#mark();
  }

  /** The stretch the bar spans, in seconds of the recording: from its beginning to what is on air now. */
  get #span() {
    const timeline = this.#past?.timeline;
    const { liveMediaTime } = this.#player;
    if (!timeline || liveMediaTime === null) return null;
    const beyond = Math.max(0, liveMediaTime - timeline.lastMediaTime) / 1000;
    return { timeline, from: timeline.start, to: timeline.duration + Math.min(beyond, 60) };
  }

  #mark() {
    const span = this.#span;
    if (!span) return;
    const { timeline, from, to } = span;
    const marks = this.#live.room.chapters.map(({ mediaTime, product }) => ({
      mediaTime, position: timeline.positionOf(mediaTime), title: this.#live.room.goods.product(product)?.title ?? "",
    }));
    // What was pinned before the recording's beginning was still pinned then; two at one place are one.
    this.#chapters = marks.filter(({ position }, index) => marks[index + 1]?.position !== position);
    const shown = this.#chapters.filter(({ position }) => position > from);
    part(this, "marks").replaceChildren(...shown.map(({ position }) => {
      const mark = h("i");
      mark.style.insetInlineStart = `${(Math.min(1, (position - from) / (to - from))) * 100}%`;
      return mark;
    }));
    this.#tellChapters(from);
    this.#refresh();
  }

  /** The chapters as the browser knows them, for what reads a video's text tracks. */
  #tellChapters(from) {
    const { video, isLookingBack } = this.#player;
    const track = Array.from(video.textTracks).find(({ kind }) => kind === "chapters")
      ?? video.addTextTrack("chapters", t("live.products"), document.documentElement.lang);
    track.mode = "hidden";
    for (const cue of Array.from(track.cues ?? [])) track.removeCue(cue);
    if (!isLookingBack) return;
    this.#chapters.forEach(({ position, title }, at) => {
      const end = this.#chapters[at + 1]?.position ?? Number.MAX_SAFE_INTEGER;
      if (end > from) track.addCue(new VTTCue(Math.max(from, position), end, title));
    });
  }

  #refresh() {
    const { video, isLookingBack } = this.#player;
    const play = part(this, "play");
    const use = play.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, video.paused ? "#play" : "#pause"));
    play.setAttribute("aria-label", t(video.paused ? "replay.play" : "replay.pause"));
    part(this, "inset").hidden = !canInset(video);
    part(this, "full").hidden = !canFill(video);
    part(this, "captions").hidden = captionsOf(video).length === 0;
    part(this, "captions").setAttribute("aria-pressed", String(showsCaptions(video)));
    this.toggleAttribute("looking", isLookingBack);
    this.#readOut();
    this.#tellQuality();
    if (!this.hidden) this.#past?.refresh(freshMilliseconds);
    const span = this.#span;
    if (!span) return this.#showBehind(0);
    this.#bar.min = String(Math.floor(span.from));
    this.#bar.max = String(Math.ceil(span.to));
    if (this.#isDragging) return undefined;
    const { mediaTime } = this.#player;
    const position = isLookingBack && mediaTime !== null ? span.timeline.positionOf(mediaTime) : span.to;
    this.#bar.value = String(Math.round(position));
    return this.#showAt(position, span);
  }

  #showAt(position, { from, to }) {
    const share = to > from ? (position - from) / (to - from) : 1;
    this.style.setProperty("--played", `${Math.min(1, Math.max(0, share)) * 100}%`);
    const title = this.#chapters.findLast((chapter) => chapter.position <= position + 0.05)?.title ?? "";
    say(part(this, "chapter"), title);
    const behind = this.#isDragging || this.#player.isLookingBack ? to - position : 0;
    this.#showBehind(behind);
    const words = behind > 0 ? t("replay.agoPlace", { time: clock(behind) }) : t("replay.live");
    this.#bar.setAttribute("aria-valuetext", title ? `${words}, ${title}` : words);
  }

  #showBehind(seconds) {
    const button = part(this, "to-live");
    say(part(this, "behind"), seconds > 0 ? `−${clock(seconds)}` : "");
    button.disabled = seconds <= 0;
    const behind = t("replay.behind", { time: clock(seconds) });
    const label = seconds > 0 ? `${t("replay.toLive")}, ${behind}` : t("replay.live");
    button.setAttribute("aria-label", label);
    button.title = label;
  }

  #dragged() {
    this.#isDragging = true;
    this.#stay();
    const span = this.#span;
    if (span) this.#showAt(Number(this.#bar.value), span);
  }

  #dropped() {
    this.#isDragging = false;
    const span = this.#span;
    if (span) this.#goTo(Number(this.#bar.value), span);
  }

  async #goTo(position, { timeline, to }) {
    if (position > to - nearMilliseconds / 1000) return this.#toLive();
    await this.#live.room.remember();
    await this.#player.lookBack(timeline.mediaTimeAt(Math.max(timeline.start, position)));
    return this.#mark();
  }

  #toLive() {
    this.#player.toLive();
    if (this.#player.video.paused) this.#player.video.play().catch(() => {});
    this.#refresh();
  }

  /** Ten seconds on or back, in the show as it was recorded. */
  async #move(direction) {
    this.#show();
    if (!this.#span) await this.#learn();
    const span = this.#span;
    if (!span) return;
    const { isLookingBack, mediaTime } = this.#player;
    if (!isLookingBack && direction > 0) return;
    const position = isLookingBack && mediaTime !== null ? span.timeline.positionOf(mediaTime) : span.to;
    await this.#goTo(position + (direction * strideMilliseconds) / 1000, span);
  }

  #toggle() {
    const { video } = this.#player;
    if (video.paused) video.play().catch(() => {});
    else video.pause();
  }

  #barKey(event) {
    const acts = {
      Home: () => this.#span && this.#goTo(this.#span.from, this.#span), End: () => this.#toLive(),
      ArrowLeft: () => this.#move(-1), ArrowRight: () => this.#move(1),
    };
    if (!acts[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    acts[event.key]();
  }

  #key(event) {
    const acts = {
      " ": () => this.#toggle(), ArrowLeft: () => this.#move(-1), ArrowRight: () => this.#move(1),
      m: () => { this.#player.muted = !this.#player.muted; },
      f: () => this.#full(), l: () => this.#toLive(), c: () => this.#captions(), p: () => this.#inset(),
      i: () => this.#toggleReadOut(),
    };
    if (!event.defaultPrevented && event.cancelable) event.preventDefault();
    acts[keyOf(event)]?.();
    if (keyOf(event) !== "m" && keyOf(event) !== "i") this.#show();
  }

  #captions() {
    toggleCaptions(this.#player.video);
    this.#refresh();
  }

  #inset() {
    toggleInset(this.#player.video);
  }

  #full() {
    toggleFull(this.#live, this.#player.video);
  }

  async #offerQualities() {
    this.#qualities = await qualitiesOf(new URL(this.#player.getAttribute("src"), document.baseURI).href);
    part(this, "quality").hidden = this.#qualities.length === 0;
    const words = (quality) => (quality === "sound" ? t("replay.soundOnly") : quality);
    // With one picture alone there is nothing to choose but it.
    const pictures = this.#qualities.filter((quality) => quality !== "sound");
    const others = pictures.length > 1 ? this.#qualities : this.#qualities.slice(1);
    const chosen = this.#player.quality ?? "";
    this.querySelector("select").replaceChildren(...(pictures.length > 0 ? [["", ""]] : [])
      .concat(others.map((quality) => [quality, words(quality)]))
      .map(([value, text]) => h("option", { value, selected: value === chosen }, text)));
    this.#tellQuality();
  }

  /** What “automatic” plays now. */
  #tellQuality() {
    const automatic = this.querySelector("select option[value='']");
    if (!automatic) return;
    const playing = this.#player.quality === null ? this.#player.playingQuality ?? this.#qualities[0] : this.#qualities[0];
    say(automatic, `${t("replay.automatic")} (${playing})`);
  }

  #chooseQuality() {
    this.#player.quality = this.querySelector("select").value || null;
    this.#refresh();
  }

  #toggleReadOut() {
    const shown = this.#live.querySelector(".readout");
    if (shown) shown.remove();
    else this.#live.querySelector(".marquee").after(h("p", { class: "readout link-state number" }));
    this.#follow();
    this.#readOut();
  }

  #readOut() {
    const line = this.#live.querySelector(".readout");
    if (!line) return;
    const { video, way, marginMs, isLookingBack, liveMediaTime, mediaTime } = this.#player;
    const latencyMs = isLookingBack ? Math.round(liveMediaTime - mediaTime) : this.#player.latencyMs;
    const { droppedVideoFrames: dropped } = video.getVideoPlaybackQuality();
    say(line, t("replay.readout", {
      way: way ?? "–", latency: latencyMs ?? "–", margin: marginMs ?? "–", rate: video.playbackRate.toFixed(2),
      size: `${video.videoWidth}×${video.videoHeight}`, dropped,
    }));
  }
}

/** The bar looks as a replay's does; its sheet comes with these controls. */
function styles() {
  const base = document.querySelector('link[href$="/css/room.css"]')?.href;
  if (!base || document.querySelector('link[href$="/css/replay.css"]')) return;
  document.head.append(h("link", { rel: "stylesheet", href: base.replace("room.css", "replay.css") }));
}

customElements.define("live-controls", LiveControls);

import { clock } from "../lib/clock-text.js";
import { h, part, say } from "../lib/dom.js";
import { keepTime, TICK_MILLISECONDS, until } from "../lib/server-time.js";
import { t } from "../lib/strings.js";

/** How long a countdown that has come to its end is still seen. */
const TAIL_MILLISECONDS = 6000;

/** A line of the host's above the picture: an announcement, or a countdown. It goes by itself, by the server's clock. */
export class BannerCard extends HTMLElement {
  #live;
  #banner = null;
  #ticking = 0;
  /** Where a replay's playhead is, and since when. */
  #reached = 0;

  connectedCallback() {
    this.#live = this.closest("live-room");
    if (!this.#live.room.isReplay) return;
    this.#live.querySelector("replay-player")?.addEventListener("mediatime", ({ detail }) => {
      if (detail.mediaTime !== null) this.#reached = detail.mediaTime;
    });
  }

  disconnectedCallback() {
    clearInterval(this.#ticking);
  }

  /** What the room says of it: `banner_shown`, `banner_hidden`, what is on screen, or null. */
  tell(told) {
    if (told?.kind === "banner_hidden") {
      if (told.banner !== this.#banner?.banner && told.reached === undefined) return;
      told = null;
    }
    if (told) this.#reached = told.reached ?? told.mediaTime ?? this.#reached;
    this.#show(told);
  }

  /** Of a replay by its picture, else by the server's clock. */
  get #left() {
    const { endsAt, endMediaTime } = this.#banner;
    return this.#live.room.isReplay ? Number(endMediaTime) - this.#reached : until(endsAt);
  }

  get #isCountdown() {
    return this.#banner.isCountdown === "true";
  }

  get #isOver() {
    return this.#left <= (this.#isCountdown ? -TAIL_MILLISECONDS : 0);
  }

  #show(banner) {
    clearInterval(this.#ticking);
    this.#banner = banner;
    if (!banner || this.#isOver) return this.#hide();
    keepTime();
    const { link } = banner;
    this.replaceChildren(h("p", { class: "banner glass" },
      h("span", { class: "banner-text", role: "status" }, banner.text),
      this.#isCountdown && h("span", { class: "banner-time number", "data-part": "time", role: "timer" }),
      link && h("button", { class: "button banner-link", type: "button", click: () => this.#live.drawer.openProduct(link) }, t("onscreen.show"))));
    this.#ticking = setInterval(() => this.#tick(), TICK_MILLISECONDS);
    return this.#tick();
  }

  #hide() {
    clearInterval(this.#ticking);
    this.#banner = null;
    this.replaceChildren();
  }

  #tick() {
    if (this.#isOver) return this.#hide();
    if (!this.#isCountdown) return undefined;
    const left = this.#left;
    this.firstElementChild.classList.toggle("due", left <= 0);
    return say(part(this, "time"), left > 0 ? clock(Math.ceil(left / 1000)) : t("onscreen.now"));
  }
}

/** Its place is below the names, above everything else. */
export function make(live) {
  const card = new BannerCard();
  live.querySelector(".marquee").after(card);
  return card;
}

customElements.define("banner-card", BannerCard);

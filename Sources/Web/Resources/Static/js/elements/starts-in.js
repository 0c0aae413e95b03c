import { plural, t } from "../lib/strings.js";

const MINUTE = 60_000;

/**
 * How long it is until a show: `<starts-in datetime="…" now="…">`, `now` being the server's time when the page was made.
 * What the server wrote stands until then.
 */
class StartsIn extends HTMLElement {
  #timer = 0;
  #begins = 0;
  /** What is to be added to `performance.now()` for the server's time; the page may have lain in a cache of its own. */
  #ahead = 0;

  connectedCallback() {
    this.#begins = Date.parse(this.getAttribute("datetime"));
    const made = Date.parse(this.getAttribute("now"));
    if (Number.isNaN(this.#begins) || Number.isNaN(made)) return;
    const [navigation] = performance.getEntriesByType("navigation");
    this.#ahead = made - (navigation?.responseStart ?? 0);
    this.#show();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  #show() {
    const left = this.#begins - (performance.now() + this.#ahead);
    this.textContent = text(left);
    if (left <= 0) return;
    // By the second within the last hour, else with the minutes.
    const next = left < 60 * MINUTE ? left % 1000 || 1000 : left % MINUTE || MINUTE;
    this.#timer = setTimeout(() => this.#show(), next + 20);
  }
}

function text(left) {
  const minutes = Math.ceil(left / MINUTE);
  if (left <= 0) return t("until.now");
  if (left < 60 * MINUTE) {
    const seconds = Math.ceil(left / 1000);
    return t("until.clock", { time: `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` });
  }
  if (left < 24 * 60 * MINUTE) return t("until.hours", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
  return plural("until.days", Math.floor(left / (24 * 60 * MINUTE)));
}

customElements.define("starts-in", StartsIn);

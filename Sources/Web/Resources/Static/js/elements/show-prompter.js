import { part } from "../lib/dom.js";

const KEPT = "haat-prompter";
// Letters in twentieths of a rem, lines a minute: what is comfortable from a metre away, and how far one can go.
const SIZES = { least: 24, most: 160, first: 48, step: 8 };
const SPEEDS = { least: 4, most: 60, first: 18, step: 2 };
const LINE = 1.4;

/** Notes that run by themselves, at the reader's pace. A hand that scrolls is followed, and it goes on from there. */
export class ShowPrompter extends HTMLElement {
  #text;
  #wanted = { size: SIZES.first, speed: SPEEDS.first, mirrored: false };
  #frame = 0;
  #last = 0;
  #at = 0;

  connectedCallback() {
    this.#text = part(this, "text");
    this.#recall();
    const on = (name, work) => part(this, name).addEventListener("click", work);
    on("run", () => this.#run(!this.#frame));
    on("start", () => {
      this.#text.scrollTop = 0;
      this.#text.focus({ preventScroll: true });
    });
    on("slower", () => this.#change("speed", -1, SPEEDS));
    on("faster", () => this.#change("speed", 1, SPEEDS));
    on("smaller", () => this.#change("size", -1, SIZES));
    on("larger", () => this.#change("size", 1, SIZES));
    on("mirror", () => this.#want({ mirrored: !this.#wanted.mirrored }));
    const full = part(this, "full");
    full.hidden = !document.fullscreenEnabled;
    on("full", () => (document.fullscreenElement ? document.exitFullscreen() : this.requestFullscreen()).catch(() => {}));
    this.addEventListener("keydown", (event) => this.#pressed(event));
    this.#show();
    this.hidden = false;
  }

  disconnectedCallback() {
    this.#run(false);
  }

  #pressed(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === " " && event.target === this.#text) this.#run(!this.#frame);
    else if (event.key === "+") this.#change("speed", 1, SPEEDS);
    else if (event.key === "-") this.#change("speed", -1, SPEEDS);
    else return;
    event.preventDefault();
  }

  #run(wanted) {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (wanted) {
      this.#last = performance.now();
      this.#at = this.#text.scrollTop;
      this.#frame = requestAnimationFrame((now) => this.#step(now));
    }
    part(this, "run").setAttribute("aria-pressed", String(wanted));
  }

  #step(now) {
    const text = this.#text;
    // Browsers round what they are given: a hand is what is further away than that.
    if (Math.abs(text.scrollTop - this.#at) > 2) this.#at = text.scrollTop;
    const line = Number.parseFloat(getComputedStyle(text).fontSize) * LINE;
    this.#at += (this.#wanted.speed / 60) * line * Math.min(1, (now - this.#last) / 1000);
    this.#last = now;
    text.scrollTop = this.#at;
    if (text.scrollTop + text.clientHeight >= text.scrollHeight - 1) return this.#run(false);
    this.#frame = requestAnimationFrame((next) => this.#step(next));
    return undefined;
  }

  #change(name, by, { least, most, step }) {
    this.#want({ [name]: Math.min(most, Math.max(least, this.#wanted[name] + by * step)) });
  }

  #want(change) {
    Object.assign(this.#wanted, change);
    this.#show();
    try {
      localStorage.setItem(KEPT, JSON.stringify(this.#wanted));
    } catch {
      // A browser that keeps nothing starts anew each time.
    }
  }

  #recall() {
    try {
      const { size, speed, mirrored } = JSON.parse(localStorage.getItem(KEPT)) ?? {};
      if (size >= SIZES.least && size <= SIZES.most) this.#wanted.size = size;
      if (speed >= SPEEDS.least && speed <= SPEEDS.most) this.#wanted.speed = speed;
      this.#wanted.mirrored = mirrored === true;
    } catch {
      // Nothing, or nothing of ours.
    }
  }

  #show() {
    this.#text.style.fontSize = `${this.#wanted.size / 20}rem`;
    this.#text.toggleAttribute("data-mirrored", this.#wanted.mirrored);
    part(this, "mirror").setAttribute("aria-pressed", String(this.#wanted.mirrored));
  }
}

customElements.define("show-prompter", ShowPrompter);

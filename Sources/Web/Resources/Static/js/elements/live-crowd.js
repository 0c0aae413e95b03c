import { call, insist } from "../lib/api.js";
import { h, say } from "../lib/dom.js";
import { language, learn, number, plural, t } from "../lib/strings.js";
import { TapCount } from "../lib/tap-count.js";

const KINDS = ["heart", "star", "fire", "smile"];
const SEND_MILLISECONDS = 1000;
/** What the server joins to one event comes on screen over as long. */
const TICK_MILLISECONDS = 250;
const FLOAT_MILLISECONDS = 2400;
const FLOATING_MAX = 12;
const LINE_MILLISECONDS = 4000;
const LINES_MAX = 6;

const sprite = new URL("../../reactions.svg", import.meta.url).href;
const stillness = matchMedia("(prefers-reduced-motion: reduce)");

function picture(kind) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "reaction");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `${sprite}#${kind}`);
  svg.append(use);
  return svg;
}

/** The viewers together: the reactions that float by, and who bought what. */
class LiveCrowd {
  #room;
  #live;
  #taps = new TapCount();
  #isSending = false;
  #panel;
  #count = h("p", { class: "reaction-count glass number", hidden: true });
  #floating = h("div", { class: "floating", "aria-hidden": "true" });
  /** Reactions since this page was opened. */
  #total = 0;
  #lines = [];
  #line = null;

  constructor(live) {
    this.#live = live;
    this.#room = live.room;
    const buttons = KINDS.toReversed().map((kind) =>
      h("button", {
        class: "button round glass", type: "button", "data-kind": kind, "aria-label": t(`crowd.${kind}`),
        click: () => this.#tap(kind),
      }, picture(kind)));
    this.#panel = h("div", { class: "reactions", role: "group", "aria-label": t("crowd.react") }, this.#count, buttons);
    live.append(this.#panel, this.#floating);
    for (const kind of ["started", "ended"]) this.#room.addEventListener(kind, () => this.#show());
    this.#room.events.hear("reactions", (sums) => this.#came(this.#taps.others(sums)));
    this.#room.events.hear("bought", ({ lines }) => this.#bought(lines));
    this.#show();
  }

  #show() {
    this.#panel.hidden = this.#room.state !== "live" || Boolean(this.#live.data.off?.reactions);
  }

  #tap(kind) {
    this.#taps.tap(kind);
    this.#came({ [kind]: 1 });
    this.#send();
  }

  /** At most one request a second, with all that was tapped. */
  async #send() {
    if (this.#isSending || this.#taps.isEmpty) return;
    this.#isSending = true;
    const sent = this.#taps.take();
    const pause = new Promise((resume) => setTimeout(resume, SEND_MILLISECONDS));
    const answer = await call("POST", `/api/v1/shows/${this.#room.show}/reactions`, sent).catch(() => ({}));
    this.#taps.counted(sent, answer);
    await pause;
    this.#isSending = false;
    this.#send();
  }

  #came(counts) {
    const kinds = Object.entries(counts).filter(([kind]) => KINDS.includes(kind));
    const total = kinds.reduce((sum, [, count]) => sum + count, 0);
    if (total === 0 || this.#room.state !== "live") return;
    this.#total += total;
    this.#count.hidden = !stillness.matches;
    say(this.#count, number(this.#total));
    if (stillness.matches || document.hidden) return;
    // As many of each as there is room for, mixed.
    const free = FLOATING_MAX - this.#floating.childElementCount;
    const many = kinds.flatMap(([kind, count]) => Array(Math.min(count, FLOATING_MAX)).fill(kind));
    many.sort(() => Math.random() - 0.5);
    const box = this.#panel.querySelector("[data-kind=heart]").getBoundingClientRect();
    many.slice(0, free).forEach((kind) => this.#float(kind, box, total > 1 ? Math.random() * TICK_MILLISECONDS : 0));
  }

  #float(kind, box, delay) {
    const one = picture(kind);
    one.style.left = `${box.left + box.width / 2 - 16}px`;
    one.style.top = `${box.top - 8}px`;
    one.style.animationDelay = `${delay}ms`;
    one.style.setProperty("--sway", `${Math.round(Math.random() * 72 - 48)}px`);
    this.#floating.append(one);
    setTimeout(() => one.remove(), FLOAT_MILLISECONDS + delay);
  }

  #bought(lines) {
    for (const { title: product, people, name } of lines) {
      if (this.#lines.length >= LINES_MAX) break;
      if (people > 1) this.#lines.push(plural("crowd.people", people, { product }));
      else this.#lines.push(name ? t("crowd.named", { name, product }) : t("crowd.someone", { product }));
    }
    if (!this.#line) this.#next();
  }

  /** One line at a time. */
  #next() {
    this.#line?.remove();
    const text = this.#lines.shift();
    this.#line = text ? h("p", { class: "bought glass" }, h("span", {}, text)) : null;
    if (!this.#line) return;
    // The chat gets smaller for it, and who reads its end goes on reading its end.
    const chat = this.#live.querySelector(".messages");
    const isAtEnd = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 40;
    this.#live.querySelector(".counter").prepend(this.#line);
    if (isAtEnd) chat.scrollTop = chat.scrollHeight;
    setTimeout(() => this.#next(), LINE_MILLISECONDS);
  }
}

export async function begin(live) {
  const link = h("link", { rel: "stylesheet", href: new URL("../../css/reactions.css", import.meta.url).href });
  document.head.append(link);
  learn(await insist(() => call("GET", `/words/crowd?lang=${language}`)));
  return new LiveCrowd(live);
}

import { call, insist } from "../lib/api.js";
import { clock } from "../lib/clock-text.js";
import { busy, h, part, say } from "../lib/dom.js";
import { keepTime, TICK_MILLISECONDS, until } from "../lib/server-time.js";
import { t } from "../lib/strings.js";
import { uuid } from "../lib/uuid.js";

/** Shows announcements and countdowns to everybody who watches, and takes them off. */
export class BannerDesk extends HTMLElement {
  #desk;
  #banner = null;
  #ticking = 0;

  connectedCallback() {
    this.#desk = this.closest("control-room");
    const { room } = this.#desk;
    this.addEventListener("submit", (event) => this.#submitted(event));
    room.events.hear("state", ({ banner = null, messages }) => messages && this.#take(banner));
    room.addEventListener("happened", ({ detail }) => {
      if (detail.kind === "banner_shown") this.#take(detail);
      if (detail.kind === "banner_hidden" && detail.banner === this.#banner?.banner) this.#take(null);
    });
    keepTime();
    this.#ticking = setInterval(() => this.#refresh(), TICK_MILLISECONDS);
  }

  disconnectedCallback() {
    clearInterval(this.#ticking);
  }

  #take(banner) {
    this.#banner = banner;
    part(this, "list").replaceChildren(...(banner ? [h("li", {},
      h("div", { class: "grow" }, h("strong", {}, banner.text), h("p", { class: "small soft", "data-part": "how" })),
      h("form", { "data-do": "hide" }, h("button", { class: "button" }, t("onscreenDesk.hide"))))] : []));
    this.#refresh();
  }

  #refresh() {
    const left = this.#banner ? until(this.#banner.endsAt) : 0;
    const isOn = left > 0;
    part(this, "list").hidden = !isOn;
    if (!isOn) return;
    const key = this.#banner.isCountdown === "true" ? "onscreenDesk.counts" : "onscreenDesk.shown";
    const how = part(this, "how");
    if (how) say(how, t(key, { time: clock(Math.ceil(left / 1000)) }));
  }

  #submitted(event) {
    event.preventDefault();
    event.stopPropagation();
    const form = event.target;
    const path = `/api/v1/shows/${this.#desk.room.show}`;
    busy(form.querySelector("button"), async () => {
      try {
        if (form.dataset.do === "hide") {
          await insist(() => call("DELETE", `${path}/banner`));
          this.#take(null);
        } else await this.#open(form, `${path}/banners`);
        this.#desk.content();
      } catch (problem) {
        this.#desk.complain(problem);
      }
    });
  }

  async #open(form, path) {
    const value = (name) => form.elements.namedItem(name)?.value.trim() ?? "";
    const body = { id: uuid(), text: value("text"), isCountdown: value("form") === "countdown" };
    if (value("product")) body.product = value("product");
    if (body.isCountdown && value("until")) body.endsAt = new Date(value("until")).toISOString();
    else body.seconds = Number(value("seconds"));
    await insist(() => call("POST", path, body));
    form.reset();
    part(this, "open").open = false;
  }
}

customElements.define("banner-desk", BannerDesk);

import { call, insist } from "../lib/api.js";
import { clock } from "../lib/clock-text.js";
import { busy, h, part, say } from "../lib/dom.js";
import { namesOf } from "../lib/giveaway-state.js";
import { keepTime, TICK_MILLISECONDS, until } from "../lib/server-time.js";
import { number, plural, t } from "../lib/strings.js";
import { uuid } from "../lib/uuid.js";

/** Opens giveaways, ends their entries and draws them, and shows how the one on air goes. */
export class GiveawayDesk extends HTMLElement {
  #desk;
  #items = [];
  #turn = 0;
  #ticking = 0;

  connectedCallback() {
    this.#desk = this.closest("control-room");
    const { room } = this.#desk;
    this.addEventListener("submit", (event) => this.#submitted(event));
    this.addEventListener("change", () => this.#fit());
    room.addEventListener("giveaway", ({ detail }) => {
      const item = this.#items.find(({ id }) => id === detail?.giveaway);
      if (item && !detail.kind) Object.assign(item, detail);
      else this.#load();
      this.#refresh();
    });
    keepTime();
    this.#ticking = setInterval(() => this.#refresh(), TICK_MILLISECONDS);
    this.#fit();
    this.#load();
  }

  disconnectedCallback() {
    clearInterval(this.#ticking);
  }

  get #path() {
    return `/api/v1/shows/${this.#desk.room.show}/giveaways`;
  }

  /** Only what belongs to the chosen way to enter. */
  #fit() {
    const form = part(this, "open")?.querySelector("form");
    if (!form) return;
    for (const name of ["watch", "comment"]) part(form, name).hidden = form.elements.namedItem("entry").value !== name;
  }

  async #load() {
    const turn = (this.#turn += 1);
    const answer = await insist(() => call("GET", this.#path)).catch(() => null);
    if (turn !== this.#turn || !answer) return;
    // What was typed for the draw stays.
    const typed = this.querySelector("[name=word]")?.value;
    this.#items = answer.items;
    part(this, "list").replaceChildren(...this.#items.map((item) => this.#row(item)));
    part(this, "list").hidden = this.#items.length === 0;
    const field = this.querySelector("[name=word]");
    if (typed && field) field.value = typed;
    const form = part(this, "open");
    if (form) form.hidden = this.#items.some(({ state }) => state !== "drawn");
    this.#refresh();
  }

  #row(item) {
    const { id, prize, state } = item;
    return h("li", { "data-giveaway": id, "data-state": state },
      h("div", { class: "grow" }, h("strong", {}, prize), h("p", { class: "small soft", "data-part": "how" }),
        h("a", { class: "small", href: `/giveaways/${id}` }, t("giveawayDesk.page"))),
      state === "open" && h("form", { "data-do": "end" }, h("button", { class: "button" }, t("giveawayDesk.end"))),
      state === "closed" && this.#drawForm(id));
  }

  #drawForm(id) {
    return h("form", { class: "draw", "data-do": "draw" },
      h("div", { class: "field" }, h("label", { for: `word-${id}` }, t("giveawayDesk.word")),
        h("input", { id: `word-${id}`, name: "word", maxlength: 100, autocomplete: "off", "aria-describedby": `hint-${id}` }),
        h("p", { class: "hint", id: `hint-${id}` }, t("giveawayDesk.wordHint"))),
      h("p", {}, h("button", { class: "button buy" }, t("giveawayDesk.draw"))));
  }

  #refresh() {
    for (const item of this.#items) {
      const row = this.querySelector(`[data-giveaway="${item.id}"]`);
      if (!row) continue;
      say(part(row, "how"), this.#text(item));
      const end = row.querySelector("[data-do=end]");
      if (end) end.hidden = this.#left(item) <= 0;
    }
  }

  #left({ endsAt }) {
    return until(endsAt);
  }

  #text(item) {
    const count = number(item.entrants);
    if (item.state === "closed") return plural("giveawayDesk.isClosed", item.entrants);
    if (item.state === "drawn") {
      return item.winners.length === 0
        ? t("giveawayDesk.nobody") : t("giveawayDesk.won", { names: namesOf(item.winners) });
    }
    const left = this.#left(item);
    if (left <= 0) return t("giveawayDesk.isClosing", { count });
    return t("giveawayDesk.isCounting", { count, time: clock(Math.ceil(left / 1000)) });
  }

  #submitted(event) {
    event.preventDefault();
    event.stopPropagation();
    const form = event.target;
    const id = form.closest("[data-giveaway]")?.dataset.giveaway;
    busy(form.querySelector("button:not([type=button])"), async () => {
      try {
        if (!id) await this.#open(form);
        else if (form.dataset.do === "draw") await this.#draw(id, form.elements.namedItem("word").value);
        else await insist(() => call("POST", `${this.#path}/${id}/end`, undefined, { key: uuid() }));
        this.#desk.content();
      } catch (problem) {
        this.#desk.complain(problem);
      }
      await this.#load();
    });
  }

  async #open(form) {
    const value = (name) => form.elements.namedItem(name)?.value ?? "";
    const entry = value("entry");
    const body = {
      id: uuid(), prize: value("prize"), entry, winnersMax: Number(value("winners")),
      durationSeconds: Number(value("duration")),
    };
    if (value("variant")) body.variant = value("variant");
    if (entry === "watch") body.watchSeconds = Math.round(Number(value("watchMinutes")) * 60);
    if (entry === "comment") body.keyword = value("keyword");
    await insist(() => call("POST", this.#path, body));
    form.reset();
    this.#fit();
    part(this, "open").open = false;
    this.scrollIntoView({ block: "center" });
  }

  #draw(id, word) {
    return insist(() => call("POST", `${this.#path}/${id}/draw`, { word }));
  }
}

customElements.define("giveaway-desk", GiveawayDesk);

import { call, insist } from "../lib/api.js";
import { clock } from "../lib/clock-text.js";
import { busy, h, part, say } from "../lib/dom.js";
import { percents } from "../lib/poll-state.js";
import { keepTime, TICK_MILLISECONDS, until } from "../lib/server-time.js";
import { number, plural, t } from "../lib/strings.js";
import { uuid } from "../lib/uuid.js";

/** Opens polls, closes and removes them, and shows how the one on air goes. */
export class PollDesk extends HTMLElement {
  #desk;
  #items = [];
  #turn = 0;
  #ticking = 0;

  connectedCallback() {
    this.#desk = this.closest("control-room");
    const { room } = this.#desk;
    this.addEventListener("submit", (event) => this.#submitted(event));
    room.events.hear("poll", ({ poll, votes }) => {
      const item = this.#items.find(({ id }) => id === poll);
      if (item) item.votes = votes;
      else this.#load();
      this.#refresh();
    });
    room.addEventListener("happened", ({ detail }) => detail.kind.startsWith("poll_") && this.#load());
    keepTime();
    this.#ticking = setInterval(() => this.#refresh(), TICK_MILLISECONDS);
    this.#load();
  }

  disconnectedCallback() {
    clearInterval(this.#ticking);
  }

  get #path() {
    return `/api/v1/shows/${this.#desk.room.show}/polls`;
  }

  async #load() {
    const turn = (this.#turn += 1);
    const answer = await insist(() => call("GET", this.#path)).catch(() => null);
    if (turn !== this.#turn || !answer) return;
    this.#items = answer.items;
    const list = part(this, "list");
    list.replaceChildren(...this.#items.map((item) => this.#row(item)));
    list.hidden = this.#items.length === 0;
    const form = part(this, "open");
    if (form) form.hidden = this.#items.some(({ state }) => state === "open");
    this.#refresh();
  }

  #row({ id, question, answers, state }) {
    return h("li", { "data-poll": id, "data-state": state },
      h("div", { class: "grow" }, h("strong", {}, question), h("p", { class: "small soft", "data-part": "how" }),
        h("ul", { class: "poll-sums small" }, answers.map((text) => h("li", {}, text, " ", h("span", { class: "number", "data-part": "sum" }))))),
      state === "open" && h("form", { "data-do": "end" }, h("button", { class: "button" }, t("onscreenDesk.end"))),
      h("form", { "data-do": "remove", "data-confirm": t("onscreenDesk.removeConfirm") },
        h("button", { class: "button quiet" }, t("onscreenDesk.remove"), h("span", { class: "unseen" }, ` ${question}`))));
  }

  #refresh() {
    for (const item of this.#items) {
      const row = this.querySelector(`[data-poll="${item.id}"]`);
      if (!row) continue;
      say(part(row, "how"), this.#text(item));
      const shares = percents(item.votes);
      row.querySelectorAll("[data-part=sum]").forEach((sum, place) =>
        say(sum, `${number(item.votes[place])} (${shares[place]}%)`));
    }
  }

  #text({ state, votes, endsAt }) {
    const all = plural("onscreenDesk.votes", votes.reduce((sum, count) => sum + count, 0));
    if (state !== "open") return `${t("onscreenDesk.closed")} · ${all}`;
    const left = until(endsAt);
    return left <= 0 ? `${t("onscreenDesk.closing")} · ${all}` : `${t("onscreenDesk.left", { time: clock(Math.ceil(left / 1000)) })} · ${all}`;
  }

  #submitted(event) {
    event.preventDefault();
    event.stopPropagation();
    const form = event.target;
    const id = form.closest("[data-poll]")?.dataset.poll;
    busy(form.querySelector("button"), async () => {
      try {
        if (!id) await this.#open(form);
        else if (form.dataset.do === "remove") await insist(() => call("DELETE", `${this.#path}/${id}`));
        else await insist(() => call("POST", `${this.#path}/${id}/end`));
        this.#desk.content();
      } catch (problem) {
        this.#desk.complain(problem);
      }
      await this.#load();
    });
  }

  async #open(form) {
    const value = (name) => form.elements.namedItem(name)?.value.trim() ?? "";
    const answers = [0, 1, 2, 3, 4, 5].map((place) => value(`answer${place}`)).filter(Boolean);
    const body = { id: uuid(), question: value("question"), answers, durationSeconds: Number(value("duration")) };
    await insist(() => call("POST", this.#path, body));
    form.reset();
    part(this, "open").open = false;
    this.scrollIntoView({ block: "center" });
  }
}

customElements.define("poll-desk", PollDesk);

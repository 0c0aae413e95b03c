import { call, insist } from "../lib/api.js";
import { busy, h, part } from "../lib/dom.js";
import { serverNow } from "../lib/server-time.js";
import { number, t } from "../lib/strings.js";
import { uuid } from "../lib/uuid.js";

const LOOK_MILLISECONDS = 6000;
const TONES = { held: "warn", taken: "good" };

/** Opens and closes what viewers say to reserve something, and shows what they have reserved. */
export class ClaimDesk extends HTMLElement {
  #desk;
  #timer = 0;
  #shown = "";
  #isTouched = false;

  connectedCallback() {
    this.#desk = this.closest("control-room");
    const { room } = this.#desk;
    this.addEventListener("submit", (event) => this.#submitted(event));
    this.addEventListener("input", () => {
      this.#isTouched = true;
    });
    // What is on screen is what it is most likely about.
    room.addEventListener("pin", ({ detail }) => this.#choose(detail));
    if (room.pinned) this.#choose(room.pinned);
    room.addEventListener("removed", () => this.#later(200));
    room.addEventListener("happened", ({ detail }) => detail.kind.startsWith("claim_") && this.#later(200));
    room.addEventListener("message", ({ detail }) => detail.claimed && this.#later(200));
    this.#later(0);
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  get #path() {
    return `/api/v1/shows/${this.#desk.room.show}`;
  }

  #choose(product) {
    const select = this.querySelector("[name=product]");
    if (select && !this.#isTouched && [...select.options].some(({ value }) => value === product)) select.value = product;
  }

  #later(pause = LOOK_MILLISECONDS) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      if (!document.hidden) await this.#load().catch(() => {});
      if (this.isConnected) this.#later();
    }, pause);
  }

  async #load() {
    const [words, claims] = await Promise.all(["claim-words", "claims"].map((what) => call("GET", `${this.#path}/${what}`)));
    const now = serverNow();
    for (const claim of claims.items) if (claim.state === "held" && new Date(claim.heldUntil) < now) claim.state = "lapsed";
    const text = JSON.stringify([words.items, claims.items]);
    // What did not change stays as it is, with the focus somebody has in it.
    if (text === this.#shown) return;
    this.#shown = text;
    const list = part(this, "words");
    list.replaceChildren(...words.items.map((word) => this.#word(word)));
    list.hidden = words.items.length === 0;
    part(this, "list").replaceChildren(...claims.items.map((claim) => this.#claim(claim)));
    part(this, "claims").hidden = claims.items.length === 0;
  }

  #word({ id, word, title, unitsMax, unitsTaken, closedAt }) {
    const taken = unitsMax ? t("claimDesk.takenOf", { taken: number(unitsTaken), units: number(unitsMax) }) : t("claimDesk.taken", { taken: number(unitsTaken) });
    return h("li", {},
      h("div", { class: "grow" }, h("strong", {}, `“${word}” · ${title}`), h("p", { class: "small soft" }, closedAt ? `${taken} · ${t("claimDesk.closed")}` : taken)),
      !closedAt && this.#button("close", word, () => call("DELETE", `${this.#path}/claim-words/${id}`)));
  }

  #claim({ id, name, title, quantity, state }) {
    const who = name || t("live.guest");
    return h("li", {},
      h("div", { class: "grow" }, h("strong", {}, who), h("p", { class: "small soft" }, quantity > 1 ? `${quantity} × ${title}` : title)),
      h("span", { class: `badge ${TONES[state] ?? ""}` }, t(`claim.${state}`)),
      state === "held" && this.#button("cancel", who, () => call("DELETE", `${this.#path}/claims/${id}`)));
  }

  #button(key, about, work) {
    return h("button", {
      class: "button", type: "button", click: ({ currentTarget }) => busy(currentTarget, () => this.#do(() => insist(work))),
    }, t(`claimDesk.${key}`), h("span", { class: "unseen" }, ` ${about}`));
  }

  async #do(work) {
    try {
      await work();
      this.#desk.content();
    } catch (problem) {
      this.#desk.complain(problem);
    }
    this.#later(0);
  }

  #submitted(event) {
    event.preventDefault();
    event.stopPropagation();
    const form = event.target;
    const { elements } = form;
    const value = (name) => elements.namedItem(name)?.value ?? "";
    const count = (name) => (value(name) ? Number(value(name)) : undefined);
    busy(form.querySelector(".button"), () => this.#do(async () => {
      if (value("do") === "close-claim-word") return insist(() => call("DELETE", `${this.#path}/claim-words/${value("word")}`));
      if (value("do") === "cancel-claim") return insist(() => call("DELETE", `${this.#path}/claims/${value("claim")}`));
      const body = {
        id: uuid(), product: value("product"), market: value("market"), word: value("word"), unitsMax: count("unitsMax"),
        unitsPerBuyerMax: count("unitsPerBuyerMax"), holdMinutes: count("holdMinutes"), isForAccounts: elements.namedItem("isForAccounts").checked,
      };
      await insist(() => call("POST", `${this.#path}/claim-words`, body));
      elements.namedItem("word").value = "";
      this.#isTouched = false;
      part(this, "open").open = false;
      return this.scrollIntoView({ block: "center" });
    }));
  }
}

customElements.define("claim-desk", ClaimDesk);

import { call, insist } from "../lib/api.js";
import { clock } from "../lib/clock-text.js";
import { busy, h, part, say } from "../lib/dom.js";
import { money } from "../lib/money.js";
import { keepTime, TICK_MILLISECONDS, until } from "../lib/server-time.js";
import { number, plural, t } from "../lib/strings.js";
import { uuid } from "../lib/uuid.js";

/** Opens auctions, calls off those nobody has bid in, and shows how the one on air goes, bid by bid. */
export class AuctionDesk extends HTMLElement {
  #desk;
  #items = [];
  #bids = [];
  #turn = 0;
  #ticking = 0;

  connectedCallback() {
    this.#desk = this.closest("control-room");
    this.addEventListener("submit", (event) => this.#submitted(event));
    this.#desk.room.addEventListener("auction", ({ detail }) => this.#told(detail));
    keepTime();
    this.#ticking = setInterval(() => this.#refresh(), TICK_MILLISECONDS);
    this.#load();
  }

  disconnectedCallback() {
    clearInterval(this.#ticking);
  }

  get #path() {
    return `/api/v1/shows/${this.#desk.room.show}/auctions`;
  }

  #told(auction) {
    if (!auction) return;
    const index = this.#items.findIndex(({ id }) => id === auction.id);
    if (index < 0) this.#items.unshift(auction);
    else this.#items[index] = auction;
    this.#list();
    if (auction.bids > 0) this.#loadBids(auction.id);
  }

  async #load() {
    const turn = (this.#turn += 1);
    const answer = await insist(() => call("GET", this.#path)).catch(() => null);
    if (turn !== this.#turn || !answer) return;
    this.#items = answer.items;
    this.#list();
    const [first] = this.#items;
    if (first?.bids > 0) this.#loadBids(first.id);
  }

  async #loadBids(id) {
    const answer = await insist(() => call("GET", `/api/v1/auctions/${id}/bids?limit=8`)).catch(() => null);
    if (!answer) return;
    this.#bids = [id, answer.items];
    this.#showBids();
  }

  #list() {
    const list = part(this, "list");
    list.replaceChildren(...this.#items.map((item) => this.#row(item)));
    list.hidden = this.#items.length === 0;
    const form = part(this, "open");
    if (form) form.hidden = this.#items.some(({ state }) => state === "open");
    this.#showBids();
    this.#refresh();
  }

  #row(item) {
    const { id, title, state, bids } = item;
    return h("li", { "data-auction": id, "data-state": state },
      h("div", { class: "grow" }, h("strong", {}, title), h("p", { class: "small soft number", "data-part": "how" }),
        h("ol", { class: "auction-bids small", "data-part": "bids", "aria-label": t("auctionDesk.bids"), hidden: true })),
      state === "open" && bids === 0
        && h("form", { "data-do": "cancel" }, h("button", { class: "button" }, t("auctionDesk.cancel"))));
  }

  #showBids() {
    const [id, bids] = this.#bids;
    const list = id && this.querySelector(`[data-auction="${id}"] [data-part=bids]`);
    if (!list) return;
    list.replaceChildren(...bids.map(({ name, price, isLeading }) => h("li", {},
      h("span", {}, name), " ", h("span", { class: "number" }, money(price)), " ",
      h("span", { class: "soft" }, t(isLeading ? "auctionDesk.led" : "auctionDesk.outbid")))));
    list.hidden = bids.length === 0;
  }

  #refresh() {
    for (const item of this.#items) say(part(this.querySelector(`[data-auction="${item.id}"]`) ?? this, "how"), this.#text(item));
  }

  #text({ state, price, opening, leader, bids, endsAt, soldTo, soldFor }) {
    const values = { price: money(price ?? opening), name: leader, count: number(bids) };
    if (state === "open") {
      const left = Math.max(0, until(endsAt));
      const time = clock(Math.ceil(left / 1000));
      if (bids === 0) return t("auctionDesk.noBidsLeft", { ...values, time });
      return `${t("auctionDesk.leads", values)} · ${plural("auctionDesk.count", bids)} · ${t("auctionDesk.left", { time })}`;
    }
    if (state === "settling") return t("auctionDesk.isSettling", values);
    if (state === "sold") return t(soldTo === leader ? "auctionDesk.sold" : "auctionDesk.soldNext", { name: soldTo, price: money(soldFor) });
    if (state === "unsold") return t(bids === 0 ? "auctionDesk.unsold" : "auctionDesk.unpaid");
    return t("auctionDesk.cancelled");
  }

  #submitted(event) {
    event.preventDefault();
    event.stopPropagation();
    const form = event.target;
    const id = form.closest("[data-auction]")?.dataset.auction;
    busy(form.querySelector("button"), async () => {
      try {
        if (id) await insist(() => call("DELETE", `${this.#path}/${id}`));
        else await this.#open(form);
        this.#desk.content();
      } catch (problem) {
        this.#desk.complain(problem);
      }
      await this.#load();
    });
  }

  async #open(form) {
    const value = (name) => form.elements.namedItem(name)?.value ?? "";
    const digits = await fractionDigits(value("market"));
    const body = {
      id: uuid(), variant: value("variant"), market: value("market"), durationSeconds: Number(value("duration")),
      isSuddenDeath: form.elements.namedItem("suddenDeath").checked,
    };
    for (const [name, field] of [["opening", "openingMinor"], ["increment", "incrementMinor"]]) {
      const input = form.elements.namedItem(name);
      if (name === "increment" && !input.value.trim()) continue;
      const minor = minorOf(input.value, digits);
      input.setAttribute("aria-invalid", String(minor === null));
      if (minor === null) return input.focus();
      body[field] = minor;
    }
    await insist(() => call("POST", this.#path, body));
    form.reset();
    part(this, "open").open = false;
    return this.scrollIntoView({ block: "center" });
  }
}

const markets = new Map();

async function fractionDigits(code) {
  if (!markets.has(code)) {
    const { items } = await insist(() => call("GET", "/api/v1/markets"));
    for (const { code: name, currency } of items) {
      const format = new Intl.NumberFormat("en", { style: "currency", currency });
      markets.set(name, format.resolvedOptions().maximumFractionDigits);
    }
  }
  return markets.get(code) ?? 2;
}

/** Minor units of what was typed, `1299.50`; null for anything else. */
export function minorOf(text, digits) {
  const [, whole, fraction = ""] = /^(\d{1,10})(?:[.](\d{1,3}))?$/.exec(text.trim().replaceAll(",", "")) ?? [];
  if (whole === undefined || fraction.length > digits) return null;
  return Number(whole) * 10 ** digits + Number(fraction.padEnd(digits, "0") || 0);
}

customElements.define("auction-desk", AuctionDesk);

import { call, insist } from "../lib/api.js";
import { busy, h, part, say } from "../lib/dom.js";
import { dealFlag } from "../lib/goods.js";
import { money } from "../lib/money.js";
import { number, plural, t } from "../lib/strings.js";
import { uuid } from "../lib/uuid.js";

/** Opens live deals, says what they have to keep to before anything is typed, and shows how those on air go. */
export class DealDesk extends HTMLElement {
  #desk;
  #form;
  #turn = 0;
  #isTouched = false;
  #listed = "";

  connectedCallback() {
    this.#desk = this.closest("control-room");
    this.#form = this.querySelector("form[data-part=open]");
    const { room } = this.#desk;
    room.goods.addEventListener("change", () => this.#list());
    this.addEventListener("submit", (event) => this.#submitted(event));
    this.#form.addEventListener("input", () => {
      this.#isTouched = true;
    });
    this.#form.elements.namedItem("product").addEventListener("change", () => this.#loadTerms());
    // What is on screen is what a deal is most likely about.
    room.addEventListener("pin", ({ detail }) => this.#choose(detail));
    this.querySelector("details")?.addEventListener("toggle", ({ target }) => target.open && this.#loadTerms());
    if (room.pinned) this.#choose(room.pinned);
  }

  get #path() {
    return `/api/v1/shows/${this.#desk.room.show}`;
  }

  #choose(product) {
    const select = this.#form.elements.namedItem("product");
    if (this.#isTouched || ![...select.options].some(({ value }) => value === product)) return;
    select.value = product;
    if (this.querySelector("details").open) this.#loadTerms();
  }

  async #loadTerms() {
    const turn = (this.#turn += 1);
    const product = this.#form.elements.namedItem("product").value;
    const path = `${this.#path}/products/${product}/deal-terms`;
    const terms = await insist(() => call("GET", path)).catch(() => null);
    if (turn !== this.#turn || !terms) return;
    for (const input of this.#prices) {
      const prices = terms.prices.filter(({ market }) => market === input.dataset.market);
      const hint = this.querySelector(`#${CSS.escape(input.id)}-terms`);
      input.disabled = prices.length === 0;
      if (prices.length === 0) {
        input.value = "";
        say(hint, t("dealDesk.notSold"));
        continue;
      }
      const least = (name) => prices.map((price) => price[name]).sort((a, b) => a.minor - b.minor)[0];
      say(hint, t("dealDesk.terms", { list: money(least("list")), lowest: money(least("lowest")), max: money(least("max")) }));
    }
    const units = this.#form.elements.namedItem("units");
    units.max = terms.available;
    say(part(this, "available"), plural("dealDesk.available", terms.available));
  }

  get #prices() {
    return [...this.#form.querySelectorAll("[data-market]")];
  }

  #submitted(event) {
    event.preventDefault();
    event.stopPropagation();
    const form = event.target;
    if (form !== this.#form && !confirm(t("dealDesk.endConfirm"))) return;
    busy(form.querySelector("button"), async () => {
      try {
        await (form === this.#form ? this.#open() : this.#end(form.elements.namedItem("deal").value));
        this.#desk.content();
      } catch (problem) {
        this.#desk.complain(problem);
      }
    });
  }

  async #open() {
    const value = (name) => this.#form.elements.namedItem(name).value;
    const prices = {};
    for (const input of this.#prices) {
      if (!input.value.trim()) continue;
      const minor = minorOf(input.value, Number(input.dataset.digits));
      input.setAttribute("aria-invalid", String(minor === null));
      if (minor === null) {
        input.focus();
        return;
      }
      prices[input.dataset.market] = minor;
    }
    const body = {
      id: uuid(), product: value("product"), prices, countdownSeconds: Number(value("countdown")),
      durationSeconds: Number(value("duration")), unitsMax: Number(value("units")),
    };
    if (value("perBuyer")) body.unitsPerBuyerMax = Math.min(Number(value("perBuyer")), body.unitsMax);
    await insist(() => call("POST", `${this.#path}/deals`, body));
    for (const input of this.#prices) input.value = "";
    this.#isTouched = false;
    this.querySelector("details").open = false;
    await this.#desk.room.goods.load();
    // The form was tall, and the page under the host's thumb is another place without it.
    this.scrollIntoView({ block: "center" });
  }

  async #end(deal) {
    await insist(() => call("DELETE", `${this.#path}/deals/${deal}`));
    await this.#desk.room.goods.load();
  }

  /** The deals on air, as viewers in this market see them. */
  #list() {
    const { goods } = this.#desk.room;
    const open = goods.all.filter(({ deal, phase }) => phase && !deal.endedBy);
    const signature = open.map(({ deal }) => deal.id).join();
    if (signature !== this.#listed) {
      this.#listed = signature;
      part(this, "deals").replaceChildren(...open.map((product) => this.#row(product)));
    }
    part(this, "deals").hidden = open.length === 0;
    for (const { deal } of open) say(this.querySelector(`[data-taken="${deal.id}"]`), takenText(deal));
  }

  #row(product) {
    const { deal } = product;
    return h("li", {},
      h("div", { class: "grow" }, h("strong", {}, product.title), h("p", { class: "row small soft" },
        dealFlag(product, this.#desk.room.goods), h("span", { class: "number", "data-taken": deal.id }, takenText(deal)))),
      h("form", {}, h("input", { type: "hidden", name: "deal", value: deal.id }),
        h("button", { class: "button" }, t("dealDesk.end"), h("span", { class: "unseen" }, ` ${product.title}`))));
  }
}

const takenText = ({ unitsMax, left }) =>
  t("dealDesk.taken", { taken: number(unitsMax - left), units: number(unitsMax) });

/** Minor units of what was typed, `1299.50`; null for anything else. */
export function minorOf(text, digits) {
  const [, whole, fraction = ""] = /^(\d{1,10})(?:[.](\d{1,3}))?$/.exec(text.trim().replaceAll(",", "")) ?? [];
  if (whole === undefined || fraction.length > digits) return null;
  return Number(whole) * 10 ** digits + Number(fraction.padEnd(digits, "0") || 0);
}

customElements.define("deal-desk", DealDesk);

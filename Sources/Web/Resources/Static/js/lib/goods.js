import { call, insist } from "./api.js";
import { dealText, phaseOf, ShowClock } from "./deals.js";
import { h } from "./dom.js";
import { money } from "./money.js";
import { keepTime, TICK_MILLISECONDS } from "./server-time.js";
import { plural, t } from "./strings.js";

/** From this many left on, a viewer is told how many. */
const FEW = 9;

/**
 * The products of one show in one market, and how many of each are left. Dispatches `change` with product ids, and `tick`
 * while there are deals.
 *
 * A product's `phase` says how it stands with its `deal` (`phaseOf`), and a variant's `offer` is the one to buy it under
 * now: the deal's while that runs where this viewer is, else its `list` price.
 */
export class Goods extends EventTarget {
  #path;
  #products = new Map();
  #home = new Map();
  #loading = null;
  /** Something may have changed since the last fetch was asked. */
  #isStale = false;
  #isClosed = false;
  /** What was told while a fetch was under way is newer than what it brings. */
  #told = {};
  #toldLeft = {};
  #ticking = 0;

  /** When deals start and end for this viewer. */
  clock = new ShowClock();

  constructor(show, market) {
    super();
    this.#path = `/api/v1/shows/${show}/products?market=${encodeURIComponent(market)}`;
  }

  get all() {
    return [...this.#products.values()];
  }

  product(id) {
    return this.#products.get(id);
  }

  variant(id) {
    const product = this.#products.get(this.#home.get(id));
    return product?.variants.find((variant) => variant.id === id);
  }

  productOf(variant) {
    return this.#products.get(this.#home.get(variant));
  }

  /**
   * Fetches all of it, and insists until it has it. Asked while a fetch is under way, which may bring what was true
   * before, it fetches once more after that, however often it was asked.
   */
  load() {
    this.#isStale = true;
    this.#loading ??= this.#refresh().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  /** Asks for nothing more. */
  close() {
    this.#isClosed = true;
    clearInterval(this.#ticking);
  }

  async #refresh() {
    while (this.#isStale && !this.#isClosed) await this.#fetch();
  }

  async #fetch() {
    const ask = () => {
      // Whatever is told from here on is in the next answer, or newer than this one.
      this.#isStale = false;
      this.#told = {};
      this.#toldLeft = {};
      return call("GET", this.#path);
    };
    const { items } = await insist(ask, { tries: Infinity, isOver: () => this.#isClosed });
    this.#products = new Map(items.map((product) => [product.id, product]));
    this.#home = new Map(items.flatMap((product) => product.variants.map((variant) => [variant.id, product.id])));
    for (const product of items) {
      for (const variant of product.variants) variant.list = variant.offer;
      if (product.deal?.id in this.#toldLeft) product.deal.left = this.#toldLeft[product.deal.id];
    }
    this.#put(this.#told);
    this.#price();
    this.#tell([...this.#products.keys()]);
    this.#tick();
  }

  /** How much of a deal is left. */
  setLeft(deal, left) {
    this.#toldLeft[deal] = left;
    const product = this.all.find((product) => product.deal?.id === deal);
    if (!product || product.deal.left === left) return;
    product.deal.left = left;
    this.#price();
    this.#tell([product.id]);
  }

  /** Puts the offers of now to the variants; gives the products where they are others than before. */
  #price() {
    return this.all.filter((product) => {
      const phase = phaseOf(product.deal, this.clock);
      if (phase === (product.phase ?? null)) return false;
      product.phase = phase;
      for (const variant of product.variants) {
        variant.offer = (phase === "on" && variant.list && variant.dealOffer) || variant.list;
      }
      return true;
    });
  }

  #tick() {
    const hasDeals = this.all.some(({ phase }) => phase);
    if (hasDeals === (this.#ticking !== 0) || this.#isClosed) return;
    clearInterval(this.#ticking);
    if (hasDeals) keepTime();
    this.#ticking = hasDeals ? setInterval(() => this.#ticked(), TICK_MILLISECONDS) : 0;
  }

  #ticked() {
    const changed = this.#price();
    if (changed.length > 0) this.#tell(changed.map(({ id }) => id));
    this.dispatchEvent(new Event("tick"));
    this.#tick();
  }

  /** `stock` maps variant ids to what is left of them. */
  setStock(stock) {
    Object.assign(this.#told, stock);
    const changed = this.#put(stock);
    if (changed.size > 0) this.#tell([...changed]);
  }

  #put(stock) {
    const changed = new Set();
    for (const [id, available] of Object.entries(stock)) {
      const variant = this.variant(id);
      if (!variant || variant.available === available) continue;
      variant.available = available;
      changed.add(this.#home.get(id));
    }
    return changed;
  }

  #tell(products) {
    this.dispatchEvent(new CustomEvent("change", { detail: products }));
  }
}

const sold = (product) => product.variants.filter((variant) => variant.offer);

/** Nothing of it is for sale here: the market is closed to it. */
const isUnsold = (product) => sold(product).length === 0;

export const isSoldOut = (product) => !isUnsold(product) && available(product) === 0;

const isPreorder = (product) => sold(product).every((variant) => variant.preorder);

/** What the button says that opens it. */
export const buyText = (product) => t(isSoldOut(product) ? "live.tell" : !isUnsold(product) && isPreorder(product) ? "live.preorder" : "live.buy");

export const available = (product) => sold(product).reduce((sum, variant) => sum + variant.available, 0);

/** The cheapest offer that can still be bought, or the cheapest of all. */
export function leadingOffer(product) {
  const choices = sold(product);
  const open = choices.filter((variant) => variant.available > 0);
  const pool = open.length > 0 ? open : choices;
  return pool.map(({ offer }) => offer).sort((a, b) => a.price.minor - b.price.minor)[0];
}

/** `₹1,299`, or `from ₹1,299` where the variants differ. */
export function priceText(product) {
  const offer = leadingOffer(product);
  if (!offer) return "";
  const same = sold(product).every((variant) => variant.offer.price.minor === offer.price.minor);
  return same ? money(offer.price) : t("live.from", { price: money(offer.price) });
}

/** How many of a variant one buyer can put into a bag. */
export function most(product, variant) {
  const all = Math.min(variant.available, ...Object.values(variant.limits ?? {}));
  if (product.phase !== "on" || !variant.dealOffer) return all;
  return Math.min(all, product.deal.left, product.deal.unitsPerBuyerMax);
}

/** How many one may have of it; empty without a limit. */
export function limitText({ phase, deal }, variant) {
  const { perOrder, perBuyer = Infinity } = variant?.limits ?? {};
  const each = Math.min(perBuyer, phase === "on" && deal.unitsPerBuyerMax < deal.unitsMax ? deal.unitsPerBuyerMax : Infinity);
  return [each < Infinity && plural("deal.perBuyer", each), perOrder && plural("deal.perOrder", perOrder)].filter(Boolean).join(" · ");
}

/** How many there are: at the deal's price while it runs. */
export function leftText(product, count = available(product)) {
  if (isUnsold(product)) return t("live.notSold");
  if (count > 0 && isPreorder(product)) return t("live.preorder");
  if (product.phase !== "on" || count <= 0) return stockText(count);
  return plural("deal.left", Math.min(count, product.deal.left));
}

/** A flag that counts a product's deal down, hidden without one; `followDeals` keeps it up to date. */
export function dealFlag(product, goods, kind = "") {
  const text = dealText(product, goods.clock);
  return h("span", {
    class: `badge deal number ${kind}`, role: "timer", "data-deal": product.id, "data-phase": product.phase, hidden: !text,
  }, text);
}

/** Keeps every flag below `root` up to date. */
export function followDeals(root, goods) {
  const refresh = () => {
    for (const flag of root.querySelectorAll("[data-deal]")) {
      const product = goods.product(flag.dataset.deal);
      const text = product ? dealText(product, goods.clock) : "";
      flag.hidden = !text;
      flag.dataset.phase = product?.phase ?? "";
      if (flag.textContent !== text) flag.textContent = text;
    }
  };
  for (const kind of ["tick", "change"]) goods.addEventListener(kind, refresh);
}

export function stockText(count) {
  if (count <= 0) return t("live.soldOut");
  return count <= FEW ? plural("live.left", count) : t("live.inStock");
}

export const isLow = (count) => count <= FEW;

import { call, insist } from "./api.js";
import { money } from "./money.js";
import { plural, t } from "./strings.js";

/** From this many left on, a viewer is told how many. */
const FEW = 9;

/** The products of one show in one market, and how many of each are left. Dispatches `change` with product ids. */
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
  }

  async #refresh() {
    while (this.#isStale && !this.#isClosed) await this.#fetch();
  }

  async #fetch() {
    const ask = () => {
      // Whatever is told from here on is in the next answer, or newer than this one.
      this.#isStale = false;
      this.#told = {};
      return call("GET", this.#path);
    };
    const { items } = await insist(ask, { tries: Infinity, isOver: () => this.#isClosed });
    this.#products = new Map(items.map((product) => [product.id, product]));
    this.#home = new Map(items.flatMap((product) => product.variants.map((variant) => [variant.id, product.id])));
    this.#put(this.#told);
    this.#tell([...this.#products.keys()]);
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

export const isSoldOut = (product) => available(product) === 0;

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

export function stockText(count) {
  if (count <= 0) return t("live.soldOut");
  return count <= FEW ? plural("live.left", count) : t("live.inStock");
}

export const isLow = (count) => count <= FEW;

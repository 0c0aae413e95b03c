/** One order line's most, as the server bounds it. */
const QUANTITY_MAX = 99;

/** What this viewer means to buy in this show; kept while the tab is open. Dispatches `change`. */
export class Bag extends EventTarget {
  #key;
  #lines = [];
  #coupon = null;

  constructor(show) {
    super();
    this.#key = `haat.bag.${show}`;
    try {
      this.#lines = JSON.parse(sessionStorage.getItem(this.#key)) ?? [];
    } catch {
      this.#lines = [];
    }
  }

  /** The code of a coupon; null without one. */
  get coupon() {
    try {
      return sessionStorage.getItem(`${this.#key}.coupon`);
    } catch {
      return this.#coupon;
    }
  }

  set coupon(code) {
    this.#coupon = code;
    try {
      if (code) sessionStorage.setItem(`${this.#key}.coupon`, code);
      else sessionStorage.removeItem(`${this.#key}.coupon`);
    } catch {
      // Then it lasts as long as the page.
    }
    this.dispatchEvent(new Event("change"));
  }

  /** `{variant, quantity}` in the order they were put in. */
  get lines() {
    return this.#lines.map((line) => ({ ...line }));
  }

  get count() {
    return this.#lines.reduce((sum, line) => sum + line.quantity, 0);
  }

  add(variant, quantity, available) {
    const line = this.#lines.find((line) => line.variant === variant);
    this.set(variant, (line?.quantity ?? 0) + quantity, available);
  }

  /** Nothing when `quantity` is 0; never more than there is. */
  set(variant, quantity, available = QUANTITY_MAX) {
    const wanted = Math.max(0, Math.min(quantity, available, QUANTITY_MAX));
    const line = this.#lines.find((line) => line.variant === variant);
    if (line) line.quantity = wanted;
    else this.#lines.push({ variant, quantity: wanted });
    this.#lines = this.#lines.filter((line) => line.quantity > 0);
    this.#changed();
  }

  clear() {
    this.#lines = [];
    this.coupon = null;
    this.#changed();
  }

  #changed() {
    try {
      sessionStorage.setItem(this.#key, JSON.stringify(this.#lines));
    } catch {
      // Then it lasts as long as the page.
    }
    this.dispatchEvent(new Event("change"));
  }
}

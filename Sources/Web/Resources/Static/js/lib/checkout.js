import { call, insist, Problem } from "./api.js";
import { uuid } from "./uuid.js";

/**
 * Turns a bag and a buyer into a paid order (of several sellers: one for each), and can be asked again at any point: the order's id is made here and kept,
 * so that a lost answer never makes a second order. Prices are never sent, only offers and quantities.
 */
export class Checkout {
  #show;
  #market;
  #pending = null;
  #method = null;
  #moment = null;
  /** Where the viewer's picture is, in milliseconds of media time; null while there is none. */
  playhead = null;
  /** What else an order says of where it comes from. */
  from = {};

  constructor(show, market) {
    this.#show = show;
    this.#market = market;
  }

  /** The card of this visit that worked, or one that is kept: `{id or card, brand, last4}`, or null. */
  get savedMethod() {
    return this.#method;
  }

  set savedMethod(method) {
    this.#method = method;
  }

  forgetMethod() {
    this.#method = null;
  }

  /** What `lines` ([{offer, quantity}]) would cost now, with the code of a coupon or without. */
  quote(lines, coupon = null) {
    const wish = { show: this.#show, market: this.#market, lines, ...(coupon && { coupon }) };
    return insist(() => call("POST", "/api/v1/quotes", wish));
  }

  /** The bag has changed: what is ordered is of this moment of the show. */
  mark() {
    this.#moment = this.playhead;
  }

  /** Places the order, or gives the one already placed for the same lines and buyer: `{order, others?, accessToken, payment}`. */
  async place(lines, buyer, coupon = null) {
    const wish = { show: this.#show, market: this.#market, lines, buyer, ...(coupon && { coupon }) };
    const signature = JSON.stringify(wish);
    if (this.#pending && this.#pending.signature !== signature) await this.#abandon();
    this.#pending ??= { id: uuid(), signature, placed: null, moment: this.#moment ?? this.playhead };
    const pending = this.#pending;
    // Said beside the wish: another moment is no other order.
    const at = { ...this.from, ...(pending.moment !== null && { mediaTime: Math.floor(pending.moment) }) };
    try {
      pending.placed ??= await insist(() =>
        call("POST", "/api/v1/orders", { id: pending.id, ...wish, ...at }, { key: pending.id }));
    } catch (problem) {
      // A clear no made nothing, and the next try is a new intent. Without an answer it stays the same intent.
      if (!problem.isPassing) this.#pending = null;
      throw problem;
    }
    return pending.placed;
  }

  /** Hands the card to the provider, which gives a name for it. */
  async method(card) {
    return call("POST", this.#pending.placed.payment.methodsURL, card);
  }

  /** Pays with a method, kept by the provider if `save`. `{state, actionURL?, order}`; throws a `Problem` when declined. */
  async pay(method, save) {
    const { order, accessToken } = this.#pending.placed;
    const key = uuid();
    const path = `/api/v1/orders/${order.id}/payment`;
    const outcome = await insist(() =>
      call("POST", path, method.card ? { card: method.card } : { paymentMethod: method.id, save: Boolean(save) }, { key, token: accessToken }));
    // One that holds for a single payment is used up.
    this.#method = method.isOnce ? null : method;
    return outcome;
  }

  /** Where the buyer comes back to it. The token opens it once, and becomes a cookie there. */
  get orderURL() {
    return `${this.orderPath}?token=${encodeURIComponent(this.#pending.placed.accessToken)}`;
  }

  get orderPath() {
    return `/orders/${this.#pending.placed.order.id}`;
  }

  /** Asks how the payment stands, for one who comes back from their bank. Throws a `Problem` when it was declined. */
  async standing() {
    const { order, accessToken } = this.#pending.placed;
    const path = `/api/v1/orders/${order.id}/payment`;
    const said = await insist(() => call("GET", path, undefined, { token: accessToken }));
    if (said.state === "declined" && said.order.state === "placed") throw new Problem({ ...said, status: 402 });
    return said;
  }

  /** The order as it stands. */
  async look() {
    const { order, accessToken } = this.#pending.placed;
    return insist(() => call("GET", `/api/v1/orders/${order.id}`, undefined, { token: accessToken }));
  }

  /** Asks until the order is no longer waiting, or `seconds` have passed. */
  async settle(seconds, signal) {
    const end = performance.now() + seconds * 1000;
    for (let wait = 400; ; wait = Math.min(wait * 1.5, 3000)) {
      const order = await this.look();
      if (order.state !== "placed" || performance.now() > end || signal?.aborted) return order;
      await new Promise((resume) => setTimeout(resume, wait));
    }
  }

  /** The order is done with: the next bag is a new one. */
  finish() {
    this.#pending = null;
  }

  /** Gives back the stock of an order whose bag has changed. When that fails it expires by itself. */
  async #abandon() {
    const { placed } = this.#pending;
    this.#pending = null;
    if (!placed) return;
    const path = `/api/v1/orders/${placed.order.id}/cancellation`;
    await call("POST", path, {}, { key: uuid(), token: placed.accessToken }).catch((problem) => {
      if (!(problem instanceof Problem)) throw problem;
    });
  }
}

import { Problem } from "../api.js";
import { h, icon, say } from "../dom.js";
import { money } from "../money.js";
import { refusal, t } from "../strings.js";
import { Notice } from "./notice.js";
import { secondStep } from "./second-step.js";

/** Says what a tap on a product's Buy would cost, send where and charge to, and does so. */
export class OneTap {
  element = h("p", { class: "row still small soft one-tap", hidden: true });
  #drawer;
  #card;
  #buyer;
  #wish = "";
  #quote = null;
  #turn = 0;

  constructor(drawer, wallet) {
    const { data, room } = drawer.live;
    this.#drawer = drawer;
    [this.#card] = wallet.cards;
    this.#buyer = wallet.buyer(data.account, room.market);
  }

  /** Whether there is a card and an address here. */
  get isPossible() {
    return Boolean(this.#card && this.#buyer);
  }

  get isReady() {
    return this.#quote !== null;
  }

  /** Of so many of a variant; the button says the sum once the server has. */
  show(variant, quantity, button) {
    const lines = variant?.offer && variant.available > 0 ? [{ offer: variant.offer.id, quantity }] : null;
    const wish = JSON.stringify(lines);
    if (wish !== this.#wish) {
      this.#wish = wish;
      this.#quote = null;
      this.element.hidden = true;
      if (lines) this.#price(lines, button);
    }
    this.#label(button);
  }

  #label(button) {
    if (!this.#quote) return;
    const { total, shipping } = this.#quote;
    say(button, t(this.#quote.preorder ? "preorder.oneTap" : "wallet.oneTapBuy", { amount: money(total) }));
    const { line1, city } = this.#buyer.address;
    const what = shipping.minor === 0 ? t("wallet.freeShipping") : t("wallet.withShipping", { amount: money(shipping) });
    this.element.replaceChildren(icon("lock"),
      h("span", {}, [what, t("wallet.cardName", this.#card), `${line1}, ${city}`].join(" · ")));
    this.element.hidden = false;
  }

  async #price(lines, button) {
    const turn = (this.#turn += 1);
    // Who steps the quantity asks for the last one only.
    await new Promise((resume) => setTimeout(resume, 200));
    if (turn !== this.#turn) return;
    const quote = await this.#drawer.live.checkout.quote(lines).catch(() => null);
    if (quote?.preorder) await import("./preorder-part.js").then(({ words }) => words());
    if (turn !== this.#turn || !quote) return;
    this.#quote = quote;
    this.#label(button);
  }

  buy() {
    const step = new OneTapStep(this.#drawer, JSON.parse(this.#wish), this.#quote, this.#buyer, this.#card);
    this.#drawer.open(step);
    step.run();
  }
}

/** The order on its way. What goes wrong leads to the bag, where everything can be looked at. */
class OneTapStep {
  #drawer;
  #buy;
  #total;
  #gone = new AbortController();
  #notice = new Notice();
  #second = h("div", { class: "stack" });
  #wait = h("p", { class: "lead", role: "status" }, t("checkout.working"));

  constructor(drawer, lines, quote, buyer, card) {
    this.#drawer = drawer;
    this.#total = quote.total;
    this.#buy = { lines, buyer, card };
    this.title = t("checkout.review");
    this.body = [this.#notice.element, this.#wait, this.#second];
    this.foot = [];
  }

  back = () => this.#look();

  left() {
    this.#gone.abort();
  }

  async run() {
    try {
      await this.#run();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (this.#gone.signal.aborted) return;
      this.#wait.hidden = true;
      this.#second.replaceChildren(
        h("button", { class: "button buy", type: "button", click: () => this.#look() }, t("wallet.lookAgain")));
      this.#notice.show(problem.code === "offline" ? t("checkout.offline") : refusal(problem));
    }
  }

  async #run() {
    const { checkout } = this.#drawer.live;
    const { lines, buyer, card } = this.#buy;
    const { order, others = [] } = await checkout.place(lines, buyer);
    // Nobody pays what they have not seen.
    if (order.total.minor !== this.#total.minor) throw new Problem({ code: "price_changed", detail: t("checkout.priceChanged") });
    const { state, actionURL } = await checkout.pay(card);
    if (state === "requires_action" && actionURL) {
      const { nodes, frame, answer } = secondStep(actionURL, checkout, this.#gone.signal);
      this.#second.replaceChildren(...nodes);
      frame.focus();
      const said = await answer;
      this.#second.replaceChildren();
      if (this.#gone.signal.aborted) return;
      if (said === "refused") throw new Problem({ status: 402, code: "authentication_failed" });
      await checkout.standing();
    }
    const now = state === "paid" ? null : await checkout.settle(12, this.#gone.signal);
    if (this.#gone.signal.aborted) return;
    if (["expired", "cancelled"].includes(now?.state)) throw new Problem({ status: 410, code: `order_${now.state}` });
    // What else is in the bag stays there.
    this.#drawer.finish([order, ...others], now?.state !== "placed", true);
  }

  #look() {
    const { bag, room } = this.#drawer.live;
    for (const { offer, quantity } of this.#buy.lines) {
      const variant = room.goods.all.flatMap(({ variants }) => variants).find((one) => one.offer?.id === offer);
      if (variant) bag.set(variant.id, quantity, variant.available);
    }
    this.#drawer.openBag();
  }
}

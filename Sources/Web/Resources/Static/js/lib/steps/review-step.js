import { Problem } from "../api.js";
import { groupExpiry, groupNumber, readCard } from "../card.js";
import { busy, h, icon } from "../dom.js";
import { most } from "../goods.js";
import { money } from "../money.js";
import { number, refusal, t } from "../strings.js";
import { bagLines } from "./bag-step.js";
import { field, showFaults } from "./field.js";
import { Notice } from "./notice.js";
import { sumRows } from "./sums.js";

/** What is refused because things are not as they were when the page asked. */
const PRICED_ANEW = ["sold_out", "offer_closed", "offer_unknown", "offer_not_open", "deal_taken", "deal_limit"];

/** Everything once more with its total, and the card: one tap from here pays. */
export class ReviewStep {
  #drawer;
  #quote = null;
  /** What the quote is of. It is what gets ordered: a price that ended since is still honoured for a while. */
  #wish = [];
  #coupon = null;
  /** Placed for it: one for each seller. */
  #orders = [];
  #gone = new AbortController();
  #notice = new Notice();
  #lines = h("ul", { class: "rows" });
  #sums = h("dl", { class: "sums" });
  #deliver = h("div", { class: "deliver" });
  /** What takes the place of the card's fields with a provider that brings its own: `stripe-card`, `upi-way`. */
  #own = null;
  /** What a signed-in buyer keeps. */
  #wallet = null;
  #card = h("form", { class: "stack", id: "card", novalidate: true, submit: (event) => this.#submit(event) });
  #second = h("div", { class: "stack", hidden: true });
  #pay = h("button", { class: "button buy", form: "card", disabled: true }, t("checkout.working"));

  constructor(drawer) {
    this.#drawer = drawer;
    this.title = t("checkout.review");
    this.body = [this.#notice.element, this.#second, this.#lines, this.#sums, this.#deliver, this.#card];
    this.foot = this.#pay;
    this.#showBuyer();
    this.#open();
    this.#price();
  }

  /** The card used last, where one is kept. */
  async #open() {
    const { checkout } = this.#drawer.live;
    this.#wallet = await this.#drawer.wallet;
    checkout.savedMethod ??= this.#wallet?.cards[0] ?? null;
    this.#showCard();
  }

  back = () => this.#drawer.openBag();

  left() {
    this.#gone.abort();
  }

  async #price() {
    const { live } = this.#drawer;
    this.#fitToStock();
    const wish = bagLines(live).map(({ variant, quantity }) => ({ offer: variant.offer.id, quantity }));
    if (wish.length === 0) return this.#drawer.openBag();
    try {
      const { coupon } = live.bag;
      this.#quote = await live.checkout.quote(wish, coupon);
      [this.#wish, this.#coupon] = [wish, coupon];
      if (this.#gone.signal.aborted) return undefined;
      return this.#showQuote();
    } catch (problem) {
      return this.#refused(problem);
    }
  }

  #fitToStock() {
    const { bag, room } = this.#drawer.live;
    for (const { variant: id, quantity } of bag.lines) {
      const variant = room.goods.variant(id);
      if (!variant?.offer) {
        bag.set(id, 0);
        continue;
      }
      const limit = most(room.goods.productOf(id), variant);
      if (limit > 0 && limit < quantity) {
        bag.set(id, limit, limit);
        this.#notice.show(t("checkout.lessLeft"), "warn");
      }
    }
  }

  #showQuote() {
    const { lines, total } = this.#quote;
    const { room } = this.#drawer.live;
    this.#lines.replaceChildren(...bagLines(this.#drawer.live).map(({ product, variant }) => {
      const line = lines.find((one) => one.variant === variant.id);
      const picture = product.pictures[0];
      return h("li", {},
        picture ? h("img", { class: "thumb", src: picture.thumbnail, alt: "" }) : h("span", { class: "thumb" }, icon("bag")),
        h("div", { class: "grow" }, h("strong", {}, product.title),
          h("p", { class: "small soft number" }, [variant.title, `× ${number(line.quantity)}`].filter(Boolean).join(" "))),
        h("span", { class: "price" }, money(line.total)));
    }));
    this.#sums.replaceChildren(...sumRows(this.#quote));
    const { preorder } = this.#quote;
    if (preorder) import("./preorder-part.js").then(({ later }) => later(preorder, this.#sums));
    this.#pay.disabled = room.state === "ended" && room.goods.all.length === 0;
    this.#pay.textContent = t("checkout.pay", { amount: money(total) });
    this.#openOwn();
  }

  #showBuyer() {
    const { name, address } = this.#drawer.buyer;
    const words = [name, address.line1, address.line2, `${address.postalCode} ${address.city}`, address.region];
    this.#deliver.replaceChildren(
      h("div", {}, h("p", { class: "small soft" }, t("checkout.deliverTo")),
        h("address", {}, words.filter(Boolean).join(", "))),
      h("button", { class: "button", type: "button", click: () => this.#drawer.changeDetails() }, t("checkout.change")));
  }

  #showCard() {
    const { checkout, data } = this.#drawer.live;
    const saved = checkout.savedMethod;
    if (!saved && data.own) return this.#openOwn();
    if (saved) {
      const words = t("checkout.savedCard", { brand: saved.brand, last4: saved.last4 });
      this.#card.replaceChildren(h("div", { class: "deliver" }, h("p", {}, words),
        h("button", { class: "button", type: "button", click: () => this.#otherCard() }, t("checkout.otherCard"))));
      return undefined;
    }
    const cardNumber = field("number", t("checkout.number"), { autocomplete: "cc-number", inputmode: "numeric", maxlength: 23, placeholder: "•••• •••• •••• ••••" });
    const expiry = field("expiry", t("checkout.expiry"), { autocomplete: "cc-exp", inputmode: "numeric", maxlength: 7, placeholder: "08/29" }, "half");
    const cvc = field("cvc", t("checkout.cvc"), { autocomplete: "cc-csc", inputmode: "numeric", maxlength: 4, placeholder: "123" }, "half");
    regroup(cardNumber.querySelector("input"), groupNumber);
    regroup(expiry.querySelector("input"), groupExpiry);
    this.#card.replaceChildren(
      h("fieldset", { class: "fields" }, h("legend", { class: "unseen" }, t("checkout.card")), cardNumber, expiry, cvc),
      this.#wallet?.saveBox() ?? "",
      h("p", { class: "row still small soft" }, icon("lock"), t("checkout.secure")));
    return undefined;
  }

  /** They are made for an amount: they open with the first quote, and are told of the next. */
  async #openOwn() {
    const { own } = this.#drawer.live.data;
    if (!own || !this.#quote || this.#drawer.live.checkout.savedMethod) return;
    await import(`../../elements/${own.element}.js`);
    this.#own ??= h(own.element, { class: "stack" });
    if (!this.#own.parentNode) this.#card.replaceChildren(this.#own, this.#wallet?.saveBox() ?? "");
    await this.#own.open(own, this.#quote);
  }

  #otherCard() {
    if (!(this.#wallet?.cards.length > 1)) return this.#useCard(null);
    this.#card.replaceChildren(this.#wallet.cardChoices((card) => this.#useCard(card)));
    return this.#card.querySelector("button").focus();
  }

  #useCard(card) {
    this.#drawer.live.checkout.savedMethod = card;
    this.#showCard();
    this.#card.elements.namedItem("number")?.focus();
  }

  #submit(event) {
    event.preventDefault();
    if (!this.#quote) return;
    busy(this.#pay, () => this.#buy()).catch((problem) => this.#refused(problem));
  }

  async #buy() {
    const { checkout } = this.#drawer.live;
    this.#notice.hide();
    let method = checkout.savedMethod;
    let card = null;
    const save = this.#card.elements.namedItem("save")?.checked;
    if (!method && this.#drawer.live.data.own) {
      this.#own?.keeps(save);
      if (!(await this.#own?.check())) return;
    } else if (!method) {
      const value = (name) => this.#card.elements.namedItem(name).value;
      const read = readCard({ number: value("number"), expiry: value("expiry"), cvc: value("cvc") });
      if (!showFaults(this.#card, read.faults)) return;
      card = read.card;
    }
    const { order, others = [] } = await checkout.place(this.#wish, this.#drawer.buyer, this.#coupon);
    this.#orders = [order, ...others];
    const sums = together(this.#orders);
    if (sums.total.minor !== this.#quote.total.minor) {
      // Nobody pays what they have not seen.
      Object.assign(this.#quote, sums);
      this.#showQuote();
      this.#notice.show(t("checkout.priceChanged"), "warn");
      return;
    }
    method ??= this.#own ? await this.#own.method(this.#drawer.buyer) : await checkout.method(card);
    const outcome = await checkout.pay(method, save);
    if (save) this.#drawer.forgetWallet();
    if (outcome.state === "paid") this.#drawer.finish(this.#orders, true);
    else if (outcome.state === "requires_action") await this.#confirm(outcome.actionURL);
    else await this.#wait();
  }

  /** The bank's own page, in the drawer, if it has one. */
  async #confirm(url) {
    if (url) {
      const { secondStep } = await import("./second-step.js").catch(() => {
        throw new Problem();
      });
      const { checkout } = this.#drawer.live;
      const { nodes, frame, answer } = secondStep(url, checkout, this.#gone.signal);
      this.#second.replaceChildren(...nodes);
      this.#showSecondStep(true);
      frame.focus();
      const said = await answer;
      this.#showSecondStep(false);
      this.#second.replaceChildren();
      if (this.#gone.signal.aborted) return;
      if (said === "refused") throw new Problem({ status: 402, code: "authentication_failed" });
      await checkout.standing();
    }
    await this.#wait();
  }

  #showSecondStep(isShown) {
    this.#second.hidden = !isShown;
    for (const part of [this.#lines, this.#sums, this.#deliver, this.#card, this.#pay]) part.hidden = isShown;
  }

  async #wait() {
    const order = await this.#drawer.live.checkout.settle(12, this.#gone.signal);
    if (this.#gone.signal.aborted) return;
    if (["expired", "cancelled"].includes(order.state)) throw new Problem({ status: 410, code: `order_${order.state}` });
    this.#drawer.finish(this.#orders, order.state !== "placed");
  }

  #refused(problem) {
    if (!(problem instanceof Problem)) throw problem;
    const { checkout, room } = this.#drawer.live;
    if (this.#gone.signal.aborted) return;
    this.#notice.show(problem.code === "offline" ? t("checkout.offline") : refusal(problem));
    if (problem.status === 402) {
      checkout.forgetMethod();
      this.#showCard();
      this.#card.elements.namedItem("number")?.focus();
    } else if (problem.code.startsWith("coupon_")) {
      // Without it, then; the buyer sees what that comes to before paying.
      this.#drawer.live.bag.coupon = null;
      this.#price();
    } else if (PRICED_ANEW.includes(problem.code)) {
      setTimeout(() => room.goods.load().then(() => this.#gone.signal.aborted || this.#price()).catch(() => {}), 300);
    } else if (["order_expired", "order_cancelled", "too_many_payments"].includes(problem.code)) {
      checkout.finish();
    }
  }
}

/** What the orders of a bag come to, as a quote says it. */
function together(orders) {
  const sum = (part) => ({ ...orders[0][part], minor: orders.reduce((all, order) => all + order[part].minor, 0) });
  return {
    coupon: orders.find(({ coupon }) => coupon)?.coupon, sellers: undefined,
    subtotal: sum("subtotal"), shipping: sum("shipping"), total: sum("total"),
    isTaxAdded: orders[0].isTaxAdded, taxes: orders.flatMap(({ taxes }) => taxes),
  };
}

/** Groups digits as they are typed; only at the end of the field, so that the caret never jumps. */
function regroup(input, group) {
  input.addEventListener("input", (event) => {
    if (input.selectionStart !== input.value.length || event.inputType?.startsWith("delete")) return;
    input.value = group(input.value);
  });
}

import { h, icon } from "../dom.js";
import { limitText, most } from "../goods.js";
import { money } from "../money.js";
import { productRow } from "../product-row.js";
import { number, refusal, t } from "../strings.js";
import { Notice } from "./notice.js";
import { sumRows } from "./sums.js";

/** The lines of a bag with what the room knows of them; what is no longer sold is left out. */
export function bagLines({ bag, room }) {
  return bag.lines.flatMap(({ variant: id, quantity }) => {
    const variant = room.goods.variant(id);
    return variant?.offer ? [{ variant, product: room.goods.productOf(id), quantity }] : [];
  });
}

/** The bag, with quantities to change. */
export class BagStep {
  #drawer;
  #list = h("ul", { class: "rows bag-lines" });
  #notice = new Notice();
  #sums = h("dl", { class: "sums" });
  #code = h("input", { class: "input grow", id: "coupon-code", maxlength: 40, autocomplete: "off", autocapitalize: "characters", enterkeyhint: "done", "aria-label": t("checkout.coupon"), placeholder: t("checkout.coupon") });
  #form = h("form", { class: "row still", submit: (event) => this.#apply(event) }, this.#code, h("button", { class: "button" }, t("checkout.apply")));
  #applied = h("p", { class: "row apart", hidden: true });
  #turn = 0;

  constructor(drawer) {
    this.#drawer = drawer;
    this.title = t("checkout.bag");
    this.body = [this.#notice.element, this.#list, this.#form, this.#applied, this.#sums];
    this.foot = [
      h("button", { class: "button", type: "button", click: () => drawer.openShelf() }, t("checkout.seeProducts")),
      h("button", { class: "button buy", type: "button", click: () => drawer.checkOut() }, t("checkout.goToCheckout")),
    ];
    this.refresh();
  }

  refresh() {
    const lines = bagLines(this.#drawer.live);
    if (lines.length === 0) return this.#drawer.openShelf();
    this.#notice.hide();
    this.#list.replaceChildren(...lines.map((line) => this.#row(line)));
    return this.#price(lines);
  }

  #apply(event) {
    event.preventDefault();
    const code = this.#code.value.trim();
    if (!code) return;
    this.#drawer.live.bag.coupon = code;
    this.#code.value = "";
    this.refresh();
  }

  #remove() {
    this.#drawer.live.bag.coupon = null;
    this.refresh();
  }

  /** Every sum, as the server reckons it; a code that does not fit is said to, and taken out. */
  async #price(lines) {
    const turn = (this.#turn += 1);
    const { bag, checkout } = this.#drawer.live;
    const wish = lines.map(({ variant, quantity }) => ({ offer: variant.offer.id, quantity }));
    try {
      const quote = await checkout.quote(wish, bag.coupon);
      if (turn === this.#turn) this.#show(quote);
    } catch (problem) {
      if (turn !== this.#turn || !problem.code) return;
      this.#show(null);
      this.#notice.show(refusal(problem));
      if (!problem.code.startsWith("coupon_") && problem.field !== "coupon") return;
      bag.coupon = null;
      this.#price(lines);
    }
  }

  #show(quote) {
    const code = quote?.coupon?.code;
    this.#sums.replaceChildren(...(quote ? sumRows(quote) : []));
    this.#form.hidden = Boolean(code);
    this.#applied.hidden = !code;
    if (!code) return;
    this.#applied.replaceChildren(
      h("span", { class: "badge deal" }, icon("ticket"), code),
      h("button", { class: "button", type: "button", click: () => this.#remove() }, t("checkout.remove")));
  }

  #row({ product, variant, quantity }) {
    const change = (count) => {
      this.#drawer.live.bag.set(variant.id, count, most(product, variant));
      this.refresh();
    };
    const picture = product.pictures[0];
    const about = [variant.title, limitText(product, variant)].filter(Boolean).join(" · ");
    return h("li", {},
      picture ? h("img", { class: "thumb", src: picture.thumbnail, alt: "" }) : h("span", { class: "thumb" }, icon("bag")),
      h("div", { class: "grow stack tight" },
        h("strong", {}, product.title),
        about && h("p", { class: "small soft" }, about),
        h("div", { class: "stepper", role: "group", "aria-label": `${t("checkout.quantity")}: ${product.title}` },
          h("button", { class: "button round", type: "button", "aria-label": t(quantity > 1 ? "checkout.less" : "checkout.remove"), click: () => change(quantity - 1) }, icon(quantity > 1 ? "minus" : "trash")),
          h("output", {}, number(quantity)),
          h("button", { class: "button round", type: "button", "aria-label": t("checkout.more"), disabled: quantity >= most(product, variant), click: () => change(quantity + 1) }, icon("plus")))),
      h("span", { class: "price" }, money({ ...variant.offer.price, minor: variant.offer.price.minor * quantity })));
  }
}

/** Everything the show sells, for where there is no room beside the video. */
export class ShelfStep {
  #drawer;
  #list = h("ul", { class: "rows shelf" });

  constructor(drawer) {
    this.#drawer = drawer;
    this.title = t("live.products");
    const { markets } = drawer.live.data;
    this.body = [this.#list, markets.length > 0 && h("p", { class: "small soft row" }, t("live.pricesFor"),
      markets.map(({ name, currency, href }) => h("a", { href }, `${name} (${currency})`)))].filter(Boolean);
    this.refresh();
  }

  get back() {
    return this.#drawer.live.bag.count > 0 ? () => this.#drawer.openBag() : null;
  }

  get foot() {
    const { bag } = this.#drawer.live;
    if (bag.count === 0) return [];
    return [h("button", { class: "button buy", type: "button", click: () => this.#drawer.openBag() }, t("checkout.bag"))];
  }

  refresh() {
    const { room } = this.#drawer.live;
    const rows = room.goods.all.map((product) => productRow(product, {
      goods: room.goods,
      isPinned: product.id === room.pinned,
      open: (id) => this.#drawer.openProduct(id),
    }));
    this.#list.replaceChildren(...(rows.length > 0 ? rows : [h("li", { class: "soft" }, t("live.noProducts"))]));
  }
}

import { h, icon } from "../dom.js";
import { most } from "../goods.js";
import { money } from "../money.js";
import { productRow } from "../product-row.js";
import { number, t } from "../strings.js";

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

  constructor(drawer) {
    this.#drawer = drawer;
    this.title = t("checkout.bag");
    this.body = this.#list;
    this.foot = [
      h("button", { class: "button", type: "button", click: () => drawer.openShelf() }, t("checkout.seeProducts")),
      h("button", { class: "button buy", type: "button", click: () => drawer.checkOut() }, t("checkout.goToCheckout")),
    ];
    this.refresh();
  }

  refresh() {
    const lines = bagLines(this.#drawer.live);
    if (lines.length === 0) return this.#drawer.openShelf();
    return this.#list.replaceChildren(...lines.map((line) => this.#row(line)));
  }

  #row({ product, variant, quantity }) {
    const change = (count) => {
      this.#drawer.live.bag.set(variant.id, count, most(product, variant));
      this.refresh();
    };
    const picture = product.pictures[0];
    return h("li", {},
      picture ? h("img", { class: "thumb", src: picture.url, alt: "" }) : h("span", { class: "thumb" }, icon("bag")),
      h("div", { class: "grow stack tight" },
        h("strong", {}, product.title),
        variant.title && h("p", { class: "small soft" }, variant.title),
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

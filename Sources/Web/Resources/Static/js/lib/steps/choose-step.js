import { lowestText } from "../deals.js";
import { h, icon, say } from "../dom.js";
import { dealFlag, isLow, leadingOffer, leftText, limitText, most } from "../goods.js";
import { money } from "../money.js";
import { number, t } from "../strings.js";
import { Notice } from "./notice.js";

/** One product up close: pictures, its options, how many. */
export class ChooseStep {
  #drawer;
  #id;
  #chosen;
  #quantity = 1;
  #price = h("p", { class: "row" });
  #lowest = h("p", { class: "lowest" });
  #stock = h("p", { class: "small stock", "aria-live": "polite" });
  #perBuyer = h("p", { class: "small soft" });
  #options = h("div", { class: "stack" });
  #count = h("output", { "aria-live": "polite" });
  #less = h("button", { class: "button round", type: "button", "aria-label": t("checkout.less"), click: () => this.#step(-1) }, icon("minus"));
  #more = h("button", { class: "button round", type: "button", "aria-label": t("checkout.more"), click: () => this.#step(1) }, icon("plus"));
  #add = h("button", { class: "button", type: "button", click: () => this.#addToBag() }, t("checkout.addToBag"));
  #buy = h("button", { class: "button buy", type: "button", click: () => this.#buyNow() }, t("checkout.buyNow"));
  #notice = new Notice();
  #tap = null;

  constructor(drawer, id) {
    this.#drawer = drawer;
    this.#id = id;
    const product = this.#product;
    this.#chosen = (this.#offered.find((variant) => variant.available > 0) ?? this.#offered[0])?.id;
    this.title = product.title;
    const { pictures } = product;
    this.body = [
      this.#notice.element,
      // One picture leaves room for the price beside it, and the choices move up to the thumb.
      h("div", { class: pictures.length === 1 ? "front" : "stack" },
        pictures.length > 0 && h("div", { class: "gallery", tabindex: pictures.length > 1 ? "0" : false },
          pictures.map(({ url, sources, alt, width, height }) => h("img", {
            src: url, srcset: sources ?? false, sizes: "(min-width: 48rem) 26rem, 88vw", alt, width, height,
          }))),
        h("div", { class: "stack tight" },
          dealFlag(product, drawer.live.room.goods),
          product.seller !== drawer.live.data.seller.name && h("p", { class: "small soft" }, t("checkout.soldBy", { seller: product.seller })),
          product.rating && h("p", { class: "small" }, `★ ${product.rating.average} (${product.rating.count})`),
          this.#price, this.#lowest, this.#stock, this.#perBuyer)),
      this.#options,
      h("div", { class: "row apart" }, h("span", { class: "soft" }, t("checkout.quantity")),
        h("div", { class: "stepper", role: "group", "aria-label": t("checkout.quantity") }, this.#less, this.#count, this.#more)),
      this.#variant?.parts && h("p", {}, this.#variant.parts.map(({ quantity, title }) => `${number(quantity)} × ${title}`).join(", ")),
      product.description && h("p", { class: "about-product" }, product.description),
      drawer.live.data.returns && h("p", { class: "small soft" }, drawer.live.data.returns),
    ].filter(Boolean);
    this.foot = [this.#add, this.#buy];
    this.#buildOptions();
    this.refresh();
    drawer.wallet.then((wallet) => wallet?.openTap(drawer)).then((tap) => {
      if (!tap || !this.#buy.isConnected) return;
      this.#tap = tap;
      this.#options.after(tap.element);
      this.refresh();
    });
  }

  get back() {
    return this.#drawer.live.room.goods.all.length > 1 ? () => this.#drawer.openShelf() : null;
  }

  get #product() {
    return this.#drawer.live.room.goods.product(this.#id);
  }

  get #offered() {
    return this.#product.variants.filter((variant) => variant.offer);
  }

  get #variant() {
    return this.#offered.find((variant) => variant.id === this.#chosen);
  }

  refresh() {
    if (!this.#product) return this.#drawer.close();
    const variant = this.#variant;
    const offer = variant?.offer ?? leadingOffer(this.#product);
    const left = variant?.available ?? 0;
    const limit = variant ? Math.min(most(this.#product, variant), 99) : 0;
    this.#quantity = Math.max(1, Math.min(this.#quantity, limit));
    this.#price.replaceChildren(...(offer
      ? [h("span", { class: "price big" }, money(offer.price)), offer.compareAt ? h("s", { class: "was" }, money(offer.compareAt)) : ""]
      : []));
    say(this.#lowest, lowestText(this.#product, offer) ?? "");
    say(this.#stock, leftText(this.#product, left));
    say(this.#perBuyer, limitText(this.#product, variant));
    this.#stock.classList.toggle("low", isLow(left));
    say(this.#count, number(this.#quantity));
    this.#less.disabled = this.#quantity <= 1;
    this.#more.disabled = this.#quantity >= limit;
    this.#add.disabled = left === 0;
    this.#buy.disabled = !variant;
    say(this.#buy, t(left === 0 ? "live.tell" : "checkout.buyNow"));
    this.#tap?.show(variant, this.#quantity, this.#buy);
    if (left && variant.preorder) {
      import("./preorder-part.js").then(({ offer }) =>
        offer(variant.preorder, this.#stock, this.#lowest, this.#add, !this.#tap?.isReady && this.#buy));
    }
    this.#markOptions();
    return undefined;
  }

  #buildOptions() {
    const product = this.#product;
    const names = product.options.length > 0 ? product.options : this.#offered.length > 1 ? [t("live.choose")] : [];
    this.#options.replaceChildren(...names.map((name, index) => {
      const values = [...new Set(this.#offered.map((variant) => this.#valueOf(variant, index)))];
      return h("fieldset", { class: "stack tight", "data-option": index },
        h("legend", { class: "small" }, name),
        h("div", { class: "chips" }, values.map((value) => h("label", { class: "chip", "data-value": value },
          h("input", { type: "radio", name: `option${index}`, value, change: () => this.#choose(index, value) }),
          h("span", {}, value)))));
    }));
  }

  #valueOf(variant, index) {
    return this.#product.options.length > 0 ? variant.options[index] : variant.title;
  }

  /** The variant with this value that keeps the other choices, or else the first that can be bought. */
  #choose(index, value) {
    const current = this.#variant;
    const fitting = this.#offered.filter((variant) => this.#valueOf(variant, index) === value);
    const same = fitting.find((variant) =>
      variant.options.every((other, place) => place === index || other === current.options[place]));
    this.#chosen = (same ?? fitting.find((variant) => variant.available > 0) ?? fitting[0]).id;
    this.refresh();
  }

  #markOptions() {
    const current = this.#variant;
    if (!current) return;
    for (const group of this.#options.children) {
      const index = Number(group.dataset.option);
      for (const chip of group.querySelectorAll(".chip")) {
        const { value } = chip.dataset;
        chip.firstElementChild.checked = this.#valueOf(current, index) === value;
        chip.classList.toggle("out", !this.#offered.some((variant) => variant.available > 0
          && this.#valueOf(variant, index) === value
          && variant.options.every((other, place) => place >= index || other === current.options[place])));
      }
    }
  }

  #step(by) {
    this.#quantity += by;
    this.refresh();
  }

  #addToBag() {
    this.#drawer.live.bag.add(this.#chosen, this.#quantity, most(this.#product, this.#variant));
    this.#notice.show(t("checkout.added"), "good");
  }

  /** What is in the bag already stays in it; asking for the same again does not double it. */
  #buyNow() {
    if (this.#variant.available === 0) return import("./tell-step.js").then(({ tell }) => tell(this.#drawer, this.#product, this.#variant));
    if (this.#tap?.isReady) return this.#tap.buy();
    this.#drawer.live.bag.set(this.#chosen, this.#quantity, most(this.#product, this.#variant));
    return this.#drawer.checkOut();
  }
}

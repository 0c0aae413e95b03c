import { lowestText } from "../lib/deals.js";
import { h, say } from "../lib/dom.js";
import { available, buyText, dealFlag, isLow, leadingOffer, leftText, priceText } from "../lib/goods.js";
import { money } from "../lib/money.js";

/** The product on screen now: picture, price, what is left, and one button. */
export class PinnedCard extends HTMLElement {
  #live;
  #shown = null;

  connectedCallback() {
    this.#live = this.closest("live-room");
    const { room } = this.#live;
    this.#shown = this.querySelector("[data-product]")?.dataset.product ?? null;
    room.pinned ??= this.#shown;
    room.addEventListener("pin", () => this.#show());
    room.addEventListener("ended", () => this.replaceChildren());
    room.goods.addEventListener("change", ({ detail }) => {
      if (detail.includes(room.pinned)) this.#show();
    });
    this.addEventListener("click", (event) => {
      if (!event.target.closest(".button") || !room.goods.product(room.pinned)) return;
      event.preventDefault();
      this.#live.drawer.openProduct(room.pinned);
    });
  }

  #show() {
    const { room } = this.#live;
    const product = room.goods.product(room.pinned);
    if (!room.pinned) {
      this.#shown = null;
      return this.replaceChildren();
    }
    // Its product may still be on its way; `change` brings us back.
    if (!product) return undefined;
    if (this.#shown !== product.id || !this.querySelector("button")) this.#build(product);
    this.#shown = product.id;
    return this.#refresh(product);
  }

  #build(product) {
    const picture = product.pictures[0];
    const article = h("article", { class: "offer", "data-product": product.id },
      dealFlag(product, this.#live.room.goods, "offer-flag"),
      picture && h("img", { class: "offer-photo", src: picture.thumbnail, alt: "", width: 72, height: 72 }),
      h("div", { class: "offer-words" },
        h("h2", {}, product.title),
        h("p", { class: "row still" }, h("span", { class: "price" }), h("s", { class: "was small", hidden: true })),
        h("p", { class: "lowest", hidden: true }),
        h("p", { class: "small stock" })),
      h("button", { class: "button buy", type: "button" }));
    // The same product again, now with scripts, should not jump in a second time.
    if (this.#shown === product.id) article.classList.add("settled");
    this.replaceChildren(article);
  }

  #refresh(product) {
    const count = available(product);
    const offer = leadingOffer(product);
    const stock = this.querySelector(".stock");
    const before = stock.textContent;
    say(this.querySelector(".price"), priceText(product));
    const was = this.querySelector(".was");
    was.hidden = !offer?.compareAt;
    if (offer?.compareAt) say(was, money(offer.compareAt));
    const lowest = this.querySelector(".lowest");
    const lowestWords = lowestText(product, offer);
    lowest.hidden = !lowestWords;
    if (lowestWords) say(lowest, lowestWords);
    say(stock, leftText(product));
    stock.classList.toggle("low", isLow(count));
    if (before && before !== stock.textContent) flash(stock);
    const button = this.querySelector("button");
    say(button, buyText(product));
    button.disabled = !offer;
  }
}

function flash(element) {
  element.classList.remove("changed");
  requestAnimationFrame(() => element.classList.add("changed"));
}

customElements.define("pinned-card", PinnedCard);

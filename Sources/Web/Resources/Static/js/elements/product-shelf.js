import { part } from "../lib/dom.js";
import { productRow } from "../lib/product-row.js";

/** Everything this show sells, beside the video. On a phone the drawer shows the same rows. */
export class ProductShelf extends HTMLElement {
  #live;
  #frame = 0;

  connectedCallback() {
    this.#live = this.closest("live-room");
    const { room } = this.#live;
    const later = () => {
      this.#frame ||= requestAnimationFrame(() => this.#show());
    };
    room.goods.addEventListener("change", later);
    room.addEventListener("pin", later);
  }

  #show() {
    this.#frame = 0;
    const { room, drawer } = this.#live;
    const focused = this.contains(document.activeElement)
      ? document.activeElement.closest("[data-product]")?.dataset.product
      : null;
    part(this, "list").replaceChildren(...room.goods.all.map((product) => productRow(product, {
      goods: room.goods,
      isPinned: product.id === room.pinned,
      open: (id) => drawer.openProduct(id),
    })));
    if (focused) this.querySelector(`[data-product="${CSS.escape(focused)}"] button`)?.focus();
  }
}

customElements.define("product-shelf", ProductShelf);

import { call, insist } from "../lib/api.js";
import { busy, part, say } from "../lib/dom.js";
import { available, isLow, stockText } from "../lib/goods.js";
import { number, t } from "../lib/strings.js";

/** The products in their order; one tap puts one on every screen, another takes it off. */
export class RunOfShow extends HTMLElement {
  #desk;

  connectedCallback() {
    this.#desk = this.closest("control-room");
    const { room } = this.#desk;
    room.pinned = this.querySelector(".is-pinned")?.dataset.product ?? null;
    room.addEventListener("pin", ({ detail }) => this.#mark(detail));
    room.goods.addEventListener("change", () => this.#count());
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.#toggle(event.target);
    });
  }

  /** What is shown is what the room says, which here means at once: the host decides, the viewers' playheads follow. */
  async #toggle(form) {
    const path = `/api/v1/shows/${this.#desk.room.show}/pin`;
    const product = form.elements.namedItem("product").value;
    const isPinned = form.elements.namedItem("do").value === "unpin";
    await busy(form.querySelector("button"), async () => {
      try {
        await insist(() => (isPinned ? call("DELETE", path) : call("PUT", path, { product })));
        this.#mark(isPinned ? null : product);
      } catch (problem) {
        this.#desk.complain(problem);
      }
    });
  }

  /** Takes the products and their order from another page of the same show. */
  renew(other) {
    this.replaceChildren(...other.childNodes);
    this.#mark(this.#desk.room.pinned);
  }

  #mark(product) {
    for (const item of this.querySelectorAll(".run-item")) {
      const isPinned = item.dataset.product === product;
      item.classList.toggle("is-pinned", isPinned);
      const button = item.querySelector(".pin-button");
      if (!button) continue;
      button.setAttribute("aria-pressed", String(isPinned));
      say(part(button, "label"), t(isPinned ? "control.unpin" : "control.pin"));
      button.form.elements.namedItem("do").value = isPinned ? "unpin" : "pin";
    }
  }

  #count() {
    for (const item of this.querySelectorAll(".run-item")) {
      const product = this.#desk.room.goods.product(item.dataset.product);
      if (!product) continue;
      const left = available(product);
      const stock = part(item, "stock");
      say(stock, isLow(left) ? stockText(left) : `${stockText(left)} (${number(left)})`);
    }
  }
}

customElements.define("run-of-show", RunOfShow);

import { call, insist } from "../lib/api.js";
import { busy, h, part, say } from "../lib/dom.js";
import { t } from "../lib/strings.js";

/** Puts a coupon on every screen with one tap, and takes it off with another. */
export class CouponDesk extends HTMLElement {
  #desk;

  connectedCallback() {
    this.#desk = this.closest("control-room");
    this.#desk.room.addEventListener("coupon", ({ detail }) => this.#mark(detail?.coupon ?? null));
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.#toggle(event.target);
    });
  }

  async #toggle(form) {
    const path = `/api/v1/shows/${this.#desk.room.show}/coupon`;
    const coupon = form.elements.namedItem("coupon").value;
    const isShown = form.elements.namedItem("do").value === "hide-coupon";
    await busy(form.querySelector("button"), async () => {
      try {
        await insist(() => (isShown ? call("DELETE", path) : call("PUT", path, { coupon })));
        this.#mark(isShown ? null : coupon);
        this.#desk.content();
      } catch (problem) {
        this.#desk.complain(problem);
      }
    });
  }

  #mark(coupon) {
    for (const form of this.querySelectorAll("form")) {
      const isShown = form.elements.namedItem("coupon").value === coupon;
      form.elements.namedItem("do").value = isShown ? "hide-coupon" : "show-coupon";
      const button = form.querySelector("button");
      button.setAttribute("aria-pressed", String(isShown));
      say(part(button, "label"), t(isShown ? "couponDesk.hide" : "couponDesk.show"));
    }
  }
}

customElements.define("coupon-desk", CouponDesk);

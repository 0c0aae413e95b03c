import { call, insist } from "../lib/api.js";
import { h, icon, say } from "../lib/dom.js";
import { money } from "../lib/money.js";
import { language, learn, t } from "../lib/strings.js";

/** The coupon on screen: what it takes off, and one button that puts it into the bag. */
export class CouponCard extends HTMLElement {
  #live;
  #coupon = null;

  connectedCallback() {
    this.#live = this.closest("live-room");
    const { room, bag } = this.#live;
    room.addEventListener("ended", () => this.replaceChildren());
    bag.addEventListener("change", () => this.#mark());
  }

  /** What the room says of it. */
  tell(coupon) {
    this.#coupon = coupon;
    this.#show();
  }

  #show() {
    const coupon = this.#coupon;
    const isHere = coupon && coupon.market === this.#live.room.market && coupon.isOpen !== "false";
    if (!isHere) return this.replaceChildren();
    this.replaceChildren(h("article", { class: "coupon" },
      icon("ticket"),
      h("div", { class: "offer-words" }, h("strong", {}, couponText(coupon)),
        h("p", { class: "small" }, [coupon.title, minimumText(coupon)].filter(Boolean).join(" · "))),
      h("button", { class: "button", type: "button", click: () => this.#claim() })));
    return this.#mark();
  }

  get #isClaimed() {
    return this.#live.bag.coupon?.toUpperCase() === this.#coupon?.code;
  }

  #mark() {
    const button = this.querySelector("button");
    if (!button) return;
    say(button, t(this.#isClaimed ? "coupon.claimed" : "coupon.claim"));
    button.setAttribute("aria-pressed", String(this.#isClaimed));
  }

  /** It waits in the bag; tapped again, the bag opens. */
  #claim() {
    const { bag, drawer } = this.#live;
    if (this.#isClaimed) return drawer.openBag();
    bag.coupon = this.#coupon.code;
    return undefined;
  }
}

/** The one of the page, which is empty until there is a coupon, with its words. */
export async function make(live) {
  learn(await insist(() => call("GET", `/words/coupon?lang=${language}`)));
  return live.querySelector("coupon-card");
}

const amount = (minor, currency) => money({ minor: Number(minor), currency });

/** `10% off, up to ₹200`, or `₹300 off`. */
export function couponText({ percentBasisPoints, discountMaxMinor, amountMinor, currency }) {
  if (amountMinor) return t("coupon.amount", { amount: amount(amountMinor, currency) });
  const percent = Number(percentBasisPoints) / 100;
  return discountMaxMinor
    ? t("coupon.percentMax", { percent, max: amount(discountMaxMinor, currency) })
    : t("coupon.percent", { percent });
}

function minimumText({ minimumMinor, currency }) {
  return Number(minimumMinor) > 0 ? t("coupon.from", { amount: amount(minimumMinor, currency) }) : "";
}

customElements.define("coupon-card", CouponCard);

import { call, insist } from "../lib/api.js";
import { clock } from "../lib/clock-text.js";
import { busy, h, part, say } from "../lib/dom.js";
import { money } from "../lib/money.js";
import { keepTime, TICK_MILLISECONDS, until } from "../lib/server-time.js";
import { language, learn, plural, refusal, t } from "../lib/strings.js";
import { uuid } from "../lib/uuid.js";

/** How long what came of it is on screen. */
const SHOWN_MILLISECONDS = 90_000;
const URGENT_MILLISECONDS = 10_000;

/**
 * The auction on screen: its price and its time by the server's clock, whether we lead, and two ways to bid: the next bid
 * with one tap, or the most we would pay.
 */
export class AuctionCard extends HTMLElement {
  #live;
  #auction = null;
  /** What the server says of us: `{ code, maximum, card, address, … }`; null for a guest. */
  #mine = null;
  #ticking = 0;
  #hiding = 0;
  #note = "";
  #isComplaint = false;

  connectedCallback() {
    this.#live = this.closest("live-room");
  }

  disconnectedCallback() {
    clearInterval(this.#ticking);
    clearTimeout(this.#hiding);
  }

  /** What the room says of it: all of it, at every bid. An answer of our own may be newer than word of it. */
  tell(told) {
    const before = this.#auction;
    if (told && before?.id === told.id && isOlder(told, before)) return;
    this.#auction = told;
    if (told?.id !== before?.id) this.#begin();
    else if (told && told.state !== before.state) this.#turn();
    this.#show();
  }

  #begin() {
    [this.#mine, this.#note] = [null, ""];
    clearInterval(this.#ticking);
    if (!this.#auction) return;
    keepTime();
    this.#ticking = setInterval(() => this.#refresh(), TICK_MILLISECONDS);
    this.#turn();
  }

  #turn() {
    clearTimeout(this.#hiding);
    this.#note = "";
    const { state } = this.#auction;
    const isOver = ["sold", "unsold", "cancelled"].includes(state);
    if (isOver) this.#hiding = setTimeout(() => this.tell(null), SHOWN_MILLISECONDS);
    if (state !== "open") clearInterval(this.#ticking);
    // Who has not bid has nothing to learn from how it went on.
    if (this.#live.data.account && (state === "open" || this.#mine?.maximum)) this.#ask();
  }

  async #ask() {
    const { id } = this.#auction;
    const mine = await insist(() => call("GET", `/api/v1/auctions/${id}/standing`)).catch(() => null);
    if (!mine || this.#auction?.id !== id) return;
    this.#mine = mine;
    this.#show();
  }

  get #isLeading() {
    return Boolean(this.#mine?.code) && this.#mine.code === this.#auction.leaderCode;
  }

  get #left() {
    return Math.max(0, until(this.#auction.endsAt));
  }

  // MARK: Bidding

  #submitted(event) {
    event.preventDefault();
    const field = event.target.elements.namedItem("maximum");
    const { currency } = this.#auction.next;
    const format = new Intl.NumberFormat("en", { style: "currency", currency });
    const minor = minorOf(field.value, format.resolvedOptions().maximumFractionDigits);
    field.setAttribute("aria-invalid", String(minor === null));
    if (minor === null) return field.focus();
    return busy(event.target.querySelector("button"), () => this.#bid(minor).then((isIn) => isIn && (field.value = "")));
  }

  async #bid(maximumMinor) {
    const { id } = this.#auction;
    const key = uuid();
    try {
      const body = { maximumMinor };
      const placed = await insist(
        () => call("POST", `/api/v1/auctions/${id}/bids?lang=${language}`, body, { key }), { isOver: () => this.#left === 0 });
      if (this.#mine) this.#mine.maximum = placed.maximum;
      this.#say(placed.isLeading ? "" : t("auction.beaten"), false);
      this.tell(placed.auction);
      return true;
    } catch (problem) {
      this.#say(this.#why(problem), true);
      return false;
    }
  }

  /** What a refusal means: its amount is in words of the language here, and by what is known now. */
  #why(problem) {
    if (!("code" in problem)) return t("auction.failed");
    const path = `auction.${problem.code}`;
    const text = t(path, { price: money(this.#auction.next) });
    return text === path ? refusal(problem) : text;
  }

  #say(note, isComplaint) {
    [this.#note, this.#isComplaint] = [note, isComplaint];
    this.#refresh();
  }

  // MARK: What is seen

  #show() {
    const auction = this.#auction;
    if (!auction) return this.replaceChildren();
    const { id, state } = auction;
    const needs = state === "open" ? this.#needs : "";
    const signature = [id, state, needs, Boolean(this.#mine?.maximum), this.#mine?.payUntil].join();
    if (this.dataset.signature !== signature || !this.firstElementChild) {
      this.dataset.signature = signature;
      this.replaceChildren(h("article", { class: "auction", "data-state": state },
        h("div", { class: "auction-head" },
          h("p", { class: "auction-kicker" }, t("auction.title"), " ", h("span", { class: "badge", "data-part": "standing" })),
          h("p", { class: "auction-time number", "data-part": "time", role: "timer" })),
        h("strong", {}, auction.title),
        h("p", { class: "auction-price" }, h("span", { class: "price", "data-part": "price" }),
          h("span", { class: "small soft", "data-part": "who" })),
        ...this.#ways(needs),
        h("p", { class: "small", "data-part": "note", role: "status" })));
    }
    return this.#refresh();
  }

  /** What keeps us from bidding; empty for nothing. */
  get #needs() {
    if (!this.#live.data.account) return "account";
    if (!this.#mine) return "standing";
    if (this.#mine.isMember) return "member";
    return this.#mine.card && this.#mine.address ? "" : "wallet";
  }

  #ways(needs) {
    if (this.#auction.state !== "open") {
      const { order, payUntil } = this.#mine ?? {};
      return order && payUntil ? [h("a", { class: "button buy", href: `/orders/${order}` }, t("auction.pay"))] : [];
    }
    switch (needs) {
      case "account":
        return [h("a", { class: "button buy", href: `/sign-in?return=${encodeURIComponent(location.pathname)}` }, t("auction.signIn"))];
      case "wallet":
        return [h("p", { class: "small" }, t("auction.needsWallet", { market: this.#auction.market })),
          h("a", { class: "button buy", href: "/account/wallet", target: "_blank" }, t("auction.wallet")),
          h("button", { class: "button", type: "button", click: () => this.#ask() }, t("auction.again"))];
      case "member":
      case "standing":
        return [];
      default:
        return [h("div", { class: "auction-ways" },
          h("button", { class: "button buy", type: "button", "data-part": "next",
            click: ({ currentTarget }) => busy(currentTarget, () => this.#bid(this.#auction.next.minor)) }),
          h("form", { class: "auction-maximum", submit: (event) => this.#submitted(event) },
            h("label", { class: "unseen", for: "auction-maximum" }, t("auction.maximum")),
            h("input", { class: "input number", id: "auction-maximum", name: "maximum", inputmode: "decimal", required: true,
              maxlength: 14, autocomplete: "off", placeholder: t("auction.maximum") }),
            h("button", { class: "button" }, t("auction.set")))),
        h("p", { class: "small soft", "data-part": "terms" })];
    }
  }

  #refresh() {
    const auction = this.#auction;
    if (!auction || !this.firstElementChild) return;
    const isOpen = auction.state === "open";
    const left = this.#left;
    say(part(this, "time"), isOpen ? (left > 0 ? clock(Math.ceil(left / 1000)) : t("auction.closing")) : "");
    this.firstElementChild.classList.toggle("urgent", isOpen && left > 0 && left <= URGENT_MILLISECONDS);
    say(part(this, "price"), money(auction.soldFor ?? auction.price ?? auction.opening));
    say(part(this, "who"), this.#who());
    this.#refreshStanding();
    const next = part(this, "next");
    if (next) {
      say(next, t("auction.bid", { price: money(auction.next) }));
      next.disabled = left === 0;
      next.hidden = this.#isLeading;
      say(part(this, "terms"), this.#terms());
    }
    const note = part(this, "note");
    say(note, this.#note || this.#outcome());
    note.classList.toggle("bad", this.#isComplaint && Boolean(this.#note));
    note.hidden = !note.textContent;
  }

  #who() {
    const { state, bids, leader, soldTo } = this.#auction;
    if (state === "sold") return t("auction.soldTo", { name: soldTo });
    if (bids === 0) return t("auction.opening");
    return `${leader} · ${plural("auction.count", bids)}`;
  }

  #refreshStanding() {
    const standing = part(this, "standing");
    const isIn = Boolean(this.#mine?.maximum) && ["open", "settling"].includes(this.#auction.state);
    standing.hidden = !isIn;
    if (!isIn) return;
    const isOpen = this.#auction.state === "open";
    standing.className = `badge ${this.#isLeading ? "good" : isOpen ? "bad" : ""}`;
    say(standing, t(this.#isLeading ? (isOpen ? "auction.leads" : "auction.won") : isOpen ? "auction.outbid" : "auction.lost"));
    this.firstElementChild.classList.toggle("leading", this.#isLeading);
  }

  /** Before one bids: what is added, what is in it, and that there is no way back. */
  #terms() {
    const { shipping, shippingFreeFrom, taxBasisPoints, isTaxAdded, total, maximum, card } = this.#mine;
    const { next, isSuddenDeath } = this.#auction;
    const isFree = shipping.minor === 0 || (shippingFreeFrom && next.minor >= shippingFreeFrom.minor);
    const parts = [
      isFree ? t("auction.shippingFree") : t("auction.shipping", { price: money(shipping) }),
      taxBasisPoints > 0 ? t(isTaxAdded ? "auction.taxAdded" : "auction.tax", { rate: taxBasisPoints / 100 }) : "",
      isTaxAdded && !maximum ? t("auction.inAll", { price: money(total) }) : "",
      t("auction.noWayBack", { card: `${card.brand} ${card.last4}` }),
      isSuddenDeath ? t("auction.suddenDeath") : "",
      this.#isLeading && maximum ? t("auction.yourMaximum", { price: money(maximum) }) : "",
    ];
    return parts.filter(Boolean).join(" ");
  }

  #outcome() {
    const { state, bids } = this.#auction;
    const { payUntil, order, isMember } = this.#mine ?? {};
    if (payUntil && state === "settling") {
      const time = new Date(payUntil).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
      return t("auction.payUntil", { time });
    }
    switch (state) {
      case "open":
        return isMember ? t("auction.member") : "";
      case "settling":
        return t(this.#isLeading ? "auction.charging" : "auction.settling");
      case "sold":
        return order && this.#auction.soldTo ? t("auction.checkOrders") : "";
      case "unsold":
        return t(bids === 0 ? "auction.nobody" : "auction.unsold");
      default:
        return t("auction.cancelled");
    }
  }
}

/** Makes it with its words and looks, which a page without an auction does without. */
export async function make(live) {
  const [words] = await Promise.all([call("GET", `/words/auction?lang=${language}`), looks()]);
  learn(words);
  const card = new AuctionCard();
  live.querySelector(".counter").prepend(card);
  return card;
}

const ORDER = ["open", "settling", "sold", "unsold", "cancelled"];

const isOlder = (told, known) =>
  ORDER.indexOf(told.state) < ORDER.indexOf(known.state) || (told.state === known.state && told.bids < known.bids);

/** Minor units of what was typed, `1299.50`; null for anything else. */
function minorOf(text, digits) {
  const [, whole, fraction = ""] = /^(\d{1,10})(?:[.](\d{1,3}))?$/.exec(text.trim().replaceAll(",", "")) ?? [];
  if (whole === undefined || fraction.length > digits) return null;
  return Number(whole) * 10 ** digits + Number(fraction.padEnd(digits, "0") || 0);
}

function looks() {
  const link = h("link", { rel: "stylesheet", href: new URL("../../css/auction.css", import.meta.url).href });
  return new Promise((resume) => {
    for (const kind of ["load", "error"]) link.addEventListener(kind, resume, { once: true });
    document.head.append(link);
  });
}

customElements.define("auction-card", AuctionCard);

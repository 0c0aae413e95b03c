import { call, insist } from "./api.js";
import { h } from "./dom.js";
import { language, learn, t } from "./strings.js";
import { uuid } from "./uuid.js";

/** What a signed-in buyer keeps, the one used last first; null when it cannot be had. */
export async function openWallet() {
  try {
    const [words, kept] = await Promise.all([
      call("GET", `/words/wallet?lang=${language}`), insist(() => call("GET", "/api/v1/wallet"))]);
    learn(words);
    return new Wallet(kept);
  } catch {
    return null;
  }
}

/** Addresses, cards, and whether one tap buys. */
export class Wallet {
  constructor({ addresses, cards, oneTap, keepsCards }) {
    this.keepsCards = keepsCards;
    this.addresses = addresses;
    this.oneTap = oneTap;
    /** As `Checkout.pay` takes them. */
    this.cards = cards.map(({ id, brand, last4 }) => ({ card: id, brand, last4 }));
  }

  addressesIn(country) {
    return this.addresses.filter(({ address }) => address.country === country);
  }

  /** The buyer with the address used last in that country; null without one. */
  buyer({ email }, country) {
    const [first] = this.addressesIn(country);
    return first ? buyerAt(first, email) : null;
  }

  /** Puts a buyer's address into the book, or first. What fails is no reason not to buy. */
  async keep({ name, phone, address }) {
    const body = { phone, address: { ...address, name } };
    const saved = await call("POST", "/api/v1/addresses", body, { key: uuid() }).catch(() => null);
    if (saved) this.addresses = [saved, ...this.addresses.filter(({ id }) => id !== saved.id)];
  }

  /** Shows the book's addresses of the market's country above the form: a tap on one goes on with it. */
  offerAddresses(place, form, drawer) {
    const { data, room } = drawer.live;
    form.elements.namedItem("remember").checked = true;
    place.replaceChildren(...this.addressesIn(room.market).map((entry) => {
      const { name, line1, line2, city, postalCode } = entry.address;
      const pick = () => {
        drawer.buyer = buyerAt(entry, data.account.email);
        this.keep(drawer.buyer);
        drawer.checkOut();
      };
      return h("button", { class: "choice", type: "button", click: pick },
        h("strong", {}, name), h("span", { class: "small soft" }, [line1, line2, `${postalCode} ${city}`].filter(Boolean).join(", ")));
    }));
    place.hidden = place.childElementCount === 0;
  }

  /** What makes a product's button buy at once, for who chose so and has a card and an address here; else null. */
  async openTap(drawer) {
    if (!this.oneTap) return null;
    const { OneTap } = await import("./steps/one-tap.js");
    const tap = new OneTap(drawer, this);
    return tap.isPossible ? tap : null;
  }

  /** The cards, each a button, and another one; `pick` is given null for that. */
  cardChoices(pick) {
    return h("div", { class: "stack tight", role: "group", "aria-label": t("wallet.chooseCard") },
      this.cards.map((card) => h("button", { class: "choice", type: "button", click: () => pick(card) },
        h("strong", {}, t("wallet.cardName", card)))),
      h("button", { class: "choice", type: "button", click: () => pick(null) }, h("strong", {}, t("wallet.newCard"))));
  }

  /** Whether the card is to be kept; nothing where the provider keeps none. */
  saveBox() {
    return !this.keepsCards ? "" : h("label", { class: "check" }, h("input", { type: "checkbox", name: "save" }), t("wallet.saveCard"));
  }
}

function buyerAt({ phone, address }, email) {
  return { name: address.name, email, phone, address };
}


import { CardForm } from "../lib/card-form.js";
import { h, part } from "../lib/dom.js";
import { money } from "../lib/money.js";
import { t } from "../lib/strings.js";

/** Takes a card's details to the payment provider, and pays the page's order with what it calls the card. */
export class CardPayer extends HTMLElement {
  connectedCallback() {
    const data = JSON.parse(part(this, "data").textContent);
    const form = new CardForm(data, data, t("checkout.pay", { amount: money(data.total) }), ({ id }) => {
      // The page's own way to pay: a form, which leads on to the bank where that is needed.
      const values = { do: "pay", key: data.key, method: id };
      const pay = h("form", { method: "post", action: data.action, hidden: true },
        Object.entries(values).map(([name, value]) => h("input", { type: "hidden", name, value })));
      this.append(pay);
      pay.submit();
      // Until the next page is there.
      return new Promise(() => {});
    });
    this.append(...form.elements);
  }
}

customElements.define("card-payer", CardPayer);

import { call } from "../lib/api.js";
import { CardForm } from "../lib/card-form.js";
import { part } from "../lib/dom.js";
import { refusal, t } from "../lib/strings.js";
import { uuid } from "../lib/uuid.js";

/** Takes a card's details to the payment provider, which keeps it for the account. Nothing is charged. */
export class CardSaver extends HTMLElement {
  #form;

  connectedCallback() {
    const data = JSON.parse(part(this, "data").textContent);
    const nothing = { total: { minor: 0, currency: data.currency } };
    this.#form = new CardForm(data, nothing, t("wallet.addCard"), (method) => this.#save(method));
    this.append(...this.#form.elements);
  }

  async #save(method) {
    const said = await call("POST", "/api/v1/cards", { paymentMethod: method.id }, { key: uuid() });
    const back = `/account/wallet?card=${said.setup}`;
    if (said.state === "declined") this.#form.show(refusal(said));
    else if (said.state === "requires_action" && said.actionURL) location.assign(this.#step(said.actionURL, back));
    else location.assign(back);
  }

  /** The sandbox's bank is a page of ours, and is told the way back; Stripe knows it. */
  #step(url, back) {
    return url.startsWith("/") ? `${url}?return=${encodeURIComponent(back)}` : url;
  }
}

customElements.define("card-saver", CardSaver);

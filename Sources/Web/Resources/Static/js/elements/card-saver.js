import { call } from "../lib/api.js";
import { groupExpiry, groupNumber, readCard } from "../lib/card.js";
import { busy, h, icon, part } from "../lib/dom.js";
import { field, showFaults } from "../lib/steps/field.js";
import { Notice } from "../lib/steps/notice.js";
import { refusal, t } from "../lib/strings.js";
import { uuid } from "../lib/uuid.js";

/** Takes a card's details to the payment provider, which keeps it for the account. Nothing is charged. */
export class CardSaver extends HTMLElement {
  #notice = new Notice();
  #own = null;
  #form;

  connectedCallback() {
    const data = JSON.parse(part(this, "data").textContent);
    const button = h("button", { class: "button strong" }, t("wallet.addCard"));
    this.#form = h("form", { class: "stack", novalidate: true, submit: (event) => this.#submit(event, data, button) });
    this.append(this.#notice.element, this.#form);
    if (data.stripe) this.#openStripe(data, button);
    else this.#openFields(button);
  }

  #openFields(button) {
    const number = field("number", t("checkout.number"), { autocomplete: "cc-number", inputmode: "numeric", maxlength: 23, placeholder: "•••• •••• •••• ••••" });
    const expiry = field("expiry", t("checkout.expiry"), { autocomplete: "cc-exp", inputmode: "numeric", maxlength: 7, placeholder: "08/29" }, "half");
    const cvc = field("cvc", t("checkout.cvc"), { autocomplete: "cc-csc", inputmode: "numeric", maxlength: 4, placeholder: "123" }, "half");
    for (const [box, group] of [[number, groupNumber], [expiry, groupExpiry]]) {
      const input = box.querySelector("input");
      input.addEventListener("change", () => (input.value = group(input.value)));
    }
    this.#form.append(
      h("fieldset", { class: "fields" }, h("legend", { class: "unseen" }, t("checkout.card")), number, expiry, cvc),
      h("p", { class: "row still small soft" }, icon("lock"), t("checkout.secure")), button);
  }

  async #openStripe({ stripe, currency }, button) {
    await import("./stripe-card.js");
    this.#own = h("stripe-card", { class: "stack" });
    this.#form.append(this.#own, button);
    await this.#own.open(stripe, { total: { minor: 0, currency } });
  }

  #submit(event, data, button) {
    event.preventDefault();
    busy(button, () => this.#save(data)).catch((problem) => {
      if (!problem.code) throw problem;
      this.#notice.show(problem.code === "offline" ? t("checkout.offline") : refusal(problem));
    });
  }

  async #save({ methodsURL, account }) {
    this.#notice.hide();
    let method;
    if (this.#own) {
      if (!(await this.#own.check())) return;
      method = await this.#own.method(account);
    } else {
      const value = (name) => this.#form.elements.namedItem(name).value;
      const { card, faults } = readCard({ number: value("number"), expiry: value("expiry"), cvc: value("cvc") });
      if (!showFaults(this.#form, faults)) return;
      method = await call("POST", methodsURL, card);
    }
    const said = await call("POST", "/api/v1/cards", { paymentMethod: method.id }, { key: uuid() });
    const back = `/account/wallet?card=${said.setup}`;
    if (said.state === "declined") this.#notice.show(refusal(said));
    else if (said.state === "requires_action" && said.actionURL) location.assign(this.#step(said.actionURL, back));
    else location.assign(back);
  }

  /** The sandbox's bank is a page of ours, and is told the way back; Stripe knows it. */
  #step(url, back) {
    return url.startsWith("/") ? `${url}?return=${encodeURIComponent(back)}` : url;
  }
}

customElements.define("card-saver", CardSaver);

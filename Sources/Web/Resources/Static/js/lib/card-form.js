import { call } from "./api.js";
import { groupExpiry, groupNumber, readCard } from "./card.js";
import { busy, h, icon } from "./dom.js";
import { field, showFaults } from "./steps/field.js";
import { Notice } from "./steps/notice.js";
import { refusal, t } from "./strings.js";

/**
 * A form that takes a card's details to the payment provider: our own fields, or the provider's where it brings some.
 * `quote` is what is to be paid, of nothing to keep a card; `use` gets the provider's `{id}` for it.
 */
export class CardForm {
  #notice = new Notice();
  #own = null;
  #data;
  #button;

  constructor(data, quote, words, use) {
    this.#data = data;
    this.#button = h("button", { class: quote.total.minor > 0 ? "button buy" : "button strong" }, words);
    this.form = h("form", { class: "stack", novalidate: true, submit: (event) => this.#submit(event, use) });
    this.elements = [this.#notice.element, this.form];
    if (data.stripe) this.#openStripe(quote);
    else this.#openFields();
  }

  show(text) {
    this.#notice.show(text);
  }

  #openFields() {
    const number = field("number", t("checkout.number"), { autocomplete: "cc-number", inputmode: "numeric", maxlength: 23, placeholder: "•••• •••• •••• ••••" });
    const expiry = field("expiry", t("checkout.expiry"), { autocomplete: "cc-exp", inputmode: "numeric", maxlength: 7, placeholder: "08/29" }, "half");
    const cvc = field("cvc", t("checkout.cvc"), { autocomplete: "cc-csc", inputmode: "numeric", maxlength: 4, placeholder: "123" }, "half");
    for (const [box, group] of [[number, groupNumber], [expiry, groupExpiry]]) {
      const input = box.querySelector("input");
      input.addEventListener("change", () => (input.value = group(input.value)));
    }
    this.form.append(
      h("fieldset", { class: "fields" }, h("legend", { class: "unseen" }, t("checkout.card")), number, expiry, cvc),
      h("p", { class: "row still small soft" }, icon("lock"), t("checkout.secure")), this.#button);
  }

  async #openStripe(quote) {
    await import("../elements/stripe-card.js");
    this.#own = h("stripe-card", { class: "stack" });
    this.form.append(this.#own, this.#button);
    await this.#own.open(this.#data.stripe, quote);
  }

  #submit(event, use) {
    event.preventDefault();
    busy(this.#button, () => this.#take(use)).catch((problem) => {
      if (!problem.code) throw problem;
      this.#notice.show(problem.code === "offline" ? t("checkout.offline") : refusal(problem));
    });
  }

  async #take(use) {
    this.#notice.hide();
    if (this.#own) {
      if (await this.#own.check()) await use(await this.#own.method(this.#data.account));
      return;
    }
    const value = (name) => this.form.elements.namedItem(name).value;
    const { card, faults } = readCard({ number: value("number"), expiry: value("expiry"), cvc: value("cvc") });
    if (showFaults(this.form, faults)) await use(await call("POST", this.#data.methodsURL, card));
  }
}

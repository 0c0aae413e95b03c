import { call } from "../lib/api.js";
import { h, icon } from "../lib/dom.js";
import { language, learn, t } from "../lib/strings.js";

/** Where the review step has a card's fields with other providers: by UPI there is nothing to type. */
export class UPIWay extends HTMLElement {
  async open() {
    if (this.childElementCount) return;
    learn(await call("GET", `/words/upi?lang=${language}`));
    this.replaceChildren(
      h("p", {}, h("strong", {}, t("upi.title"))), h("p", { class: "row still small soft" }, icon("lock"), t("upi.hint")));
  }

  keeps() {}

  async check() {
    return true;
  }

  /** One for each payment. */
  async method() {
    return { id: "upi", isOnce: true };
  }
}

customElements.define("upi-way", UPIWay);

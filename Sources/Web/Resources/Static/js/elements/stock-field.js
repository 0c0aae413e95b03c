import { call, insist } from "../lib/api.js";
import { busy } from "../lib/dom.js";
import { refusal, t } from "../lib/strings.js";

/** Sets the stock of one variant without leaving the page. */
export class StockField extends HTMLElement {
  connectedCallback() {
    const form = this.querySelector("form");
    const input = form.elements.namedItem("onHand");
    const button = form.querySelector("button");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const path = `/api/v1/variants/${form.elements.namedItem("variant").value}/stock`;
      busy(button, () => insist(() => call("PUT", path, { onHand: input.valueAsNumber, note: "studio" }))).then(
        () => {
          button.textContent = t("studio.stockSet");
          setTimeout(() => {
            button.textContent = t("studio.setStock");
          }, 2000);
        },
        (problem) => {
          input.setCustomValidity(refusal(problem));
          input.reportValidity();
          input.addEventListener("input", () => input.setCustomValidity(""), { once: true });
        },
      );
    });
  }
}

customElements.define("stock-field", StockField);

import { say } from "../lib/dom.js";
import { t } from "../lib/strings.js";

/** A read-only text with a button that copies it. */
export class CopyField extends HTMLElement {
  connectedCallback() {
    const input = this.querySelector("input");
    const button = this.querySelector("button");
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(input.value);
      say(button.lastChild, t("control.copied"));
      setTimeout(() => say(button.lastChild, t("control.copy")), 2000);
    });
    input.addEventListener("focus", () => input.select());
  }
}

customElements.define("copy-field", CopyField);

import { part, say } from "../lib/dom.js";
import { t } from "../lib/strings.js";

const MARIGOLD = "#ffb31f";
const CORNERS = "16";

/** Shows how a show will look in a partner's page while that is being chosen, and the text to copy for it. */
export class EmbedDesk extends HTMLElement {
  connectedCallback() {
    const form = part(this, "look");
    form.addEventListener("input", () => this.#show(form));
    form.addEventListener("submit", (event) => event.preventDefault());
    const copy = part(this, "copy");
    copy.hidden = !navigator.clipboard;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(part(this, "snippet").value);
      say(copy.lastChild, t("control.copied"));
      setTimeout(() => say(copy.lastChild, t("control.copy")), 2000);
    });
    // What the page around a show will hear of it.
    for (const kind of ["ready", "live", "ended", "buy", "bag", "order", "error"]) {
      this.addEventListener(`haat:${kind}`, ({ detail }) => say(part(this, "said"), `haat:${kind} ${JSON.stringify(detail)}`));
    }
    this.#show(form);
  }

  #show(form) {
    const value = (name) => form.elements.namedItem(name).value;
    const chosen = {
      show: value("show"), partner: this.getAttribute("partner"), theme: value("theme"),
      accent: value("accent") === MARIGOLD ? "" : value("accent"),
      corners: value("corners") === CORNERS ? "" : value("corners"), lang: value("in"),
    };
    const preview = part(this, "preview");
    for (const [name, text] of Object.entries(chosen)) {
      if (text) preview.setAttribute(name, text);
      else preview.removeAttribute(name);
    }
    const escaped = (text) => text.replace(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`);
    const attributes = Object.entries(chosen).filter(([, text]) => text).map(([name, text]) => ` ${name}="${escaped(text)}"`).join("");
    part(this, "snippet").value = `<script type="module" src="${this.getAttribute("base")}/embed.js"></script>\n<haat-show${attributes}></haat-show>`;
  }
}

customElements.define("embed-desk", EmbedDesk);

import { part } from "../lib/dom.js";

const VARIANTS_MAX = 100;

/** Adds variants to the form without a trip to the server, and names their option fields after the options. */
export class ProductForm extends HTMLElement {
  connectedCallback() {
    part(this, "add").addEventListener("click", (event) => {
      event.preventDefault();
      this.#add();
    });
    this.addEventListener("input", ({ target }) => {
      if (/^option\d$/.test(target.name)) this.#nameOptions();
    });
    this.#nameOptions();
  }

  get #list() {
    return part(this, "variants");
  }

  /** A copy of the last variant under the next index, without its id and stock. */
  #add() {
    const items = this.#list.children;
    if (items.length >= VARIANTS_MAX) return;
    const index = items.length;
    const last = items[index - 1];
    const copy = last.cloneNode(true);
    copy.dataset.index = index;
    for (const element of copy.querySelectorAll("[name], [for], [id]")) {
      for (const attribute of ["name", "for", "id"]) {
        const value = element.getAttribute(attribute);
        if (value) element.setAttribute(attribute, value.replace(/^v\d+\./, `v${index}.`));
      }
    }
    for (const input of copy.querySelectorAll("input")) {
      const before = last.querySelector(`[name="${CSS.escape(input.name.replace(/^v\d+/, `v${index - 1}`))}"]`);
      const keeps = /\.(price|compareAt|weight|per\w+)\b/.test(input.name);
      input.value = keeps ? (before?.value ?? "") : "";
    }
    this.#list.append(copy);
    copy.querySelector("input:not([type=hidden])").focus();
  }

  #nameOptions() {
    [...this.querySelectorAll('[name^="option"]')].forEach((option, index) => {
      for (const field of this.querySelectorAll(`[data-field="o${index}"]`)) {
        field.hidden = option.value.trim() === "";
        field.querySelector("label").textContent = option.value;
      }
    });
  }
}

customElements.define("product-form", ProductForm);

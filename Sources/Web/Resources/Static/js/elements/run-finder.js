import { part } from "../lib/dom.js";

const PAUSE_MILLISECONDS = 250;

/**
 * The form of a show's run: looks for products while the host types, without leaving the page. What is ticked stays,
 * with its place; without scripts the form's own button does the same.
 */
export class RunFinder extends HTMLElement {
  #asked = null;
  #timer = 0;

  connectedCallback() {
    const form = this.querySelector("form");
    const input = form.elements.namedItem("find");
    input.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#find(form, input.value), PAUSE_MILLISECONDS);
    });
    form.addEventListener("submit", (event) => {
      if (event.submitter?.value !== "find") return;
      event.preventDefault();
      clearTimeout(this.#timer);
      this.#find(form, input.value);
    });
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    this.#asked?.abort();
  }

  async #find(form, text) {
    this.#asked?.abort();
    const asked = new AbortController();
    this.#asked = asked;
    try {
      const url = `${form.getAttribute("action")}?find=${encodeURIComponent(text)}`;
      const answer = await fetch(url, { signal: asked.signal });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!asked.signal.aborted) this.#show(page.querySelector("run-finder"));
    } catch (error) {
      // Superseded by the next letter, or no network: the list stays as it is.
      if (!(error instanceof TypeError) && error.name !== "AbortError") throw error;
    }
  }

  #show(found) {
    if (!found) return;
    const list = part(this, "choices");
    const ticked = [...list.children].filter((item) => item.querySelector("input:checked"));
    const known = new Set(ticked.map((item) => item.dataset.product));
    const others = [...part(found, "choices").children].filter((item) => !known.has(item.dataset.product));
    // What was ticked here and no longer is, or is in the run on the server only, comes as the server found it.
    for (const item of others) for (const box of item.querySelectorAll("[type=checkbox]")) box.checked = false;
    list.replaceChildren(...ticked, ...others);
    part(this, "note").replaceChildren(...part(found, "note").childNodes);
  }
}

customElements.define("run-finder", RunFinder);

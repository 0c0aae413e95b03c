const PAUSE_MILLISECONDS = 1000;

/** Shows how far an import is: the page itself, asked for again until the import waits for somebody or is over. */
export class ImportProgress extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    this.#later();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  #later() {
    if (this.hasAttribute("moving")) this.#timer = setTimeout(() => this.#look(), PAUSE_MILLISECONDS);
  }

  async #look() {
    try {
      const answer = await fetch(location.href, { signal: AbortSignal.timeout(20000) });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const found = page.querySelector("import-progress");
        if (found) {
          this.toggleAttribute("moving", found.hasAttribute("moving"));
          this.replaceChildren(...found.childNodes);
        }
      }
    } catch (error) {
      // No network, or a server that starts again: the import is asked about once more.
      if (!(error instanceof TypeError) && error.name !== "TimeoutError") throw error;
    }
    this.#later();
  }
}

customElements.define("import-progress", ImportProgress);

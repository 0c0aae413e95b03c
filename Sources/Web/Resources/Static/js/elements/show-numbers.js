const INTERVAL_MILLISECONDS = 5000;

/** A show's numbers while it is on air, made by the server every few seconds while the page is seen. */
export class ShowNumbers extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    if (this.hasAttribute("src")) this.#later();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  #later() {
    this.#timer = setTimeout(() => this.#look(), INTERVAL_MILLISECONDS);
  }

  async #look() {
    if (!document.hidden) {
      const answer = await fetch(this.getAttribute("src"), { headers: { Accept: "text/html" } }).catch(() => null);
      const text = answer?.ok ? await answer.text().catch(() => null) : null;
      if (text) this.#show(new DOMParser().parseFromString(text, "text/html"));
    }
    if (this.isConnected) this.#later();
  }

  /** What is not another stays as it is: who reads it, or has the focus in it, is not disturbed. */
  #show(page) {
    for (const fresh of page.querySelectorAll("[data-live]")) {
      const here = this.querySelector(`[data-live="${CSS.escape(fresh.dataset.live)}"]`);
      if (!here) continue;
      const isRead = here.contains(document.activeElement);
      if (!isRead && !here.isEqualNode(fresh)) here.replaceChildren(...fresh.childNodes);
    }
  }
}

customElements.define("show-numbers", ShowNumbers);

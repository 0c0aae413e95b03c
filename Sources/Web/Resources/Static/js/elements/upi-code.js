/** Around the code that pays the page's order: looks every few seconds whether it has, and then shows the order anew. */
export class UPICode extends HTMLElement {
  #timer = null;

  connectedCallback() {
    this.#wait();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  #wait() {
    this.#timer = setTimeout(() => this.#look(), 4000);
  }

  async #look() {
    const { pathname } = location;
    try {
      const answer = await fetch(`${pathname}?payment=returned`, { headers: { Accept: "text/html" } });
      // The page asks the provider; when it shows no code any more, it has news.
      if (answer.ok && !(await answer.text()).includes("<upi-code")) return location.replace(pathname);
    } catch {
      // Without a connection, until there is one.
    }
    return this.#wait();
  }
}

customElements.define("upi-code", UPICode);

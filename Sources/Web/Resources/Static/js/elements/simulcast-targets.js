import { call } from "../lib/api.js";
import { part, say } from "../lib/dom.js";
import { t } from "../lib/strings.js";

const INTERVAL_MILLISECONDS = 2000;

/** How each server fares that the show is pushed on to, looked at every two seconds while the page is seen. */
export class SimulcastTargets extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    this.#look();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  async #look() {
    if (!document.hidden) {
      const list = await call("GET", `/api/v1/shows/${this.getAttribute("show")}/simulcast`).catch(() => null);
      for (const target of list?.items ?? []) this.#show(target);
    }
    this.#timer = setTimeout(() => this.#look(), INTERVAL_MILLISECONDS);
  }

  #show({ id, state, reason }) {
    const row = this.querySelector(`[data-target="${id}"]`);
    if (!row) return;
    say(part(row, "state"), t(`simulcast.${state}`));
    part(row, "state").dataset.state = state;
    say(part(row, "reason"), reason ? t(`simulcast.${reason}`) : "");
  }
}

customElements.define("simulcast-targets", SimulcastTargets);

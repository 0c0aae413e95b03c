import { call } from "../lib/api.js";
import { part, say } from "../lib/dom.js";
import { number, t } from "../lib/strings.js";

const INTERVAL_MILLISECONDS = 3000;

/** How the show is watched, looked at every few seconds while it is on air and the page is seen. */
export class ShowAudience extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    if (this.hasAttribute("show")) this.#later();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  #later() {
    this.#timer = setTimeout(() => this.#look(), INTERVAL_MILLISECONDS);
  }

  async #look() {
    if (!document.hidden) {
      const audience = await call("GET", `/api/v1/shows/${this.getAttribute("show")}/audience`).catch(() => null);
      if (audience) this.#show(audience);
    }
    if (this.isConnected) this.#later();
  }

  #show({ viewers, peak, watchedSeconds, reactions, reactionsPerMinute }) {
    say(part(this, "watching"), number(viewers));
    say(part(this, "peak"), number(peak));
    say(part(this, "watched"), t("audience.minutes", { minutes: number(Math.floor(watchedSeconds / 60)) }));
    say(part(this, "reaction-rate"), number(reactionsPerMinute));
    for (const [kind, count] of Object.entries(reactions)) say(part(this, kind), number(count));
  }
}

customElements.define("show-audience", ShowAudience);

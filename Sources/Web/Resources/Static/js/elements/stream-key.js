import { call } from "../lib/api.js";
import { busy, part } from "../lib/dom.js";

/** Makes a stream key and shows it, this once. */
export class StreamKey extends HTMLElement {
  connectedCallback() {
    const form = this.querySelector("form");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation();
      busy(form.querySelector("button"), () => this.#make()).catch((problem) =>
        this.closest("control-room").complain(problem));
    });
  }

  async #make() {
    const { server, key } = await call("POST", `/api/v1/shows/${this.getAttribute("show")}/stream-key`, {});
    this.querySelector("#server").value = server;
    this.querySelector("#key").value = key;
    part(this, "key-field").hidden = false;
    this.querySelector("#key").focus();
  }
}

customElements.define("stream-key", StreamKey);

import { part } from "../lib/dom.js";

/** A larger file is no list of parcels. */
const BYTES_MAX = 256 * 1024;

/** Puts a file of rows into the field, to be looked at before it is sent. */
export class ParcelRows extends HTMLElement {
  connectedCallback() {
    const file = this.querySelector("[type=file]");
    const rows = this.querySelector("textarea");
    part(this, "file").hidden = false;
    file.hidden = false;
    file.addEventListener("change", async () => {
      const chosen = file.files[0];
      if (chosen) rows.value = await chosen.slice(0, BYTES_MAX).text();
      // Is not sent with the form, and the same file may be chosen again.
      file.value = "";
      rows.focus();
    });
  }
}

customElements.define("parcel-rows", ParcelRows);

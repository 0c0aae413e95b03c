import { part } from "../lib/dom.js";

/** What waits to be sent: prints the page, and chooses all slips or none. */
export class PackingList extends HTMLElement {
  connectedCallback() {
    const print = part(this, "print");
    print.hidden = false;
    print.addEventListener("click", () => window.print());
    const label = part(this, "all");
    const all = label.querySelector("input");
    const each = [...this.querySelectorAll(".choose")];
    label.hidden = each.length < 2;
    const look = () => {
      const chosen = each.filter((box) => box.checked).length;
      all.checked = chosen === each.length;
      all.indeterminate = chosen > 0 && chosen < each.length;
      for (const button of this.querySelectorAll(".packing-bar .button:is(button)")) button.disabled = chosen === 0;
    };
    all.addEventListener("change", () => {
      for (const box of each) box.checked = all.checked;
      look();
    });
    this.addEventListener("change", look);
    look();
  }
}

customElements.define("packing-list", PackingList);

import { call } from "../lib/api.js";
import { h, part } from "../lib/dom.js";
import { refusal, t } from "../lib/strings.js";

/** A slow line may take a while for a large file. */
const SENDING_MILLISECONDS_MAX = 300000;

/** Sends a product file and opens the page that shows what would change. */
export class CSVImport extends HTMLElement {
  connectedCallback() {
    const form = this.querySelector("form");
    const input = form.elements.namedItem("file");
    form.addEventListener("submit", (event) => event.preventDefault());
    input.addEventListener("change", async () => {
      const file = input.files[0];
      if (!file) return;
      const report = part(this, "report");
      report.replaceChildren(h("p", { class: "notice" }, t("studio.sendingFile", { name: file.name })));
      const channel = encodeURIComponent(this.getAttribute("channel"));
      const query = new URLSearchParams({
        market: form.elements.namedItem("market").value,
        stock: form.elements.namedItem("keep").checked ? "keep" : "set",
        name: file.name.slice(0, 200),
      });
      try {
        const path = `/api/v1/channels/${channel}/imports?${query}`;
        const { id } = await call("POST", path, file, { type: "text/csv", timeout: SENDING_MILLISECONDS_MAX });
        location.assign(`/studio/${channel}/imports/${id}`);
      } catch (problem) {
        report.replaceChildren(h("p", { class: "notice bad" }, refusal(problem)));
      }
      input.value = "";
    });
  }
}

customElements.define("csv-import", CSVImport);

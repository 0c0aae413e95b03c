import { call } from "../lib/api.js";
import { h, part } from "../lib/dom.js";
import { plural, refusal, t } from "../lib/strings.js";

/** Sends a product file and says what became of each row. */
export class CSVImport extends HTMLElement {
  connectedCallback() {
    const input = this.querySelector("input");
    input.addEventListener("change", async () => {
      const file = input.files[0];
      if (!file) return;
      const report = part(this, "report");
      report.replaceChildren(t("studio.importing"));
      try {
        const path = `/api/v1/channels/${encodeURIComponent(this.getAttribute("channel"))}/products/import`;
        this.#show(report, await call("POST", path, file, { type: "text/csv" }));
      } catch (problem) {
        report.replaceChildren(h("p", { class: "notice bad" }, refusal(problem)));
      }
      input.value = "";
    });
  }

  #show(report, { imported, refused = [] }) {
    const count = Array.isArray(imported) ? imported.length : imported;
    report.replaceChildren(
      h("p", { class: "notice good" }, plural("studio.imported", count), " ",
        count > 0 && h("a", { href: location.href }, t("studio.reload"))),
      h("ul", {}, refused.map(({ line, why, reason }) =>
        h("li", { class: "small" }, t("studio.refusedRow", { line, reason: why ?? reason })))));
  }
}

customElements.define("csv-import", CSVImport);

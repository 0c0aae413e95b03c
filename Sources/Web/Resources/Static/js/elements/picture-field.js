import { call } from "../lib/api.js";
import { h, part, say } from "../lib/dom.js";
import { refusal, t } from "../lib/strings.js";

/** Uploads product pictures one after the other and shows them as they arrive. */
export class PictureField extends HTMLElement {
  connectedCallback() {
    const input = this.querySelector("input");
    input.addEventListener("change", async () => {
      const files = [...input.files];
      input.value = "";
      for (const file of files) await this.#upload(file);
    });
  }

  async #upload(file) {
    const status = part(this, "status");
    say(status, t("product.uploading", { name: file.name }));
    try {
      const path = `/api/v1/products/${this.getAttribute("product")}/pictures`;
      const { thumbnail, alt } = await call("POST", path, file, { type: file.type });
      part(this, "list").append(h("li", {}, h("img", { src: thumbnail, alt: alt ?? "" })));
      say(status, t("product.uploaded"));
    } catch (problem) {
      say(status, t("product.uploadFailed", { name: file.name, reason: refusal(problem) }));
    }
  }
}

customElements.define("picture-field", PictureField);

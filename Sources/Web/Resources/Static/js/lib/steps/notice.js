import { h, icon } from "../dom.js";

/** A place for one message at the top of a step. */
export class Notice {
  element = h("div", { role: "alert", hidden: true });

  /** `tone` is `bad`, `warn` or `good`. */
  show(text, tone = "bad") {
    this.element.className = `notice ${tone}`;
    this.element.replaceChildren(icon(tone === "good" ? "check" : "warn"), h("p", {}, text));
    this.element.hidden = false;
    this.element.scrollIntoView({ block: "nearest" });
  }

  hide() {
    this.element.hidden = true;
  }
}

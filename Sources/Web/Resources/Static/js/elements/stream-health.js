import { call } from "../lib/api.js";
import { h, icon, part, say } from "../lib/dom.js";
import { number, t } from "../lib/strings.js";

const INTERVAL_MILLISECONDS = 2000;
/** A smaller picture that is behind by so much does not keep up. */
const LATE_MILLISECONDS = 1500;

const decimal = (value, digits) => value.toFixed(digits).replace(/\.0+$/, "");

/** What arrives from the encoder, looked at every two seconds while the page is seen. */
export class StreamHealth extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    this.#look();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  async #look() {
    if (!document.hidden) {
      const health = await call("GET", `/api/v1/shows/${this.getAttribute("show")}/health`).catch(() => null);
      if (health) this.#show(health);
    }
    this.#timer = setTimeout(() => this.#look(), INTERVAL_MILLISECONDS);
  }

  #show(health) {
    const figure = (name, value, text) => say(part(this, name), value ? text(value) : "–");
    figure("bitrate", health.bitrateBitsPerSecond, (value) => t("control.megabits", { value: decimal(value / 1e6, 1) }));
    figure("rate", health.framesPerSecond, (value) => t("control.fps", { value: decimal(value, 1) }));
    figure("keyframes", health.keyframeIntervalMilliseconds, (value) => t("control.seconds", { value: decimal(value / 1000, 1) }));
    figure("size", health.width, () => `${health.width}×${health.height}`);
    figure("dropped", health.state && health.state !== "waiting" ? String(health.droppedFrames ?? 0) : "", (value) => number(Number(value)));
    figure("encoder", health.encoder, (value) => value);
    const rungs = health.rungs ?? [];
    part(this, "rungs").parentElement.hidden = rungs.length === 0;
    say(part(this, "rungs"), rungs.map(({ side, isMade, lagMilliseconds }) => {
      if (!isMade) return t("control.rungMissing", { side });
      return lagMilliseconds > LATE_MILLISECONDS ? t("control.rungLate", { side }) : `${side}p`;
    }).join(", "));
    part(this, "warnings").replaceChildren(...(health.warnings ?? []).map((text) =>
      h("li", { class: "notice warn small" }, icon("warn"), h("span", {}, text))));
    const screen = this.parentElement.querySelector(".screen");
    screen?.toggleAttribute("data-wide", health.width > health.height);
  }
}

customElements.define("stream-health", StreamHealth);

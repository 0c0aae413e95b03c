import { h, part } from "../lib/dom.js";
import { t } from "../lib/strings.js";

const STORED = "haat.control.keys";

/**
 * Keys of a control room: a show is run with two hands and no time. They work where nobody types, never end or start a show, and can be turned
 * off (WCAG 2.2, 2.1.4).
 */
class ControlKeys {
  #room;
  #dialog = null;

  constructor(room) {
    this.#room = room;
    document.addEventListener("keydown", (event) => this.#pressed(event));
    const button = part(room, "keys");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => this.#help());
  }

  get #isOn() {
    return localStorage.getItem(STORED) !== "off";
  }

  #pressed(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable], dialog")) return;
    const key = event.key.toLowerCase();
    if (key === "?" && this.#isOn) return this.#done(event, () => this.#help());
    if (!this.#isOn) return undefined;
    if (/^[1-9]$/.test(key)) return this.#done(event, () => this.#pin(Number(key) - 1));
    const work = {
      n: () => this.#step(1),
      b: () => this.#step(-1),
      u: () => this.#unpin(),
      c: () => document.getElementById("text")?.focus(),
      d: () => this.#deals(),
    }[key];
    return work && this.#done(event, work);
  }

  #done(event, work) {
    event.preventDefault();
    work();
  }

  get #run() {
    return [...this.#room.querySelectorAll(".run-item")];
  }

  /** From the product that is pinned, whoever pinned it: who presses it twice on two devices goes one step. */
  #step(by) {
    const run = this.#run;
    const place = run.findIndex((item) => item.classList.contains("is-pinned"));
    const next = place < 0 ? (by > 0 ? 0 : run.length - 1) : place + by;
    this.#pin(next);
  }

  #pin(place) {
    const item = this.#run[place];
    if (!item || item.classList.contains("is-pinned")) return;
    item.querySelector(".pin-button:not([disabled])")?.click();
    item.scrollIntoView({ block: "nearest" });
  }

  #unpin() {
    this.#room.querySelector(".run-item.is-pinned .pin-button:not([disabled])")?.click();
  }

  #deals() {
    const desk = this.#room.querySelector("deal-desk");
    desk?.scrollIntoView({ block: "start" });
    desk?.querySelector("summary, input, select, button")?.focus();
  }

  #help() {
    this.#dialog ??= this.#make();
    this.#dialog.showModal();
  }

  #make() {
    const keys = [["N", "keyNext"], ["B", "keyBack"], ["U", "keyOff"], ["1–9", "keyNumber"], ["C", "keyChat"], ["D", "keyDeal"], ["?", "keyHelp"]];
    const box = h("input", { type: "checkbox", checked: this.#isOn, change: () => localStorage.setItem(STORED, box.checked ? "on" : "off") });
    const dialog = h("dialog", { class: "panel stack keys", "aria-labelledby": "keys-title" },
      h("h2", { id: "keys-title" }, t("crew.keys")),
      h("dl", {}, keys.flatMap(([key, name]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, t(`crew.${name}`))])),
      h("p", { class: "small soft" }, t("crew.keysHint")),
      h("label", { class: "check" }, box, h("span", {}, t("crew.keysOn"))),
      h("form", { method: "dialog" }, h("button", { class: "button strong" }, t("crew.close"))));
    this.#room.append(dialog);
    return dialog;
  }
}

export const listenForKeys = (room) => new ControlKeys(room);

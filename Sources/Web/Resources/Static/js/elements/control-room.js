import { call, insist } from "../lib/api.js";
import { h, icon, part, say } from "../lib/dom.js";
import { followDeals } from "../lib/goods.js";
import { money } from "../lib/money.js";
import { Room } from "../lib/room.js";
import { number, refusal, t } from "../lib/strings.js";
import { listenForKeys } from "./control-keys.js";

const SALES_MILLISECONDS = 5000;

/** The host's desk: the room of the show, its numbers, and going on and off air. */
export class ControlRoom extends HTMLElement {
  #sales = 0;

  connectedCallback() {
    this.room = new Room(this.getAttribute("show"), this.getAttribute("market"), this.getAttribute("state"));
    this.room.events.atDesk();
    this.room.addEventListener("viewers", ({ detail }) => say(part(this, "viewers"), number(detail)));
    this.room.addEventListener("link", ({ detail }) => {
      part(this, "link").hidden = detail;
    });
    for (const kind of ["started", "ended"]) this.room.addEventListener(kind, () => location.reload());
    followDeals(this, this.room.goods);
    if (part(this, "sales")) this.room.goods.addEventListener("change", () => this.#laterCountSales());
    this.querySelector("live-player")?.addEventListener("playerstate", ({ detail }) => {
      part(this, "off").hidden = detail.state === "playing";
    });
    this.addEventListener("submit", (event) => this.#submitted(event));
    listenForKeys(this);
    this.room.open();
  }

  /** Shows the run as somebody else has just left it. What is being chosen here stays: saving it says that it is another. */
  async renewRun() {
    const answer = await fetch(location.pathname).catch(() => null);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [here, there] = [this, page].map((root) => root.querySelector("run-of-show"));
    if (here && there) here.renew(there);
  }

  disconnectedCallback() {
    clearTimeout(this.#sales);
    this.room.close();
  }

  /** Shows why something the host did was refused. */
  complain(problem) {
    this.content();
    this.firstElementChild.after(h("div", { class: "notice bad", role: "alert" }, icon("warn"),
      h("p", {}, "code" in problem ? refusal(problem) : t("control.failed"))));
  }

  /** Takes back the last complaint. */
  content() {
    this.querySelector(":scope > [role=alert]")?.remove();
  }

  /** Start and end go by script, so that the page need not be left; the rest of the forms post as they are. */
  #submitted(event) {
    const form = event.target;
    const state = { start: "live", end: "ended" }[form.dataset.part];
    if (!state) return undefined;
    event.preventDefault();
    return insist(() => call("PUT", `/api/v1/shows/${this.room.show}/state`, { state })).then(
      () => location.reload(),
      (problem) => this.complain(problem),
    );
  }

  /** Stock that moves means orders that came; they are counted soon, and once for a rush. */
  #laterCountSales() {
    if (this.#sales) return;
    this.#sales = setTimeout(async () => {
      this.#sales = 0;
      const sales = await call("GET", `/studio/shows/${this.room.show}/sales`).catch(() => null);
      if (!sales) return;
      say(part(this, "orders"), number(sales.orders));
      say(part(this, "sales"), sales.sales.map(money).join(" + ") || "–");
    }, SALES_MILLISECONDS);
  }
}

customElements.define("control-room", ControlRoom);

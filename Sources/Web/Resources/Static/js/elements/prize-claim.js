import { call, insist } from "../lib/api.js";
import { busy, h, icon, part, say } from "../lib/dom.js";
import { leafOf } from "../lib/lot.js";
import { number, refusal, t } from "../lib/strings.js";
import { visitor } from "../lib/visitor.js";

/** Tells a visitor whether they are in the list, and lets a winner say how they are reached. */
export class PrizeClaim extends HTMLElement {
  #mine = null;

  connectedCallback() {
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#claim(event.target);
    });
    // The list itself is known once somebody has checked the draw.
    document.addEventListener("checked", ({ detail }) => this.#find(detail));
    this.#load();
  }

  get #path() {
    return `/api/v1/giveaways/${this.getAttribute("giveaway")}`;
  }

  async #load() {
    const options = { visitor: visitor() };
    this.#mine = await insist(() => call("GET", `${this.#path}/entry`, undefined, options)).catch(() => null);
    if (!this.#mine) return;
    this.#show();
  }

  #show() {
    const { isEntered, leaf, identity, salt, winner } = this.#mine;
    part(this, "mine").hidden = false;
    say(part(this, "is"), isEntered ? t("giveawayPage.mineIn", { code: leaf.slice(0, 8) }) : t("giveawayPage.mineNot"));
    part(this, "values").hidden = !isEntered;
    if (isEntered) for (const [name, value] of Object.entries({ leaf, identity, salt })) say(part(this, name), value);
    const isDrawn = this.getAttribute("state") === "drawn";
    const outcome = part(this, "outcome");
    outcome.hidden = !isEntered || !isDrawn;
    say(outcome, winner ? t("giveawayPage.mineWon", { place: number(winner.place + 1) }) : t("giveawayPage.mineLost"));
    outcome.classList.toggle("good", Boolean(winner));
    const form = part(this, "claim");
    // It is not drawn yet.
    if (!form) return;
    form.hidden = winner?.state !== "waiting";
    if (winner?.state === "claimed") this.#thank();
    if (!form.hidden && location.hash === "#claim") form.scrollIntoView({ block: "start" });
  }

  async #find({ giveaway, leaves }) {
    if (!this.#mine?.isEntered) return;
    const place = leaves.indexOf(await leafOf(giveaway, this.#mine));
    say(part(this, "listed"),
      place < 0 ? t("giveawayPage.mineMissing") : t("giveawayPage.mineListed", { place: number(place + 1) }));
    part(this, "listed").hidden = false;
  }

  async #claim(form) {
    const value = (name) => form.elements.namedItem(name).value.trim();
    const body = { name: value("name"), email: value("email"), phone: value("phone"), address: value("address") };
    await busy(form.querySelector("button"), async () => {
      form.querySelector("[role=alert]")?.remove();
      try {
        await insist(() => call("POST", `${this.#path}/claim`, body, { visitor: visitor() }));
        // The list of winners says it too.
        location.reload();
      } catch (problem) {
        form.prepend(h("div", { class: "notice bad", role: "alert" }, icon("warn"), h("p", {}, refusal(problem))));
      }
    });
  }

  #thank() {
    const thanks = part(this, "thanks");
    thanks.hidden = false;
    if (location.hash === "#claim") thanks.scrollIntoView({ block: "center" });
    thanks.querySelector("p").textContent = t("giveawayPage.sent", { seller: this.getAttribute("seller") });
  }
}

customElements.define("prize-claim", PrizeClaim);

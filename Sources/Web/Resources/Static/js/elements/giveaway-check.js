import { call, insist } from "../lib/api.js";
import { busy, part, say } from "../lib/dom.js";
import { commitmentOf, rootOf, winnersOf } from "../lib/lot.js";
import { number, plural, refusal, t } from "../lib/strings.js";

/** Does a giveaway's draw again in this browser, and says of every step whether it is as was published. */
export class GiveawayCheck extends HTMLElement {
  connectedCallback() {
    const button = part(this, "check");
    // Without a secure context there is no WebCrypto.
    if (!crypto.subtle) {
      say(part(this, "note"), t("giveawayPage.needsSecure"));
      return;
    }
    button.hidden = false;
    button.addEventListener("click", () => busy(button, async () => {
      say(part(this, "note"), t("giveawayPage.checking"));
      try {
        await this.#check();
      } catch (problem) {
        say(part(this, "note"), refusal(problem));
      }
      say(button, t("giveawayPage.checkAgain"));
    }));
  }

  async #check() {
    const giveaway = this.getAttribute("giveaway");
    const proof = await insist(() => call("GET", `/api/v1/giveaways/${giveaway}/proof`, undefined, { timeout: 120_000 }));
    if (proof.state === "open") return say(part(this, "note"), t("giveawayPage.resultOpen"));
    say(part(this, "note"), "");
    // Against what this page said before, not only against itself.
    const published = (name) => this.querySelector(`[data-published="${name}"]`)?.textContent ?? proof[name];
    const root = await rootOf(proof.leaves);
    const isWhole = root === published("root") && proof.leaves.length === proof.entrants;
    this.#mark(2, isWhole, isWhole ? plural("giveawayPage.result2Good", proof.entrants) : t("giveawayPage.result2Bad"));
    if (proof.state !== "drawn") return undefined;
    const isSealed = (await commitmentOf(proof.seed)) === published("commitment") && proof.seed === published("seed");
    for (const step of [1, 4]) this.#mark(step, isSealed, t(isSealed ? "giveawayPage.result1Good" : "giveawayPage.result1Bad"));
    const winners = await winnersOf({ ...proof, root });
    const isSame = winners.join() === proof.winners.join();
    const places = winners.map((place) => number(place + 1)).join(", ");
    const good = winners.length > 0 ? t("giveawayPage.result3Good", { places }) : t("giveawayPage.result3None");
    this.#mark(5, isSame, isSame ? good : t("giveawayPage.result3Bad"));
    this.dispatchEvent(new CustomEvent("checked", { bubbles: true, detail: proof }));
    return undefined;
  }

  #mark(step, isGood, words) {
    const item = this.querySelector(`[data-step="${step}"]`);
    item.dataset.result = isGood ? "good" : "bad";
    say(item.querySelector(".verdict"), words);
  }
}

customElements.define("giveaway-check", GiveawayCheck);

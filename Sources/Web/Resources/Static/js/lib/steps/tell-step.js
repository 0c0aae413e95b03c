import { call, Problem } from "../api.js";
import { busy, h } from "../dom.js";
import { language, learn, refusal, t } from "../strings.js";
import { uuid } from "../uuid.js";
import { Notice } from "./notice.js";

/** Asks, once its words are here, to be told when a sold-out variant is back. */
export async function tell(drawer, product, variant) {
  try {
    learn(await call("GET", `/words/waitlist?lang=${language}`));
  } catch {
    return;
  }
  drawer.open(new TellStep(drawer, product, variant));
}

class TellStep {
  #drawer;
  #variant;
  #notice = new Notice();
  #button = h("button", { class: "button buy", form: "tell" }, t("waitlist.tell"));
  #key = uuid();

  constructor(drawer, product, variant) {
    this.#drawer = drawer;
    this.#variant = variant;
    this.title = product.title;
    this.back = () => drawer.openProduct(product.id);
    const isGuest = !drawer.live.data.account;
    this.body = [
      this.#notice.element,
      h("p", {}, h("strong", {}, variant.title || t("live.soldOut"))),
      h("p", { class: "soft" }, t("waitlist.tellShort")),
      h("form", { id: "tell", class: "fields", submit: (event) => this.#submit(event) },
        isGuest && h("div", { class: "field" },
          h("label", { for: "tell-email" }, t("checkout.email")),
          h("input", { id: "tell-email", name: "email", type: "email", required: true, maxlength: 254, autocomplete: "email", value: drawer.buyer?.email }))),
    ];
    this.foot = this.#button;
  }

  #submit(event) {
    event.preventDefault();
    busy(this.#button, () => this.#ask(event.target)).catch((problem) => {
      if (!(problem instanceof Problem)) throw problem;
      this.#notice.show(problem.code === "offline" ? t("checkout.offline") : refusal(problem));
    });
  }

  async #ask(form) {
    const email = form.elements.namedItem("email")?.value;
    const wish = { market: this.#drawer.live.room.market, ...(email && { email }) };
    const said = await call("POST", `/api/v1/variants/${this.#variant.id}/waitlist`, wish, { key: this.#key });
    this.#key = uuid();
    form.hidden = true;
    this.#button.hidden = true;
    this.#notice.show(said.wish ? t("waitlist.joined", { place: said.wish.place ?? 1 }) : t("waitlist.mailed"), "good");
    if (said.wish) form.after(h("a", { class: "button", href: `/waitlist/${said.wish.id}`, target: "_blank" }, t("waitlist.seeWish")));
  }
}

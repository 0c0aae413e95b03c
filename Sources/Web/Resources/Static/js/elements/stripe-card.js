import { Problem } from "../lib/api.js";
import { h, icon } from "../lib/dom.js";
import { language } from "../lib/strings.js";

let loading = null;

/** Stripe's own script, once for the page. It must come from Stripe; ours never sees what is typed into its fields. */
function library(script) {
  loading ??= new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.addEventListener("load", () => (window.Stripe ? resolve(window.Stripe) : reject(new Error("no Stripe"))));
    element.addEventListener("error", () => reject(new Error("not loaded")));
    element.src = script;
    document.head.append(element);
  }).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

/**
 * Fields for a card that are Stripe's (its Payment Element, in a frame of its own). Gives a name for the card that holds
 * for one payment.
 */
export class StripeCard extends HTMLElement {
  #stripe = null;
  #elements = null;
  #quote = null;
  #form = null;
  #words = {};
  #place = h("div", { class: "stripe-place" });
  #state = h("p", { class: "small soft", role: "status" });

  /** `{script, key, words}` as the page has it, and the quote of what is to be paid; of nothing, to keep a card. */
  async open(form, quote) {
    this.#quote = quote;
    this.#form = form;
    this.#words = form.words;
    if (!this.childElementCount) {
      this.append(this.#state, this.#place, h("p", { class: "row still small soft" }, icon("lock"), this.#words.secure));
    }
    const isSetup = quote.total.minor === 0;
    if (this.#elements) return this.#elements.update({ amount: quote.providerUnits ?? quote.total.minor });
    this.#state.textContent = this.#words.loading;
    try {
      const Stripe = await library(form.script);
      if (this.#elements || !this.isConnected) return undefined;
      this.#stripe = Stripe(form.key, { locale: language });
      const { total, providerUnits } = this.#quote;
      this.#elements = this.#stripe.elements({
        ...(isSetup ? { mode: "setup" } : { mode: "payment", amount: providerUnits ?? total.minor }), currency: total.currency.toLowerCase(),
        allowedPaymentMethodTypes: ["card"], appearance: appearance(),
      });
      const fields = this.#elements.create("payment", { wallets: { applePay: "never", googlePay: "never" } });
      fields.on("ready", () => this.#state.replaceChildren());
      fields.on("loaderror", () => this.#failed());
      fields.mount(this.#place);
    } catch {
      this.#failed();
    }
    return undefined;
  }

  /** Whether the card is to be kept for later payments. */
  keeps(isKept) {
    this.#elements?.update({ setupFutureUsage: isKept ? "off_session" : null });
  }

  /** Whether all is filled in. Stripe says at the fields what is wrong. To be asked before anything else is waited for. */
  async check() {
    if (!this.#elements) throw new Problem({ status: 0, code: "card_form", detail: this.#words.failed });
    const { error } = await this.#elements.submit();
    return !error;
  }

  /** `{id}`: the card's name, for one payment. Throws a `Problem` when Stripe does not take the card. */
  async method({ name, email, phone }) {
    const { error, confirmationToken } = await this.#stripe.createConfirmationToken({
      elements: this.#elements,
      params: { payment_method_data: { billing_details: { name, email, ...(phone && { phone }) } } },
    });
    if (!error) return { id: confirmationToken.id, isOnce: true };
    const isOurs = error.type === "card_error" || error.type === "validation_error";
    throw new Problem({ status: 402, code: isOurs ? (error.code ?? "card_declined") : "card_form", detail: error.message ?? this.#words.failed });
  }

  #failed() {
    this.#elements = null;
    this.#place.replaceChildren();
    this.#state.replaceChildren(this.#words.failed, " ",
      h("button", { class: "button", type: "button", click: () => this.open(this.#form, this.#quote) }, this.#words.again));
  }
}

/** The page's own colours, so that the fields look like ours. */
function appearance() {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const variables = { colorText: color("--ink"), colorBackground: color("--surface"), colorPrimary: color("--madder"), colorDanger: color("--bad"), borderRadius: "12px", fontSizeBase: "16px" };
  return {
    theme: isDark ? "night" : "stripe",
    variables,
  };
}

customElements.define("stripe-card", StripeCard);

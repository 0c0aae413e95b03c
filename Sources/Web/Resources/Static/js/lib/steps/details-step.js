import { rememberBuyer, rememberedBuyer } from "../buyer.js";
import { h } from "../dom.js";
import { t } from "../strings.js";
import { field, showFaults } from "./field.js";

/** Who buys, and where it goes. Names and `autocomplete` are such that a browser can fill in all of it. */
export class DetailsStep {
  #drawer;
  #form;

  constructor(drawer) {
    this.#drawer = drawer;
    const known = drawer.buyer ?? {};
    const address = known.address ?? {};
    const country = drawer.live.room.market;
    this.title = t("checkout.details");
    this.#form = h("form", { class: "stack", id: "details", novalidate: true, submit: (event) => this.#submit(event) },
      !drawer.live.data.account && (drawer.live.data.off?.guest_checkout
        ? h("p", { class: "notice warn small", role: "status" }, h("span", {}, drawer.live.data.off.guest_checkout, " ",
          h("a", { href: `/sign-in?return=${encodeURIComponent(location.pathname)}` }, t("checkout.signIn"))))
        : h("p", { class: "small soft" }, t("checkout.notSigned"))),
      h("fieldset", { class: "fields" }, h("legend", { class: "unseen" }, t("checkout.contact")),
        field("email", t("checkout.email"), { type: "email", autocomplete: "email", inputmode: "email", maxlength: 254, value: known.email ?? "" }),
        field("name", t("checkout.name"), { autocomplete: "shipping name", maxlength: 80, value: known.name ?? "" }, "half"),
        field("phone", t("checkout.phone"), { type: "tel", autocomplete: "tel", inputmode: "tel", maxlength: 20, value: known.phone ?? "" }, "half")),
      h("fieldset", { class: "fields" }, h("legend", { class: "unseen" }, t("checkout.address")),
        field("line1", t("checkout.line1"), { autocomplete: "shipping address-line1", maxlength: 120, value: address.line1 ?? "" }),
        field("line2", t("checkout.line2"), { autocomplete: "shipping address-line2", required: false, maxlength: 120, value: address.line2 ?? "" }),
        field("postalCode", t(country === "IN" ? "checkout.postalCode" : "checkout.postalCodeElsewhere"), { autocomplete: "shipping postal-code", inputmode: country === "IN" ? "numeric" : false, maxlength: 12, value: address.postalCode ?? "" }, "half"),
        field("city", t("checkout.city"), { autocomplete: "shipping address-level2", maxlength: 80, value: address.city ?? "" }, "half"),
        field("region", t("checkout.region"), { autocomplete: "shipping address-level1", required: false, maxlength: 80, value: address.region ?? "" })),
      h("label", { class: "check" },
        h("input", { type: "checkbox", name: "remember", checked: rememberedBuyer() !== null }), t("checkout.remember")));
    const kept = h("div", { class: "stack tight", hidden: true });
    this.body = [kept, this.#form];
    drawer.wallet.then((wallet) => wallet?.offerAddresses(kept, this.#form, drawer));
    this.foot = h("button", { class: "button buy", form: "details" }, t("checkout.continue"));
  }

  back = () => this.#drawer.openBag();

  async #submit(event) {
    event.preventDefault();
    const form = this.#form;
    const value = (name) => form.elements.namedItem(name).value.trim();
    const faults = {};
    for (const input of form.elements) {
      if (input.required && !input.value.trim()) faults[input.name] = "required";
    }
    if (!faults.email && !/^\S+@[^\s@.]+(\.[^\s@.]+)+$/.test(value("email"))) faults.email = "badEmail";
    if (!showFaults(form, faults)) return;
    const buyer = {
      name: value("name"),
      email: value("email"),
      phone: value("phone"),
      address: {
        line1: value("line1"), line2: value("line2"), city: value("city"), region: value("region"),
        postalCode: value("postalCode"), country: this.#drawer.live.room.market,
      },
    };
    const isKept = form.elements.namedItem("remember").checked;
    const wallet = await this.#drawer.wallet;
    if (!wallet) rememberBuyer(isKept ? buyer : null);
    else if (isKept) wallet.keep(buyer);
    this.#drawer.buyer = buyer;
    this.#drawer.checkOut();
  }
}

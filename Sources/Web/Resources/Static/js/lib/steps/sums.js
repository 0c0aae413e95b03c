import { h } from "../dom.js";
import { money } from "../money.js";
import { t } from "../strings.js";

/** What a quote or an order comes to, each sum on a line of its own. */
export function sumRows({ subtotal, dealSaving, coupon, shipping, taxes, isTaxAdded, total, sellers }) {
  const sum = (name, value, kind) => h("div", { class: kind }, h("dt", {}, name), h("dd", {}, value));
  const tax = (path, kind) => taxes.map(({ rateBasisPoints, amount }) => sum(t(path, { rate: rateBasisPoints / 100 }), money(amount), kind));
  const off = (amount) => `−${money(amount)}`;
  return [
    sum(t("checkout.subtotal"), money(subtotal)),
    dealSaving && sum(t("checkout.dealSaving"), off(dealSaving), "small saving"),
    coupon && sum(t("checkout.couponOff", { code: coupon.code }), off(coupon.discount), "saving"),
    ...(sellers ?? [{ shipping }]).map(({ name, shipping }) =>
      sum([t("checkout.shipping"), name].filter(Boolean).join(" · "), shipping.minor === 0 ? t("checkout.free") : money(shipping))),
    ...(isTaxAdded ? tax("checkout.taxAdded") : []),
    sum(t("checkout.total"), money(total), "total"),
    ...(isTaxAdded ? [] : tax("checkout.taxIncluded", "small")),
  ].filter(Boolean);
}

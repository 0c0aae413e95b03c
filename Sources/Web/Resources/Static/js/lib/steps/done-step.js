import { h, icon } from "../dom.js";
import { language, t } from "../strings.js";

/** The orders are placed, and paid unless a bank takes its time. */
export class DoneStep {
  constructor(drawer, orders, isPaid, keepsBag = false) {
    const { checkout, bag, data, room } = drawer.live;
    const link = checkout.orderURL;
    const list = (all) => new Intl.ListFormat(language).format(new Set(all));
    const number = list(orders.map((order) => order.number));
    const seller = list(orders.map(({ lines }) => room.goods.productOf(lines[0].variant)?.seller ?? data.seller.name));
    this.title = isPaid ? t("checkout.done") : t("checkout.working");
    this.body = h("div", { class: "done" },
      h("div", { class: "done-mark" }, icon(isPaid ? "check" : "bag")),
      h("h3", {}, isPaid
        ? t("checkout.doneText", { number, seller })
        : t("checkout.doneProcessing", { number })),
      !isPaid && h("p", { class: "soft" }, t("checkout.processing")));
    this.foot = [
      h("a", { class: "button", href: link, target: "_blank" }, t("checkout.seeOrder")),
      h("button", { class: "button strong", type: "button", click: () => drawer.close() }, t("checkout.keepWatching")),
    ];
    if (!keepsBag) bag.clear();
    checkout.finish();
  }
}

import { h, icon } from "../dom.js";
import { t } from "../strings.js";

/** The order is placed, and paid unless a bank takes its time. */
export class DoneStep {
  constructor(drawer, order, isPaid) {
    const { checkout, bag, data, room } = drawer.live;
    const link = checkout.orderURL;
    this.title = isPaid ? t("checkout.done") : t("checkout.working");
    this.body = h("div", { class: "done" },
      h("div", { class: "done-mark" }, icon(isPaid ? "check" : "bag")),
      h("h3", {}, isPaid
        ? t("checkout.doneText", { number: order.number, seller: room.goods.productOf(order.lines[0].variant)?.seller ?? data.seller.name })
        : t("checkout.doneProcessing", { number: order.number })),
      !isPaid && h("p", { class: "soft" }, t("checkout.processing")));
    this.foot = [
      h("a", { class: "button", href: link, target: "_blank" }, t("checkout.seeOrder")),
      h("button", { class: "button strong", type: "button", click: () => drawer.close() }, t("checkout.keepWatching")),
    ];
    bag.clear();
    checkout.finish();
  }
}

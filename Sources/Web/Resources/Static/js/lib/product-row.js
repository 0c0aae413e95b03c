import { lowestText } from "./deals.js";
import { h, icon } from "./dom.js";
import { available, buyText, dealFlag, isLow, leadingOffer, leftText, priceText } from "./goods.js";
import { money } from "./money.js";
import { t } from "./strings.js";

/** One product of the shelf. The whole row opens it; the button is what keyboards and screen readers reach. */
export function productRow(product, { goods, isPinned, open }) {
  const picture = product.pictures[0];
  const offer = leadingOffer(product);
  const count = available(product);
  return h("li", { class: `stretch shelf-row${isPinned ? " is-pinned" : ""}`, "data-product": product.id },
    picture
      ? h("img", { class: "thumb", src: picture.thumbnail, alt: "", loading: "lazy", width: 72, height: 72 })
      : h("span", { class: "thumb" }, icon("bag")),
    h("div", { class: "grow" },
      isPinned && h("span", { class: "badge warn" }, t("live.nowShowing")),
      h("strong", {}, product.title),
      dealFlag(product, goods),
      h("p", {}, h("span", { class: "price" }, priceText(product)), " ",
        offer?.compareAt && h("s", { class: "was small" }, money(offer.compareAt))),
      lowestText(product, offer) && h("p", { class: "lowest" }, lowestText(product, offer)),
      h("p", { class: `small stock${isLow(count) ? " low" : ""}` }, leftText(product))),
    offer && h("button", { class: "button cover", type: "button", click: () => open(product.id) },
      buyText(product), h("span", { class: "unseen" }, ` ${product.title}`)));
}

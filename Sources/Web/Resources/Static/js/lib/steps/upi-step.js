import { h } from "../dom.js";
import { t } from "../strings.js";

/**
 * A code to pay by UPI, as `secondStep` has its frame: to scan, and on a phone a link that opens an app. The answer comes
 * when the order no longer waits, the payment is over, or nobody waits for it any more.
 */
export function upiStep(link, checkout, signal) {
  const picture = h("img", { width: 240, height: 240, alt: t("upi.picture"), hidden: true });
  picture.style.justifySelf = "center";
  const open = h("a", { class: "button buy", href: link }, t("upi.open"));
  const isPhone = matchMedia("(pointer: coarse)").matches;
  const nodes = [
    h("h3", { tabindex: "-1" }, t("upi.title")), isPhone ? open : "", h("p", { class: "small soft" }, t("upi.scan")), picture,
    h("p", { class: "small soft", role: "status" }, t("upi.waits")),
    h("a", { class: "small", href: checkout.orderURL, target: "_blank", rel: "noopener" }, t("checkout.seeOrder")),
  ].filter(Boolean);
  return { nodes, frame: nodes[0], answer: watch(checkout, picture, signal) };
}

async function watch(checkout, picture, signal) {
  while (!signal.aborted) {
    try {
      const { order, actionPicture } = await checkout.standing();
      if (order.state !== "placed") return null;
      if (actionPicture) [picture.src, picture.hidden] = [actionPicture, false];
    } catch {
      // Over, or no connection: whoever waits asks once more, and says so.
      return null;
    }
    await new Promise((resume) => setTimeout(resume, 3000));
  }
  return null;
}

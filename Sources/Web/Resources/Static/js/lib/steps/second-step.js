import { h } from "../dom.js";
import { t } from "../strings.js";
import { upiStep } from "./upi-step.js";

/**
 * The bank's own page in a frame: what to show, the frame, and the answer, which comes when the frame has gone to the
 * order's page, the order was paid elsewhere, or `signal` says that nobody waits any more.
 */
export function secondStep(url, checkout, signal) {
  if (url.startsWith("upi:")) return upiStep(url, checkout, signal);
  // The sandbox's bank is a page of ours, and is told the way back; Stripe knows it.
  const address = url.startsWith("/") ? `${url}?return=${encodeURIComponent(checkout.orderPath)}` : url;
  const frame = h("iframe", { class: "second-step", src: address, title: t("checkout.confirm") });
  const over = new AbortController();
  const answer = new Promise((resolve) => {
    frame.addEventListener("load", () => {
      const place = placeOf(frame);
      if (place?.pathname === checkout.orderPath) resolve(new URLSearchParams(place.search).get("payment"));
    });
    signal.addEventListener("abort", () => resolve(null));
    // Confirmed elsewhere, such as in the bank's app or on the order's page.
    checkout.settle(900, over.signal).then(() => resolve(null), () => {});
  }).finally(() => over.abort());
  const nodes = [
    h("h3", {}, t("checkout.confirm")), h("p", { class: "small soft" }, t("checkout.confirmHint")), frame,
    h("a", { class: "small", href: checkout.orderURL, target: "_blank", rel: "noopener" }, t("checkout.seeOrder")),
  ];
  return { nodes, frame, answer };
}

/** Where a frame is, as far as that is for us to know: a bank's page is of another origin. */
function placeOf(frame) {
  try {
    const { pathname, search } = frame.contentWindow.location;
    return { pathname, search };
  } catch {
    return null;
  }
}

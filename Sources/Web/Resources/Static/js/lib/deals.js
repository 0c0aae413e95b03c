import { clock } from "./clock-text.js";
import { money } from "./money.js";
import { until } from "./server-time.js";
import { t } from "./strings.js";

/** The server honours a price for 15 s after its end; less what it takes to order. */
const HONOURED_MILLISECONDS = 12_000;

/** Where this viewer is: at the picture that plays live, else at the server's time. */
export class ShowClock {
  #reached = null;

  /** `mediaTime` in milliseconds; null when nothing plays, or not what is on air. */
  reached(mediaTime) {
    this.#reached = mediaTime === null ? null : { mediaTime, at: performance.now() };
  }

  /** Milliseconds until a deal starts and ends for this viewer; negative when that is past. */
  until({ startsAt, endsAt, startMediaTime, endMediaTime }) {
    const [start, end] = [until(startsAt), until(endsAt)];
    if (!this.#reached) return { start, end };
    const mediaTime = this.#reached.mediaTime + performance.now() - this.#reached.at;
    return {
      start: Math.max(start, startMediaTime - mediaTime),
      end: Math.min(endMediaTime - mediaTime, end + HONOURED_MILLISECONDS),
    };
  }
}

/** `soon`, `on`, `gone` (all of it is taken), or null when there is none or its time is over. */
export function phaseOf(deal, showClock) {
  if (!deal) return null;
  const { start, end } = showClock.until(deal);
  if (end <= 0) return null;
  if (start > 0) return "soon";
  return deal.left > 0 ? "on" : "gone";
}

/** What a flag beside a product says of its deal; empty without one. */
export function dealText({ deal, phase, variants }, showClock) {
  const offer = variants.find(({ dealOffer }) => dealOffer)?.dealOffer;
  if (!phase || !offer) return "";
  if (phase === "gone") return t("deal.gone");
  const { start, end } = showClock.until(deal);
  // Counted so that it says 0:01 in its last second.
  const time = clock(Math.ceil((phase === "soon" ? start : end) / 1000));
  return t(`deal.${phase}`, { time, price: money(offer.price) });
}

/** The lowest price of thirty days, where a deal runs; null elsewhere. */
export function lowestText({ phase }, offer) {
  return phase === "on" && offer?.lowest ? t("deal.lowest", { price: money(offer.lowest) }) : null;
}

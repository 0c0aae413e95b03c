import { locale } from "../lib/strings.js";

const FORMS = {
  short: { weekday: "short", hour: "numeric", minute: "2-digit" },
  date: { day: "numeric", month: "short", year: "numeric" },
  long: { weekday: "long", day: "numeric", month: "long", hour: "numeric", minute: "2-digit", timeZoneName: "short" },
  time: { hour: "numeric", minute: "2-digit" },
  medium: { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" },
};
const FAR_MILLISECONDS = 6 * 86_400_000;

/** A moment (`datetime`, RFC 3339) in the reader's time zone and words. The server's text stands until scripts run. */
export class LocalTime extends HTMLElement {
  connectedCallback() {
    const moment = new Date(this.getAttribute("datetime"));
    if (Number.isNaN(moment.getTime())) return;
    let form = this.getAttribute("form") ?? "medium";
    // A weekday alone says nothing about a show three weeks ahead.
    if (form === "short" && Math.abs(moment - Date.now()) > FAR_MILLISECONDS) form = "medium";
    this.textContent = new Intl.DateTimeFormat(locale, FORMS[form] ?? FORMS.medium).format(moment);
  }
}

customElements.define("local-time", LocalTime);

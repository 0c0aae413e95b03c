import { say } from "../lib/dom.js";
import { t } from "../lib/strings.js";

const pad = (value) => String(value).padStart(2, "0");

/** A date and time to choose in the host's own time zone; the form sends its offset from UTC along. */
export class LocalMoment extends HTMLElement {
  connectedCallback() {
    const input = this.querySelector('[type="datetime-local"]');
    const offset = this.querySelector('[type="hidden"]');
    const moment = new Date(`${input.value}Z`);
    if (!Number.isNaN(moment.getTime())) {
      const day = `${moment.getFullYear()}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}`;
      input.value = `${day}T${pad(moment.getHours())}:${pad(moment.getMinutes())}`;
    }
    const tell = () => {
      const chosen = new Date(input.value);
      if (!Number.isNaN(chosen.getTime())) offset.value = String(-chosen.getTimezoneOffset());
    };
    input.addEventListener("input", tell);
    tell();
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    say(this.parentElement.querySelector('[data-part="zone"]'), t("showForm.zoneLocal", { zone: timeZone }));
  }
}

customElements.define("local-moment", LocalMoment);

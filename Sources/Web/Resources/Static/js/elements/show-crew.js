import { h, part, say } from "../lib/dom.js";
import { plural, t } from "../lib/strings.js";

/**
 * Those who run the show, each with the devices on which they have it open, and what they did. Both come from the room as a whole, so
 * that a device that slept shows the same as the others.
 */
export class ShowCrew extends HTMLElement {
  #newest = null;

  connectedCallback() {
    this.desk = this.closest("control-room");
    const { events } = this.desk.room;
    events.hear("crew", (people) => this.#gather(people));
    events.hear("actions", (actions) => this.#tell(actions));
  }

  #gather(people) {
    const list = part(this, "crew");
    const items = people.map(({ name, role, devices }) => h("li", {},
      h("span", {}, t("crew.by", { who: name, role: t(`crew.${role}`) })),
      devices > 1 && h("span", { class: "small soft" }, plural("crew.devices", devices))));
    list.replaceChildren(...items);
    const isAlone = people.length === 1 && people[0].devices === 1;
    list.hidden = isAlone || people.length === 0;
    part(this, "alone").hidden = !isAlone;
  }

  #tell(actions) {
    const items = actions.map((action) => h("li", {},
      h("span", {}, h("b", {}, action.by), ` ${told(action)}`),
      h("local-time", { class: "small soft", datetime: action.at, form: "time" })));
    part(this, "deeds").replaceChildren(...items);
    part(this, "nothing").hidden = actions.length > 0;
    const [newest] = actions;
    if (!newest) return;
    const isNews = this.#newest !== null && this.#newest !== newest.id;
    this.#newest = newest.id;
    if (!isNews) return;
    if (newest.by !== this.desk.getAttribute("name")) say(part(this, "news"), `${newest.by} ${told(newest)}`);
    if (newest.kind === "run_changed") this.desk.renewRun();
  }
}

/** What was done, without who did it. */
const told = ({ kind, subject }) => t(`crew.${kind}`, { what: subject || "…" });

customElements.define("show-crew", ShowCrew);

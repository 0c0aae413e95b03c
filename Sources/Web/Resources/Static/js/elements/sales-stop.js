import { call } from "../lib/api.js";
import { h, part } from "../lib/dom.js";
import { language, learn, t } from "../lib/strings.js";

/** Says above the counter why nothing is sold here at the moment, and takes that back when something is again. */
export async function tell(live, why) {
  live.stopped = why;
  if (why && !live.querySelector(".sales-stop")) {
    learn(await call("GET", `/words/selling?lang=${language}`));
    // Another word may have come meanwhile.
    if (!live.querySelector(".sales-stop")) {
      live.querySelector(".counter").prepend(h("p", { class: "notice warn small sales-stop", role: "status" }, h("span")));
    }
  }
  part(live, "stop")?.remove();
  const notice = live.querySelector(".sales-stop");
  if (!live.stopped) return notice?.remove();
  notice.firstChild.textContent = t(`selling.${live.stopped}`);
  return undefined;
}

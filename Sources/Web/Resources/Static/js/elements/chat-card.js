import { t } from "../lib/strings.js";
import { learnChat } from "./chat-answer.js";

/** Says in the line to write in who may speak, and how often. */
export async function make(live) {
  await learnChat();
  const field = live.querySelector(".say [name=text]");
  const usual = field.placeholder;
  return {
    tell(mode) {
      const rules = [];
      if (mode && mode.audience !== "everyone") rules.push(t(`chat.${mode.audience}`));
      if (mode?.slowSeconds) rules.push(t("chat.slow", { seconds: mode.slowSeconds }));
      field.placeholder = rules.join(" · ") || usual;
      field.title = rules.join(" · ");
    },
  };
}

import { call, insist } from "../lib/api.js";
import { language, learn, t } from "../lib/strings.js";

let known = null;

/** The words of the chat's rules, fetched when they are first needed. */
export const learnChat = () => (known ??= insist(() => call("GET", `/words/chat?lang=${language}`)).then(learn, (problem) => {
  known = null;
  throw problem;
}));

/** What a refusal of the chat's means, in the reader's language. */
export const sentence = ({ code, detail = "" }) => t(`chat.${code}`, {
  detail, number: detail.match(/\d+/)?.[0] ?? "", list: detail.split(": ").slice(1).join(": "),
});

/** Says in `note` why a message is not, or not yet, read by others. */
export async function answer(note, problem) {
  await learnChat();
  note.textContent = sentence(problem);
}

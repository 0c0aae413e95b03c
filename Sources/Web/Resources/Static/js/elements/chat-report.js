import { call, insist } from "../lib/api.js";
import { busy, h } from "../lib/dom.js";
import { refusal, t } from "../lib/strings.js";
import { visitor } from "../lib/visitor.js";
import { learnChat, sentence } from "./chat-answer.js";

const REASONS = ["spam", "abuse", "hate", "scam", "privacy", "off_topic", "other"];

/** Lets viewers report what others say; what the seller says is nothing to report to the seller. */
export async function offer(live) {
  const chat = live.querySelector("live-chat");
  // A clip has none.
  if (!chat) return;
  await learnChat();
  const { room } = live;
  room.visitor = visitor();

  function decorate(line) {
    if (line.matches(".staff, .hush, .unsent") || !line.dataset.id || line.querySelector(".report")) return;
    const name = line.querySelector("b").textContent;
    line.append(h("button", {
      class: "report", type: "button", "aria-label": t("chat.report", { name }), click: () => ask(line),
    }, h("span", { "aria-hidden": "true" }, "⚑")));
  }

  function ask(line) {
    if (line.querySelector(".reasons")) return line.querySelector(".reasons").remove();
    const reasons = h("div", { class: "reasons", role: "group", "aria-label": t("chat.why") },
      REASONS.map((reason) => h("button", { class: "button", type: "button", click: ({ currentTarget }) => busy(currentTarget, () => report(line, reason)) }, t(`chat.reason_${reason}`))));
    line.append(reasons);
    reasons.scrollIntoView({ block: "nearest" });
    return reasons.firstElementChild.focus();
  }

  async function report(line, reason) {
    let words = t("chat.reported");
    try {
      await insist(() => call("PUT", `/api/v1/shows/${room.show}/messages/${line.dataset.id}/report`, { reason }, { visitor: room.visitor }));
      line.querySelector(".report").remove();
    } catch (problem) {
      words = problem.code.startsWith("chat_") ? sentence(problem) : refusal(problem);
    }
    line.querySelector(".reasons").replaceWith(h("p", { class: "small", role: "status" }, words));
  }

  document.head.append(h("link", { rel: "stylesheet", href: new URL("../../css/report.css", import.meta.url).href }));
  const before = chat.decorate?.bind(chat);
  // What is only now being sent is marked so once it is made.
  chat.decorate = (line, message) => {
    before?.(line, message);
    queueMicrotask(() => decorate(line));
  };
  for (const line of chat.querySelectorAll(".message")) decorate(line);
}

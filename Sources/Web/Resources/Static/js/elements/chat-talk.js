import { call } from "../lib/api.js";
import { h, part } from "../lib/dom.js";
import { serverNow } from "../lib/server-time.js";
import { language, t } from "../lib/strings.js";
import { learnChat, sentence } from "./chat-answer.js";

const isBefore = /[\p{L}\p{M}\p{N}_]$/u;
const isAfter = /^[\p{L}\p{M}\p{N}_]/u;
const folded = (text) => text.normalize("NFKC").toLocaleLowerCase();

/** Where `text` speaks to `name`: `[start, end]`, or null. A name that only begins so is another's. */
export function mentionOf(text, name) {
  // Names are matched as they are written: folded, they could be of another length.
  if (!name) return null;
  const wanted = folded(`@${name}`);
  for (let start = text.indexOf("@"); start >= 0; start = text.indexOf("@", start + 1)) {
    const end = start + name.length + 1;
    const isWhole = !isBefore.test(text.slice(0, start)) && !isAfter.test(text.slice(end));
    if (isWhole && folded(text.slice(start, end)) === wanted) return [start, end];
  }
  return null;
}

/** Questions, replies and mentions: what is said to somebody, in a room of the watch page or the control room. */
export async function offer(live) {
  const chat = live.querySelector("live-chat");
  // A clip has none.
  if (!chat) return;
  await learnChat();
  const { room } = live;
  const form = chat.querySelector(".say");
  const field = form.elements.namedItem("text");
  const me = () => live.data?.account?.name ?? live.getAttribute("name") ?? form.elements.namedItem("name")?.value.trim();
  let replying = null;

  // MARK: What was said

  function decorate(line, message) {
    if (line.querySelector(".quote, .asked-mark, .answer") || !message.text) return;
    const name = line.querySelector("b");
    if (message.quoteText || message.quoteName) {
      line.prepend(h("button", {
        class: "quote", type: "button", "data-of": message.replyTo, "aria-label": t("chat.answers", { name: message.quoteName }),
        click: () => show(message.replyTo),
      }, h("strong", {}, message.quoteName), " ", h("span", {}, message.quoteText)));
    }
    if (message.question || message.isQuestion) {
      line.classList.add("asks");
      name.after(" ", h("span", { class: "asked-mark" }, t("chat.question")));
      mark(line, message.question === "answered");
    }
    if (message.claimed) name.after(" ", h("span", { class: "asked-mark claimed-mark" }, t("chat.claimed")));
    const mention = mentionOf(message.text, me());
    if (mention || (message.quoteName && message.quoteName === me())) line.classList.add("to-me");
    if (mention) {
      const words = [...line.children].find((child) => child.localName === "span" && child.textContent === message.text);
      words?.replaceChildren(message.text.slice(0, mention[0]), h("mark", {}, message.text.slice(...mention)), message.text.slice(mention[1]));
    }
    if (form.hidden || !message.id || line.matches(".hush")) return;
    line.append(h("button", {
      class: "answer", type: "button", "aria-label": t("chat.answerTo", { name: name.textContent }), click: () => reply(message),
    }, h("span", { "aria-hidden": "true" }, "↩")));
  }

  function mark(line, isAnswered) {
    line.classList.toggle("is-answered", isAnswered);
    line.querySelector(".asked-mark").textContent = t(isAnswered ? "chat.answered" : "chat.question");
  }

  const find = (id) => chat.querySelector(`.message[data-id="${CSS.escape(id)}"]`);

  function show(id) {
    const line = find(id);
    line?.scrollIntoView({ block: "nearest" });
    line?.classList.add("is-shown");
    setTimeout(() => line?.classList.remove("is-shown"), 2000);
  }

  const before = chat.decorate?.bind(chat);
  chat.decorate = (line, message) => {
    before?.(line, message);
    // What is only now being sent has no answer yet.
    queueMicrotask(() => decorate(line, message));
  };
  room.addEventListener("removed", ({ detail }) => {
    for (const quote of chat.querySelectorAll(`.quote[data-of="${CSS.escape(detail)}"]`)) quote.remove();
    if (replying?.id === detail) reply(null);
    if (chat.querySelector(".asked")?.dataset.of === detail) above(null);
  });

  function answered({ kind, message }) {
    const line = find(message);
    if (line?.matches(".asks")) mark(line, kind === "question_answered");
  }

  // MARK: What is above the chat

  function above(question) {
    part(chat, "asked")?.remove();
    if (!question?.text) return;
    chat.querySelector(".messages").before(h("aside", { class: "asked", "data-part": "asked", "data-of": question.message, "aria-label": t("chat.nowAnswering") },
      h("p", { class: "asked-title" }, t("chat.nowAnswering")), h("p", { class: "asked-text" }, h("b", {}, question.name), " ", h("span", {}, question.text))));
  }

  // MARK: What can be reserved

  const words = new Map();
  const hints = h("div", { class: "claim-hints", hidden: true });
  const mine = h("p", { class: "my-claim", role: "status", hidden: true });

  function hint() {
    hints.replaceChildren(...[...words.values()].map(({ word, title, options }) => {
      const said = options ? `${word} + ${options}` : word;
      const text = t("chat.claimHint", { word: said, title });
      // A host says it, and only viewers' comments reserve something.
      if (live.localName !== "live-room") return h("p", { class: "claim-hint" }, text);
      return h("button", { class: "claim-hint", type: "button", click: () => {
        field.value = `${word} `;
        form.toggleAttribute("data-draft", true);
        field.focus();
      } }, text);
    }));
    hints.hidden = words.size === 0;
  }

  function opened(told) {
    words.set(told.claimWord, told);
    hint();
  }

  function closed({ claimWord }) {
    words.delete(claimWord);
    hint();
  }

  const key = `haat.claim.${room.show}`;

  /** Where what is reserved is ordered: for this browser only, and remembered as long as it holds. */
  function reserved({ link, title, until, bag, token }, isNew) {
    if (!(new Date(until) > serverNow())) return;
    const time = new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(new Date(until));
    mine.replaceChildren(h("span", {}, t("chat.claimMine", { title, time })), " ",
      h("a", { class: "button strong", href: link }, t("chat.claimOrder")));
    mine.hidden = false;
    if (!isNew) return;
    try {
      sessionStorage.setItem(key, JSON.stringify({ link, title, until, bag, token }));
    } catch {
      // Then it is known as long as this page is open.
    }
  }

  /** What was reserved before this page was loaded, unless it has been ordered or let go since. */
  async function remembered() {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "{}");
    if (!kept.bag) return;
    const { claims } = await call("GET", `/api/v1/claims/${kept.bag}`, undefined, { token: kept.token });
    if (claims.some(({ state }) => state === "held")) reserved(kept);
    else sessionStorage.removeItem(key);
  }

  chat.answered = ({ claim }) => {
    if (claim?.claim) {
      const { title, quantity, heldUntil } = claim.claim;
      reserved({ link: claim.link, bag: claim.bag, token: claim.accessToken, title: quantity > 1 ? `${quantity} × ${title}` : title, until: heldUntil }, true);
    } else if (claim) {
      mine.replaceChildren(h("span", {}, sentence(claim)));
      mine.hidden = false;
    }
  };

  const kinds = {
    question_pinned: above, question_unpinned: () => above(null), question_answered: answered, question_reopened: answered,
    claim_opened: opened, claim_closed: closed,
  };

  // MARK: What is to be said

  const asks = h("button", {
    class: "button ask", type: "button", "aria-pressed": "false", title: t("chat.ask"), "aria-label": t("chat.ask"),
    click: () => ask(asks.getAttribute("aria-pressed") === "false"),
  }, "?");
  const chip = h("p", { class: "replying", hidden: true });
  // A host answers; only viewers ask.
  if (live.localName === "live-room") form.querySelector(".button").before(asks);
  form.prepend(chip);

  function ask(isAsking) {
    asks.setAttribute("aria-pressed", String(isAsking));
    field.focus();
  }

  function reply(message) {
    replying = message;
    chip.hidden = !message;
    chip.replaceChildren();
    if (!message) return;
    chip.append(h("span", {}, "↩ ", h("b", {}, message.name), " ", h("span", {}, message.text)),
      h("button", { class: "button", type: "button", "aria-label": t("chat.noAnswer"), click: () => reply(null) }, "×"));
    field.focus();
  }

  chat.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !replying) return;
    event.stopPropagation();
    reply(null);
  });

  chat.compose = (unsent) => {
    if (unsent) {
      asks.setAttribute("aria-pressed", String(Boolean(unsent.isQuestion)));
      return reply(unsent.replyTo ? { id: unsent.replyTo, name: unsent.quoteName, text: unsent.quoteText } : null);
    }
    const extra = {};
    if (asks.getAttribute("aria-pressed") === "true") extra.isQuestion = true;
    if (replying) [extra.replyTo, extra.quoteName, extra.quoteText] = [replying.id, replying.name, replying.text];
    asks.setAttribute("aria-pressed", "false");
    reply(null);
    return extra;
  };

  document.head.append(h("link", { rel: "stylesheet", href: new URL("../../css/talk.css", import.meta.url).href }));
  for (const line of chat.querySelectorAll(".message")) if (line.message) decorate(line, line.message);
  function begin({ question, claims = [] }) {
    above(question);
    words.clear();
    for (const told of claims) words.set(told.claimWord, told);
    hint();
  }

  for (const old of chat.querySelectorAll("[data-part=claim-hint]")) old.remove();
  form.prepend(hints, mine);
  remembered().catch(() => {});
  const happened = (event) => kinds[event.kind]?.(event);
  if (room.facts) begin(room.facts);
  for (const event of room.others ?? []) happened(event);
  // Without messages we only reconnected, and what was missed comes by itself.
  room.events?.hear("state", (facts) => facts.messages && begin(facts));
  room.addEventListener("happened", ({ detail }) => happened(detail));
  // Of a replay: what was above the chat at that moment.
  room.addEventListener("jumped", ({ detail: { past } }) => {
    const last = past.findLast(({ kind }) => kind === "question_pinned" || kind === "question_unpinned");
    above(last?.message ? last : null);
  });
}

import { call, insist } from "../lib/api.js";
import { busy, h, part, say } from "../lib/dom.js";
import { number, refusal, t } from "../lib/strings.js";
import { sentence } from "./chat-answer.js";
import { offer } from "./chat-talk.js";
import { LiveChat } from "./live-chat.js";

const QUEUE_MILLISECONDS = 6000;
const QUEUE_MAX = 20;

const why = (problem) => (problem.code?.startsWith("chat_") ? sentence(problem) : refusal(problem));

/** Of every message, a menu of what can be done about it: a copy of the page's own form. */
LiveChat.prototype.decorate = function decorate(line, { id, name }) {
  const template = this.closest("chat-desk")?.menu;
  if (!template) return;
  const menu = template.cloneNode(true);
  menu.querySelector("[name=message]").value = id;
  menu.querySelector("summary").setAttribute("aria-label", `${t("chatDesk.menu")} ${name}`);
  line.append(menu);
};

/** The chat's side of the host's desk: what can be done about messages, what waits, and how the chat is run. */
export class ChatDesk extends HTMLElement {
  #timer = 0;
  #shown = "";
  #asked = "";

  connectedCallback() {
    this.menu = this.querySelector("template")?.content.firstElementChild;
    this.addEventListener("submit", (event) => this.#submitted(event));
    const live = this.closest("control-room");
    offer(live).catch(() => {});
    // Soon, not in six seconds.
    live.room.addEventListener("message", ({ detail }) => detail.question && this.#later(200));
    live.room.addEventListener("removed", () => this.#later(200));
    live.room.addEventListener("happened", ({ detail }) => detail.kind.startsWith("question_") && this.#later(200));
    this.#later(0);
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  get #show() {
    return `/api/v1/shows/${this.getAttribute("show")}`;
  }

  #submitted(event) {
    const form = event.target;
    const fields = form.elements;
    const value = (name) => fields.namedItem(name)?.value ?? "";
    if (form.matches("[data-part=mode]")) {
      event.preventDefault();
      busy(form.querySelector("button"), () => this.#say(part(this, "mode-note"), async () => {
        await call("PUT", `${this.#show}/chat`, {
          slowSeconds: Number(value("slow")), audience: value("audience"), allowsLinks: fields.namedItem("links").checked,
        });
        return t("chatDesk.modeSaved");
      }));
    } else if (form.matches(".measure")) {
      event.preventDefault();
      // The control room's own listener, and with it a second question, is not for this one.
      event.stopPropagation();
      const measure = fields.namedItem("measure");
      const words = measure.selectedOptions[0].textContent;
      const name = form.closest(".message")?.querySelector("b")?.textContent ?? "";
      if (!confirm(t("chatDesk.confirm", { measure: words, name }))) return;
      const note = h("p", { class: "small", role: "status" });
      form.append(note);
      busy(form.querySelector("button"), () => this.#say(note, async () => {
        await this.#moderate(value("message"), measure.value, value("reason"), value("note"));
        form.closest("details").open = false;
        say(part(this, "mode-note"), `${words} · ${name}`);
        return "";
      }));
    }
  }

  #moderate(message, measure, reason, note) {
    const path = `${this.#show}/messages/${message}`;
    if (measure === "remove") {
      return insist(() => call("DELETE", `${path}?${new URLSearchParams({ reason, note })}`));
    }
    const minutes = measure.startsWith("mute-") ? Number(measure.slice(5)) : undefined;
    return insist(() => call("PUT", `${path}/restriction`, { kind: minutes ? "mute" : "ban", minutes, reason, note }));
  }

  async #say(note, work) {
    try {
      say(note, await work());
    } catch (problem) {
      say(note, why(problem));
    }
  }

  #later(pause = QUEUE_MILLISECONDS) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      if (!document.hidden) await Promise.allSettled([this.#load(), this.#loadQuestions()]);
      if (this.isConnected) this.#later();
    }, pause);
  }

  async #load() {
    const handle = this.getAttribute("handle");
    const queue = await call("GET", `/api/v1/channels/${handle}/chat-queue?show=${this.getAttribute("show")}`);
    const text = JSON.stringify(queue);
    // What did not change stays as it is, with the focus somebody has in it.
    if (text === this.#shown) return;
    this.#shown = text;
    const held = queue.held.slice(0, QUEUE_MAX).map((message) => this.#row(message, t("chatDesk.heldFor", { word: message.word }), [
      ["approve", () => call("PUT", `/api/v1/held-messages/${message.id}`, { decision: "approve" })],
      ["refuse", () => call("PUT", `/api/v1/held-messages/${message.id}`, { decision: "refuse" })],
    ]));
    const reported = queue.reported.slice(0, QUEUE_MAX).map((message) => this.#row(
      message, `⚑ ${message.reports} · ${t(`chatDesk.reason_${message.reason}`)}`, [
        ["remove", () => this.#moderate(message.id, "remove", message.reason, "")],
        ["settle", () => call("DELETE", `${this.#show}/messages/${message.id}/reports`)],
      ]));
    const list = part(this, "queue");
    list.replaceChildren(...held, ...reported);
    list.hidden = list.childElementCount === 0;
  }

  async #loadQuestions() {
    const list = part(this, "asked-list");
    if (!list) return;
    const { items } = await call("GET", `${this.#show}/questions`);
    const text = JSON.stringify(items);
    if (text === this.#asked) return;
    this.#asked = text;
    say(part(this, "asked-count"), number(items.length));
    part(this, "no-questions").hidden = items.length > 0;
    const pin = (message) => () => call("PUT", `${this.#show}/pinned-question`, { message });
    list.replaceChildren(...items.map((question) => {
      const { id, isPinned } = question;
      const row = this.#row(question, isPinned && t("chatDesk.pinned"), [
        isPinned ? ["unpin", pin(null)] : ["pin", pin(id)],
        ["answered", () => call("PUT", `${this.#show}/messages/${id}/question`, { state: "answered" })],
      ]);
      row.classList.toggle("is-pinned", isPinned);
      return row;
    }));
  }

  #row({ name, text }, reason, choices) {
    const note = h("span", { role: "status" });
    return h("li", {}, h("p", {}, h("b", {}, name), " ", h("span", {}, text), reason && [h("br"), h("span", { class: "soft" }, reason)]),
      choices.map(([key, work]) => h("button", {
        class: "button", type: "button", click: ({ currentTarget }) => busy(currentTarget, () => this.#say(note, async () => {
          await insist(work);
          this.#later(0);
          return "";
        })),
      }, t(`chatDesk.${key}`))), note);
  }
}

customElements.define("chat-desk", ChatDesk);

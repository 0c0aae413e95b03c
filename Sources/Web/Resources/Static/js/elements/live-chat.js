import { call, insist } from "../lib/api.js";
import { h, part, say } from "../lib/dom.js";
import { roomOf } from "../lib/room.js";
import { refusal, t } from "../lib/strings.js";
import { uuid } from "../lib/uuid.js";

const MESSAGES_MAX = 120;
const ANNOUNCE_MILLISECONDS = 6000;
const STAFF = ["owner", "host", "moderator"];

/**
 * What people say: the latest messages, and a line to say something. `decorate` may add to each what can be done with it,
 * and `compose` give what is sent along with a message; called with that, it was not sent. `answered` gets the answer.
 */
export class LiveChat extends HTMLElement {
  #room;
  #list;
  #waiting = [];
  #frame = 0;
  #announceTimer = 0;
  #follows = true;
  #unannounced = null;

  connectedCallback() {
    this.#room = roomOf(this);
    this.#list = this.querySelector(".messages");
    this.#room.addEventListener("messages", ({ detail }) => this.#replace(detail));
    this.#room.addEventListener("message", ({ detail }) => this.#queue(detail));
    this.#room.addEventListener("removed", ({ detail }) => {
      this.#waiting = this.#waiting.filter(({ id }) => id !== detail);
      this.#find(detail)?.remove();
    });
    this.#room.addEventListener("ended", () => {
      this.querySelector(".say").hidden = true;
    });
    part(this, "newer").addEventListener("click", () => this.#toEnd());
    this.#list.addEventListener("scroll", () => {
      this.#follows = this.#isAtEnd;
      if (this.#follows) part(this, "newer").hidden = true;
    }, { passive: true });
    // The list grows and shrinks with what is pinned below it; who was at its end stays there.
    new ResizeObserver(() => this.#follows && this.#toEnd()).observe(this.#list);
    this.#prepareForm(this.querySelector(".say"));
    this.#toEnd();
  }

  get #isAtEnd() {
    return this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 48;
  }

  #toEnd() {
    this.#follows = true;
    this.#list.scrollTop = this.#list.scrollHeight;
    part(this, "newer").hidden = true;
  }

  #find(id) {
    return this.#list.querySelector(`[data-id="${CSS.escape(id)}"]`);
  }

  #replace(messages) {
    const unsent = this.#list.querySelectorAll(".unsent");
    if (messages.length > 0 || this.#room.isReplay) this.#list.replaceChildren(...messages.map((message) => this.#line(message)), ...unsent);
    this.#toEnd();
  }

  /** However many arrive, the list is touched once per frame. */
  #queue(message) {
    this.#waiting.push(message);
    // A hidden page has no frames, for hours perhaps.
    if (this.#waiting.length > MESSAGES_MAX) this.#waiting.shift();
    this.#frame ||= requestAnimationFrame(() => this.#show());
  }

  #show() {
    this.#frame = 0;
    for (const message of this.#waiting.splice(0)) {
      const line = this.#line(message);
      const mine = this.#find(message.id);
      if (mine) mine.replaceWith(line);
      else this.#list.append(line);
      if (!mine) this.#announce(message);
    }
    this.#list.querySelector(".hush")?.remove();
    while (this.#list.childElementCount > MESSAGES_MAX) this.#list.firstElementChild.remove();
    if (this.#follows) this.#toEnd();
    else part(this, "newer").hidden = false;
  }

  #line(message) {
    const { id, name, text, role } = message;
    const isStaff = STAFF.includes(role);
    const line = h("li", { class: `message${isStaff ? " staff" : ""}`, "data-id": id },
      h("b", {}, name || t("live.guest")), " ",
      isStaff && [h("span", { class: "role" }, t("live.seller")), " "],
      h("span", {}, text));
    line.message = message;
    this.decorate?.(line, message);
    return line;
  }

  /** A screen reader hears the latest message now and then, not every one of a rush. */
  #announce({ name, text }) {
    this.#unannounced = `${name}: ${text}`;
    this.#announceTimer ||= setTimeout(() => {
      this.#announceTimer = 0;
      say(part(this, "announcer"), this.#unannounced);
    }, ANNOUNCE_MILLISECONDS);
  }

  #prepareForm(form) {
    const nick = form.elements.namedItem("name");
    try {
      if (nick) nick.value = localStorage.getItem("haat.name") ?? "";
    } catch {
      // Then it is asked again.
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#say(form);
    });
    form.addEventListener("input", () => form.toggleAttribute("data-draft", form.elements.namedItem("text").value !== ""));
  }

  async #say(form) {
    const field = form.elements.namedItem("text");
    const text = field.value.trim();
    if (!text) return;
    const name = form.elements.namedItem("name")?.value.trim() || undefined;
    if (name) {
      try {
        localStorage.setItem("haat.name", name);
      } catch {
        // Then it is asked again.
      }
    }
    const id = uuid();
    const extra = this.compose?.();
    const line = this.#line({ id, name: name ?? this.closest("live-room")?.data.account?.name, text, ...extra });
    line.classList.add("unsent");
    this.#list.append(line);
    this.#toEnd();
    field.value = "";
    form.removeAttribute("data-draft");
    this.#room.visitor ??= await import("../lib/visitor.js").then(({ visitor }) => visitor(), () => null);
    try {
      const said = await insist(() => call("POST", `/api/v1/shows/${this.#room.show}/messages`, { id, name, text, ...extra }, { visitor: this.#room.visitor }));
      if (said.isHeld) this.#explain(line, { code: "chat_held" });
      else line.classList.remove("unsent");
      this.answered?.(said);
      this.#room.dispatchEvent(new Event("said"));
    } catch (problem) {
      this.#explain(line, problem);
      if (!field.value) {
        field.value = text;
        this.compose?.(extra);
      }
    }
  }

  #explain(line, problem) {
    const note = h("small", {}, problem.code === "offline" ? t("live.notSent") : refusal(problem));
    line.append(" ", note);
    if (problem.code.startsWith("chat_")) import("./chat-answer.js").then(({ answer }) => answer(note, problem)).catch(() => {});
  }
}

customElements.define("live-chat", LiveChat);

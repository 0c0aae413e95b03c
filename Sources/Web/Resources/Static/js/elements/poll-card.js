import { call, insist } from "../lib/api.js";
import { clock } from "../lib/clock-text.js";
import { h, icon, part, say } from "../lib/dom.js";
import { percents, PollState, SHOWN_MILLISECONDS } from "../lib/poll-state.js";
import { keepTime, TICK_MILLISECONDS, until } from "../lib/server-time.js";
import { plural, refusal, t } from "../lib/strings.js";
import { visitor } from "../lib/visitor.js";

/** The poll on screen: its answers to tap, and what they have for who has tapped one, or once it is closed. */
export class PollCard extends HTMLElement {
  #live;
  #state = new PollState();
  /** Which answer is ours; null for none, or while that is not known. */
  #mine = null;
  /** How often the server was asked or told: an answer that others overtook says what was. */
  #turns = 0;
  #ticking = 0;
  #hiding = 0;
  #fault = "";

  connectedCallback() {
    this.#live = this.closest("live-room");
  }

  disconnectedCallback() {
    this.#still();
  }

  /** What the room says of it. */
  tell(told) {
    const before = this.#state.value;
    if (!this.#state.take(told)) return;
    const now = this.#state.value;
    if (now?.id !== before?.id) [this.#mine, this.#fault] = [null, ""];
    if (now?.id !== before?.id || now?.state !== before?.state) this.#turn();
    else this.#refresh();
  }

  get #isReplay() {
    return Boolean(this.#live.room.isReplay);
  }

  #still() {
    clearInterval(this.#ticking);
    clearTimeout(this.#hiding);
  }

  #turn() {
    this.#still();
    const poll = this.#state.value;
    if (!poll) return this.replaceChildren();
    if (poll.state === "closed") this.#hiding = setTimeout(() => this.tell(null), SHOWN_MILLISECONDS);
    else if (!this.#isReplay) {
      keepTime();
      this.#ticking = setInterval(() => this.#refreshTime(), TICK_MILLISECONDS);
    }
    if (!this.#isReplay && this.#mine === null) this.#ask();
    this.#build(poll);
    return this.#refresh();
  }

  /** What we voted for, perhaps before the page was loaded again, and the sums. */
  async #ask() {
    const { id } = this.#state.value;
    const turn = (this.#turns += 1);
    const ballot = await insist(() => call("GET", `/api/v1/polls/${id}`, undefined, { visitor: visitor() })).catch(() => null);
    if (ballot && turn === this.#turns) this.#take(id, ballot);
  }

  #take(id, { poll, mine = null }) {
    if (this.#state.value?.id !== id) return;
    this.#mine = mine;
    this.#state.take({ poll: id, votes: poll.votes });
    this.#refresh();
  }

  async #vote(answer) {
    const { id, state } = this.#state.value;
    if (state !== "open" || this.#isReplay || this.#mine === answer) return;
    const before = this.#mine;
    [this.#mine, this.#fault] = [answer, ""];
    this.#refresh();
    const turn = (this.#turns += 1);
    try {
      const ballot = await insist(() => call("PUT", `/api/v1/polls/${id}/vote`, { answer }, { visitor: visitor() }));
      if (turn === this.#turns) this.#take(id, ballot);
    } catch (problem) {
      if (turn !== this.#turns || this.#state.value?.id !== id) return;
      this.#mine = before;
      const known = ["poll_closed", "poll_address"].includes(problem.code);
      this.#fault = known ? t(`onscreen.${problem.code}`) : refusal(problem);
      this.#refresh();
    }
  }

  #build({ question, answers, state }) {
    const isOver = state !== "open" || this.#isReplay;
    this.replaceChildren(h("article", { class: "poll", "data-state": state },
      h("p", { class: "poll-head" }, h("span", { class: "poll-kicker" }, t("onscreen.poll")),
        h("span", { class: "small number", "data-part": "time", role: "timer" })),
      h("strong", { id: "poll-question" }, question),
      h("div", { class: "poll-answers", role: "group", "aria-labelledby": "poll-question" }, answers.map((text, answer) =>
        h("button", { class: "poll-answer", type: "button", disabled: isOver, click: () => this.#vote(answer) },
          h("span", { class: "poll-text" }, text), h("span", { class: "number", "data-part": "share" }), icon("check")))),
      h("p", { class: "small soft", "data-part": "note", role: "status" })));
  }

  #refresh() {
    const poll = this.#state.value;
    if (!poll || !this.firstElementChild) return;
    const shares = percents(poll.votes);
    const all = poll.votes.reduce((sum, count) => sum + count, 0);
    // Who has not answered yet is not told what others say.
    const isShown = this.#mine !== null || poll.state === "closed";
    const most = Math.max(...poll.votes);
    [...this.querySelectorAll(".poll-answer")].forEach((button, answer) => {
      button.setAttribute("aria-pressed", String(answer === this.#mine));
      button.classList.toggle("leads", isShown && most > 0 && poll.votes[answer] === most);
      button.style.setProperty("--share", isShown ? `${shares[answer]}%` : "0%");
      say(part(button, "share"), isShown ? `${shares[answer]}%` : "");
    });
    say(part(this, "note"), this.#fault || (isShown ? plural("onscreen.votes", all) : this.#isReplay ? "" : t("onscreen.tap")));
    this.#refreshTime();
  }

  #refreshTime() {
    const poll = this.#state.value;
    const time = this.firstElementChild && part(this, "time");
    if (!time) return;
    if (poll.state === "closed") say(time, t("onscreen.result"));
    else if (this.#isReplay) say(time, "");
    else {
      const left = until(poll.endsAt);
      say(time, left > 0 ? clock(Math.ceil(left / 1000)) : t("onscreen.closing"));
    }
  }
}

/** Its place is above the product. */
export function make(live) {
  const card = new PollCard();
  live.querySelector(".counter").prepend(card);
  return card;
}

customElements.define("poll-card", PollCard);

import { call, insist } from "../lib/api.js";
import { clock } from "../lib/clock-text.js";
import { busy, h, icon, part, say } from "../lib/dom.js";
import { GiveawayState, namesOf } from "../lib/giveaway-state.js";
import { keepTime, TICK_MILLISECONDS } from "../lib/server-time.js";
import { language, learn, plural, refusal, t } from "../lib/strings.js";
import { visitor } from "../lib/visitor.js";
import { handleOf } from "./follow-button.js";

const BEAT_MILLISECONDS = 20_000;
/** A player that has not said for so long where it is does not play. */
const STILL_MILLISECONDS = 3000;
/** How long the winners are on screen. */
const SHOWN_MILLISECONDS = 90_000;

/** The giveaway on screen: how one takes part, whether one does, and who won. */
export class GiveawayCard extends HTMLElement {
  #live;
  #state = new GiveawayState();
  /** What the server says of us: `{ isEntered, leaf, winner }`. */
  #mine = null;
  #asked = "";
  /** How often the server was asked or told: an answer that others overtook says what was. */
  #turns = 0;
  #ticking = 0;
  #beating = 0;
  #hiding = 0;
  #seen = -Infinity;
  #watched = { milliseconds: 0, at: 0 };
  #receipt;
  #isRefused = false;
  /** What became of a press that did not go through. */
  #fault = "";

  connectedCallback() {
    this.#live = this.closest("live-room");
    const { room } = this.#live;
    room.visitor = visitor();
    room.addEventListener("said", () => this.#state.value?.entry === "comment" && this.#ask());
    this.#live.addEventListener("follow", () => this.#state.value?.entry === "follow" && this.#ask());
    const player = this.#live.querySelector("live-player");
    player?.addEventListener("mediatime", ({ detail }) => {
      if (detail.mediaTime !== null) this.#seen = performance.now();
    });
  }

  disconnectedCallback() {
    this.#still();
  }

  #still() {
    clearInterval(this.#ticking);
    clearTimeout(this.#beating);
    clearTimeout(this.#hiding);
  }

  /** What the room says of it. */
  tell(told) {
    const before = this.#state.value;
    if (!this.#state.take(told)) return;
    const now = this.#state.value;
    if (now?.id !== before?.id) this.#begin();
    else if (now?.state !== before?.state) this.#turn();
    this.#show();
  }

  #begin() {
    this.#still();
    [this.#mine, this.#asked, this.#isRefused, this.#fault] = [null, "", false, ""];
    this.#watched = { milliseconds: 0, at: performance.now() };
    if (this.#state.value) this.#turn();
  }

  #turn() {
    const { state, entry, id } = this.#state.value;
    const { isReplay } = this.#live.room;
    clearTimeout(this.#hiding);
    clearInterval(this.#ticking);
    if (state === "open" && !isReplay) {
      keepTime();
      this.#ticking = setInterval(() => this.#tick(), TICK_MILLISECONDS);
      this.#receipt = remembered(id);
      this.#ask().then(() => entry === "watch" && this.#beat());
      return;
    }
    // Who was not in it has not won: nobody asks in vain.
    if (!isReplay || state === "drawn") if (!this.#mine || this.#mine.isEntered) this.#ask();
    if (state === "drawn") this.#hiding = setTimeout(() => this.#hide(), SHOWN_MILLISECONDS);
  }

  /** Who won and has not claimed it keeps the card. */
  #hide() {
    if (this.#mine?.winner?.state !== "waiting") this.tell(null);
  }

  async #ask() {
    const { id, state } = this.#state.value ?? {};
    if (!id) return;
    const path = `/api/v1/giveaways/${id}/entry`;
    const turn = (this.#turns += 1);
    const mine = await insist(() => call("GET", path, undefined, { visitor: visitor() })).catch(() => null);
    if (!mine || turn !== this.#turns || this.#state.value?.id !== id) return;
    this.#mine = mine;
    this.#asked = state;
    this.#show();
  }

  // MARK: Watching

  get #isPlaying() {
    return performance.now() - this.#seen < STILL_MILLISECONDS;
  }

  /** Says that we watch, while we do; the server counts. */
  async #beat() {
    const giveaway = this.#state.value;
    clearTimeout(this.#beating);
    if (giveaway?.state !== "open" || this.#mine?.isEntered || this.#isRefused) return;
    let wait = 1000;
    if (this.#isPlaying) {
      wait = BEAT_MILLISECONDS;
      try {
        const path = `/api/v1/giveaways/${giveaway.id}/watching`;
        const answer = await call("POST", path, { receipt: this.#receipt }, { visitor: visitor() });
        if (this.#state.value?.id !== giveaway.id) return;
        this.#receipt = answer.receipt;
        remembered(giveaway.id, answer.receipt);
        this.#watched = { milliseconds: answer.watchedMilliseconds, at: performance.now() };
        if (answer.isEntered) await this.#ask();
        wait = Math.min(wait, giveaway.watchSeconds * 1000 - answer.watchedMilliseconds + 300);
      } catch (problem) {
        this.#isRefused = problem.code.startsWith("giveaway_");
        wait = 3000;
      }
      this.#show();
    }
    this.#beating = setTimeout(() => this.#beat(), Math.max(300, wait));
  }

  get #missing() {
    const since = this.#isPlaying ? Math.min(performance.now() - this.#watched.at, BEAT_MILLISECONDS) : 0;
    return Math.max(0, this.#state.value.watchSeconds * 1000 - this.#watched.milliseconds - since);
  }

  // MARK: What is seen

  #show() {
    const giveaway = this.#state.value;
    if (!giveaway) return this.replaceChildren();
    const { state, id } = giveaway;
    const isWon = state === "drawn" && Boolean(this.#mine?.winner);
    const signature = [id, state, this.#mine?.isEntered, isWon, this.#isRefused, this.#asked, this.#mine?.isFollowing].join();
    if (this.dataset.signature === signature && this.firstElementChild) return this.#refresh();
    this.dataset.signature = signature;
    this.replaceChildren(h("article", { class: `giveaway${isWon ? " won" : ""}`, "data-state": state },
      h("span", { class: "giveaway-sign" }),
      h("div", { class: "offer-words" },
        h("p", { class: "giveaway-kicker" }, t(isWon ? "giveaway.won" : "giveaway.title"), " ", this.#badge()),
        h("strong", {}, giveaway.prize),
        h("p", { class: "small", "data-part": "how", role: state === "open" && giveaway.entry === "watch" && "timer" }),
        h("p", { class: "small soft number", "data-part": "count", role: "timer" })),
      this.#button(isWon)));
    return this.#refresh();
  }

  #badge() {
    if (!this.#mine?.isEntered || this.#state.value.state === "drawn") return null;
    return h("span", { class: "badge good", title: t("giveaway.code", { code: this.#mine.leaf.slice(0, 8) }) },
      icon("check"), t("giveaway.entered"));
  }

  #button(isWon) {
    const { id, state, entry } = this.#state.value;
    const page = `/giveaways/${id}`;
    if (isWon) return h("a", { class: "button buy", href: `${page}#claim`, target: "_blank" }, t("giveaway.claim"));
    if (state === "open" && entry === "follow" && this.#mine && !this.#mine.isEntered && !this.#live.room.isReplay) {
      return this.#enterButton();
    }
    const canSay = state === "open" && entry === "comment" && !this.#mine?.isEntered && !this.#live.room.isReplay;
    if (canSay) return h("button", { class: "button buy", type: "button", click: () => this.#take() }, t("giveaway.takePart"));
    return h("a", { class: "button", href: page, target: "_blank" }, t(state === "drawn" ? "giveaway.check" : "giveaway.how"));
  }

  /** Puts the word into the line of the chat, where it only has to be sent. */
  #take() {
    const field = this.#live.querySelector("live-chat .say [name=text]");
    if (!field.value.trim() && this.#state.value.keyword) field.value = this.#state.value.keyword;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  }

  #enterButton() {
    const { isFollowing } = this.#mine;
    if (isFollowing === undefined) {
      return h("a", { class: "button buy", href: `/sign-in?return=${encodeURIComponent(location.pathname)}` }, t("giveaway.signIn"));
    }
    return h("button", { class: "button buy", type: "button", click: ({ currentTarget }) => busy(currentTarget, () => this.#enter()) },
      t(isFollowing ? "giveaway.takePart" : "giveaway.followIn"));
  }

  /** Follows the channel, if we do not yet, and takes part. */
  async #enter() {
    const { id } = this.#state.value;
    this.#fault = "";
    try {
      if (!this.#mine.isFollowing) {
        const detail = await insist(() => call("PUT", `/api/v1/channels/${handleOf(this.#live)}/follow`));
        this.#live.dispatchEvent(new CustomEvent("follow", { detail }));
      }
      const mine = await insist(() => call("POST", `/api/v1/giveaways/${id}/entry`));
      if (this.#state.value?.id !== id) return;
      this.#turns += 1;
      this.#mine = mine;
    } catch (problem) {
      const known = ["giveaway_member", "giveaway_closed", "giveaway_full", "too_many_follows"].includes(problem.code);
      this.#fault = known ? t(`giveaway.${problem.code}`) : refusal(problem);
    }
    this.#show();
  }

  #refresh() {
    say(part(this, "how"), this.#howText());
    say(part(this, "count"), this.#countText());
    part(this, "how").hidden = !part(this, "how").textContent;
    part(this, "count").hidden = !part(this, "count").textContent;
  }

  #howText() {
    const { state, entry, keyword, entrants, winners } = this.#state.value;
    if (state === "closed") return plural("giveaway.closed", entrants);
    if (state === "drawn") {
      if (winners.length === 0) return t("giveaway.nobody");
      return t(winners.length === 1 ? "giveaway.winner" : "giveaway.winners", { names: namesOf(winners) });
    }
    if (this.#mine?.isEntered) return t("giveaway.code", { code: this.#mine.leaf.slice(0, 8) });
    if (this.#isRefused) return t("giveaway.giveaway_full");
    if (entry === "follow") return this.#fault || t("giveaway.follow", { seller: this.#live.data.seller.name });
    if (entry === "watch") return t("giveaway.watch", { time: clock(Math.ceil(this.#missing / 1000)) });
    return keyword ? t("giveaway.sayWord", { keyword }) : t("giveaway.sayAny");
  }

  #countText() {
    const { state, entrants } = this.#state.value;
    if (state !== "open" || this.#live.room.isReplay) return "";
    const left = this.#left;
    const time = left > 0 ? t("giveaway.left", { time: clock(Math.ceil(left / 1000)) }) : t("giveaway.closing");
    return entrants > 0 ? `${plural("giveaway.count", entrants)} · ${time}` : time;
  }

  /** Until entries are over where this viewer's picture is. */
  get #left() {
    const { openedAt, endsAt, openMediaTime, endMediaTime } = this.#state.value;
    const times = { startsAt: openedAt, endsAt, startMediaTime: openMediaTime, endMediaTime };
    return this.#live.room.goods.clock.until(times).end;
  }

  #tick() {
    if (this.#state.value && this.firstElementChild) this.#refresh();
  }
}

/** Makes it with its words and looks, which a page without a giveaway does without. */
export async function make(live) {
  const [words] = await Promise.all([call("GET", `/words/giveaway?lang=${language}`), looks()]);
  learn(words);
  const card = new GiveawayCard();
  card.setAttribute("aria-live", "polite");
  live.querySelector(".counter").prepend(card);
  return card;
}

/** How far we came with watching, for when the page is loaded again. */
function remembered(id, receipt) {
  try {
    if (receipt !== undefined) sessionStorage.setItem(`haat.watched.${id}`, receipt);
    return sessionStorage.getItem(`haat.watched.${id}`) ?? undefined;
  } catch {
    return receipt;
  }
}

function looks() {
  const link = h("link", { rel: "stylesheet", href: new URL("../../css/giveaway.css", import.meta.url).href });
  return new Promise((resume) => {
    for (const kind of ["load", "error"]) link.addEventListener(kind, resume, { once: true });
    document.head.append(link);
  });
}

customElements.define("giveaway-card", GiveawayCard);

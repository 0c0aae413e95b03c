import { call, insist } from "./api.js";
import { Goods } from "./goods.js";
import { LiveEvents } from "./live-events.js";
import { chaptersOf, loadMoments, pinAt } from "./moments.js";
import { money } from "./money.js";
import { rooms } from "./room.js";
import { language, learn, t } from "./strings.js";

/** A playhead that moves on by more than this was moved by somebody. */
const jumpMilliseconds = 3000;
const chunkMilliseconds = 60_000;
const messagesMax = 50;

/**
 * The room of a show that is watched again: what was pinned, said and sold out comes when the playhead gets there, and
 * after a seek it is as it was at that moment. Products, prices and stock are today's.
 *
 * The same events as `Room`'s, `jumped` with `{ mediaTime, past }`, all that had happened by then, and `chapters` with `[{ mediaTime, product }]`, the products in the order they came on
 * screen.
 */
export class ReplayRoom extends EventTarget {
  #events;
  #at = null;
  #moments = [];
  #isReady = false;
  /** Messages that are still to come, and how far they were fetched. */
  #messages = [];
  #until = 0;
  #fetching = null;
  #turn = 0;

  isReplay = true;
  pinned = null;
  chapters = [];

  constructor(show, market, state) {
    super();
    this.show = show;
    this.market = market;
    this.state = state;
    this.goods = new Goods(show, market);
    this.#events = new LiveEvents(show);
    this.#events.hear("stock", (detail) => {
      this.goods.setStock({ [detail.variant]: detail.available });
    });
    this.#events.hear("offer", () => this.goods.load().catch(() => {}));
    this.#events.hear("deal", (detail) => this.goods.setLeft(detail.deal, detail.left));
    this.#events.hear("link", (detail) => this.#tell("link", detail));
    this.#events.hear("reset", () => this.#events.open());
  }

  open() {
    this.goods.load().catch(() => {});
    this.#events.open();
    this.#loadMoments().catch(() => {});
  }

  close() {
    this.goods.close();
    this.#events.close();
  }

  /** Where the player is, in milliseconds of media time; null when it does not play. */
  reached(mediaTime) {
    if (mediaTime === null || !this.#isReady) return;
    const before = this.#at;
    this.#at = mediaTime;
    if (before === null || mediaTime < before || mediaTime - before > jumpMilliseconds) this.#jump(mediaTime);
    else this.#advance(before, mediaTime);
  }

  async #loadMoments() {
    this.#moments = await loadMoments(this.show);
    this.chapters = chaptersOf(this.#moments);
    this.#isReady = true;
    this.#tell("chapters", this.chapters);
    if (this.#at !== null) this.#jump(this.#at);
  }

  #ask(query) {
    const path = `/api/v1/shows/${this.show}/moments?${new URLSearchParams(query)}`;
    return insist(() => call("GET", path)).then(({ items }) => items);
  }

  /** As it was at that moment, whatever was shown before. */
  async #jump(mediaTime) {
    this.#turn += 1;
    const turn = this.#turn;
    this.#setPin(pinAt(this.#moments, mediaTime));
    const past = this.#moments.filter((event) => event.mediaTime <= mediaTime && event.giveaway);
    this.#tell("jumped", { mediaTime, past: this.#moments.filter((event) => event.mediaTime <= mediaTime) });
    this.#tell("giveaway", null);
    for (const event of past.filter(({ giveaway }) => giveaway === past.at(-1).giveaway)) this.#tell("giveaway", event);
    [this.#messages, this.#until, this.#fetching] = [[], mediaTime, null];
    const until = Math.floor(mediaTime) + 1;
    const messages = await this.#ask({ of: "messages", until, limit: messagesMax }).catch(() => null);
    if (turn === this.#turn && messages) this.#tell("messages", messages);
  }

  #advance(before, mediaTime) {
    const passed = (event) => event.mediaTime > before && event.mediaTime <= mediaTime;
    for (const event of this.#moments.filter(passed)) this.#happened(event);
    while (this.#messages[0]?.mediaTime <= mediaTime) this.#tell("message", this.#messages.shift());
    if (this.#until - mediaTime < chunkMilliseconds / 2) this.#fetchMessages();
  }

  #fetchMessages() {
    if (this.#fetching) return;
    const turn = this.#turn;
    const from = Math.floor(this.#until) + 1;
    const until = from + chunkMilliseconds;
    this.#fetching = this.#ask({ of: "messages", from, until, limit: 1000 }).then((items) => {
      if (turn !== this.#turn) return;
      this.#messages.push(...items);
      [this.#until, this.#fetching] = [until - 1, null];
    }).catch(() => {
      if (turn === this.#turn) this.#fetching = null;
    });
  }

  #happened(event) {
    switch (event.kind) {
      case "pinned":
        return this.#setPin(event.product);
      case "unpinned":
        return this.#setPin(null);
      case "giveaway_opened":
      case "giveaway_closed":
      case "giveaway_drawn":
        return this.#tell("giveaway", event);
      case "auction_opened":
      case "auction_ended":
      case "auction_sold":
        return this.#auctioned(event);
      case "sold_out": {
        const product = this.goods.product(event.product) ?? this.goods.productOf(event.variant);
        const text = t("replay.soldOut", { title: product?.title ?? "" });
        return product && this.#tell("message", { id: `moment-${event.seq}`, name: t("replay.then"), text, role: "" });
      }
      default:
        return this.#tell("happened", event);
    }
  }

  /** What came of an auction, in words that are fetched with the first. */
  async #auctioned(event) {
    const words = await insist(() => call("GET", `/words/auction?lang=${language}`)).catch(() => null);
    if (!words) return;
    learn(words);
    const price = money({ minor: Number(event.priceMinor), currency: event.currency });
    const text = t(`auction.${event.kind}`, { title: event.title, name: event.name, price });
    this.#tell("message", { id: `moment-${event.seq}`, name: t("replay.then"), text, role: "" });
  }

  #setPin(product) {
    if (product === this.pinned) return;
    this.pinned = product;
    this.#tell("pin", product);
  }

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

rooms.replay = ReplayRoom;

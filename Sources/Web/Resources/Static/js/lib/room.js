import { Goods } from "./goods.js";
import { LiveEvents } from "./live-events.js";
import { Playhead } from "./playhead.js";
import { guess } from "./server-time.js";

/** Without a word from the room for so long, the products are fetched all the same. */
const PATIENCE_MILLISECONDS = 1500;

/**
 * The live side of one show in this page: what the elements of a watch page or control room listen to.
 *
 * Dispatches `pin` (product id or null), `coupon` (as its event tells it, or null), `giveaway` (what
 * `GiveawayState` takes), `chat` (how it is run, or null), `selling` (by market, why nothing is sold there), `chapters` (`[{ mediaTime, product }]` so far, while somebody looks back),
 * `messages` (list, replacing), `message`, `removed` (message id), `viewers` (count), `link` (connected or not), `started`,
 * `ended`, and `happened` for every other event whose moment has come. Products and stock are in `goods`; whatever else the room says is
 * heard from `events`, and its last state is in `facts`, with the events after it in `others`.
 */
export class Room extends EventTarget {
  #playhead;
  #impatience = 0;
  /** What is pinned on air, whatever the viewer looks at. */
  #pinnedLive = null;
  #isLookingBack = false;
  /** What happened so far, and how it is read; null until somebody looks back. */
  #moments = null;
  #reading = null;
  /** What arrives while they are being fetched may be missing from what comes. */
  #arrivedMeanwhile = null;
  #hasEnded = false;
  /** The one on screen. */
  #coupon = null;

  /** What a guest says things under, where that matters. */
  visitor;

  /** What the room told when we came in, or came back, and the events since then that nothing here follows. */
  facts;
  others = [];

  constructor(show, market, state) {
    super();
    this.show = show;
    this.market = market;
    this.state = state;
    this.pinned = null;
    this.goods = new Goods(show, market);
    this.#playhead = new Playhead((event) => this.#happened(event));
    const events = (this.events = new LiveEvents(show));
    events.hear("state", (detail) => this.#snapshot(detail));
    events.hear("timeline", (detail) => this.#arrived(detail));
    events.hear("stock", (detail) => {
      this.goods.setStock({ [detail.variant]: detail.available });
    });
    events.hear("offer", () => this.#refreshGoods());
    events.hear("coupon", (detail) => {
      if (this.#coupon?.coupon === detail.coupon) this.#setCoupon({ ...this.#coupon, isOpen: String(detail.isOpen) });
    });
    events.hear("deal", (detail) => this.goods.setLeft(detail.deal, detail.left));
    for (const kind of ["giveaway", "auction", "chat", "link"]) {
      events.hear(kind, (detail) => this.#tell(kind, detail));
    }
    events.hear("selling", (detail) => {
      this.#tell("selling", detail.stops);
      this.#refreshGoods();
    });
    events.hear("viewers", (detail) => this.#tell("viewers", detail.count));
    events.hear("reset", () => events.open());
  }

  open() {
    // The state brings the products: fetched before it, they could be old and nobody would say so.
    this.#impatience = setTimeout(() => this.#refreshGoods(), PATIENCE_MILLISECONDS);
    this.events.open();
  }

  close() {
    clearTimeout(this.#impatience);
    this.goods.close();
    this.events.close();
  }

  /** Where the player is, in milliseconds of media time; null when it is not playing. */
  reached(mediaTime) {
    this.goods.clock.reached(this.#isLookingBack ? null : mediaTime);
    if (!this.#isLookingBack) return this.#playhead.reached(mediaTime);
    return mediaTime === null || !this.#moments ? undefined : this.#show(this.#reading.pinAt(this.#moments, mediaTime));
  }

  /**
   * The viewer sees an earlier moment of the show, or what is on air again. Meanwhile what is shown is what was pinned
   * then, what people say appears as they say it, and the show's end waits.
   */
  lookBack(isLookingBack) {
    if (isLookingBack === this.#isLookingBack) return;
    this.#isLookingBack = isLookingBack;
    this.#playhead.reached(null);
    if (isLookingBack) return;
    this.#show(this.#pinnedLive);
    if (this.#hasEnded) this.#setState("ended");
  }

  /** Fetches what happened so far, and keeps it up to date from then on. */
  async remember() {
    if (this.#moments) this.#tell("chapters", this.chapters);
    else await this.#recall();
  }

  async #recall() {
    const arrived = (this.#arrivedMeanwhile = []);
    const moments = await import("./moments.js").then((reading) => {
      this.#reading = reading;
      return reading.loadMoments(this.show);
    }).catch(() => null);
    if (this.#arrivedMeanwhile === arrived) this.#arrivedMeanwhile = null;
    if (!moments) return;
    const known = new Set(moments.map(({ seq }) => seq));
    this.#moments = [...moments, ...arrived.filter(({ seq }) => !known.has(seq))];
    this.#tell("chapters", this.chapters);
  }

  /** The products that came on screen so far, as far as `remember` was asked. */
  get chapters() {
    return this.#reading?.chaptersOf(this.#moments ?? []) ?? [];
  }

  #refreshGoods() {
    this.goods.load().catch(() => {});
  }

  /**
   * With messages it is the whole truth; without, we reconnected and every event we missed follows by itself, so that
   * a pin still waits for its frame.
   */
  #snapshot(facts) {
    const { show, pinned, viewers, stock, deals = [], coupon = null, giveaway = null, auction = null, chat = null, stops = {}, messages, serverTime } = facts;
    if (messages) [this.facts, this.others] = [facts, []];
    clearTimeout(this.#impatience);
    this.#tell("viewers", viewers);
    this.#tell("selling", stops);
    this.#tell("auction", auction);
    this.#tell("chat", chat);
    if (serverTime) guess(serverTime);
    if (messages) {
      this.#playhead.flush();
      // What happened between may be missing from what we remember.
      if (this.#moments) this.#recall();
      this.#setState(show.state);
      this.#tell("messages", messages);
      this.#setPin(pinned);
      this.#setCoupon(coupon);
      this.#tell("giveaway", giveaway);
    }
    // Before the fetch: what is told while it is under way is newer than this.
    this.goods.setStock(stock);
    for (const { id, left } of deals) this.goods.setLeft(id, left);
    this.#refreshGoods();
  }

  /** What people say appears as they say it; what is shown and sold waits for the picture. */
  #arrived(event) {
    if (event.kind === "message" || event.kind === "message_removed") this.#happened(event);
    else this.#playhead.hold(event);
    if (event.kind.startsWith("message")) return;
    this.#arrivedMeanwhile?.push(event);
    if (!this.#moments) return;
    if (this.#moments.some(({ seq }) => seq === event.seq)) return;
    this.#moments.push(event);
    if (event.kind === "pinned") this.#tell("chapters", this.chapters);
  }

  #happened(event) {
    switch (event.kind) {
      case "message":
        return this.#tell("message", event);
      case "message_removed":
        return this.#tell("removed", event.message);
      case "pinned":
        return this.#setPin(event.product);
      case "unpinned":
        return this.#setPin(null);
      case "coupon_shown":
        return this.#setCoupon(event);
      case "coupon_hidden":
        return this.#setCoupon(null);
      case "show_started":
        return this.#setState("live");
      case "show_ended":
        return this.#setState("ended");
      case "deal_opened":
      case "sold_out":
      case "back_in_stock":
        return this.#refreshGoods();
      default:
        if (event.giveaway) return this.#tell("giveaway", event);
        this.others.push(event);
        return this.#tell("happened", event);
    }
  }

  #setCoupon(coupon) {
    this.#coupon = coupon;
    this.#tell("coupon", coupon);
  }

  #setPin(product) {
    this.#pinnedLive = product ?? null;
    if (!this.#isLookingBack) this.#show(this.#pinnedLive, true);
  }

  #show(product, isNew = product !== this.pinned) {
    if (!isNew) return;
    this.pinned = product;
    this.#tell("pin", product);
    // A host may pin what was not in the run when this page was opened.
    if (this.pinned && !this.goods.product(this.pinned)) this.#refreshGoods();
  }

  #setState(state) {
    this.#hasEnded = state === "ended";
    if (this.#hasEnded && this.#isLookingBack) return;
    if (state === this.state) return;
    this.state = state;
    this.#tell(state === "live" ? "started" : "ended");
  }

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

/** What a page may be: a show on air, or (`replay-room.js`) one that is watched again. */
export const rooms = { live: Room };

/** The room an element stands in. */
export const roomOf = (element) => element.closest("live-room, control-room")?.room;

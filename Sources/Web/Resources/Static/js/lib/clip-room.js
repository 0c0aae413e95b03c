import { Goods } from "./goods.js";
import { LiveEvents } from "./live-events.js";
import { rooms } from "./room.js";

/**
 * The room of a clip: its product is on screen all the time, and nobody speaks. Products, prices and stock are today's,
 * and those of the show it was cut from.
 *
 * `pin` and `link`, as `Room` has them.
 */
export class ClipRoom extends EventTarget {
  #events;

  isReplay = true;
  chapters = [];

  constructor(show, market, state) {
    super();
    this.show = show;
    this.market = market;
    this.state = state;
    this.pinned = document.querySelector("live-room").getAttribute("product");
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
    this.#tell("pin", this.pinned);
  }

  close() {
    this.goods.close();
    this.#events.close();
  }

  /** Nothing waits for a moment of it. */
  reached() {}

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

rooms.replay = ClipRoom;

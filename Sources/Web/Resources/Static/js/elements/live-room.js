import { Bag } from "../lib/bag.js";
import { Checkout } from "../lib/checkout.js";
import { h, part, say } from "../lib/dom.js";
import { followDeals } from "../lib/goods.js";
import { isPlayerKey } from "../lib/player-keys.js";
import { rooms } from "../lib/room.js";
import { number, plural, t } from "../lib/strings.js";

/** The watch page: joins the player, the room's events and the elements that show them. */
export class LiveRoom extends HTMLElement {
  #cards = {};

  connectedCallback() {
    const show = this.getAttribute("show");
    const market = this.getAttribute("market");
    /** Who sells, who is signed in: what the drawer needs to know from the server. */
    this.data = JSON.parse(this.querySelector(".room-data").textContent);
    const way = this.hasAttribute("replay") ? "replay" : "live";
    this.room = new rooms[way](show, market, this.getAttribute("state"));
    this.bag = new Bag(show);
    this.checkout = new Checkout(show, market);
    this.#followPlayer();
    this.room.addEventListener("viewers", ({ detail }) => say(part(this, "viewer-count"), number(detail)));
    this.room.addEventListener("link", ({ detail }) => {
      part(this, "link").hidden = detail;
    });
    this.room.addEventListener("started", () => this.#begin());
    this.room.addEventListener("ended", () => this.#end());
    for (const kind of ["coupon", "giveaway", "auction", "chat"]) {
      this.room.addEventListener(kind, ({ detail }) => this.#tell(kind, detail));
    }
    this.bag.addEventListener("change", () => {
      this.checkout.mark();
      this.#countBag();
    });
    this.room.addEventListener("selling", ({ detail }) => this.#sell(detail[market]));
    this.#countBag();
    followDeals(this, this.room.goods);
    const open = part(this, "bag");
    open.hidden = false;
    open.addEventListener("click", () => this.drawer.openBag());
    this.#openAsked();
    this.room.open();
    setTimeout(() => this.isConnected && import("./live-later.js").then(({ bring }) => bring(this)).catch(() => {}), 2000);
  }

  disconnectedCallback() {
    this.room.close();
  }

  /** Who comes from a product's own page finds it open. */
  #openAsked() {
    const asked = new URLSearchParams(location.search).get("product");
    if (!asked) return;
    this.room.goods.addEventListener("change", () => {
      if (this.room.goods.product(asked)) this.drawer.openProduct(asked);
    }, { once: true });
  }

  get drawer() {
    return this.querySelector("bag-drawer");
  }

  #followPlayer() {
    const player = this.querySelector("live-player, replay-player");
    const sound = part(this, "sound");
    if (!player) return;
    player.addEventListener("mediatime", ({ detail }) => {
      this.checkout.playhead = detail.mediaTime;
      this.room.reached(detail.mediaTime);
    });
    player.addEventListener("playerstate", ({ detail }) => {
      if (detail.state !== "playing") this.room.reached(null);
    });
    sound.hidden = false;
    // Whoever wanted sound last time gets it at once where the browser allows that; where not, the player goes without.
    if (wantsSound()) player.muted = false;
    sound.addEventListener("click", () => {
      player.muted = !player.muted;
      wantsSound(!player.muted);
    });
    player.addEventListener("volumechange", () => this.#showSound(player.muted));
    this.#showSound(player.muted);
    this.room.addEventListener("ended", () => player.end?.());
    if (player.localName === "live-player") this.#offerControls(player);
  }

  /** The controls are fetched when somebody reaches for them: most never do. */
  #offerControls(player) {
    player.addEventListener("lookback", ({ detail }) => this.room.lookBack(detail.isLookingBack));
    const reach = part(this, "reach");
    reach.hidden = false;
    const asking = new AbortController();
    const { signal } = asking;
    const bring = async (event) => {
      if (asking.signal.aborted || !this.isConnected) return;
      asking.abort();
      try {
        const { LiveControls } = await import("./live-controls.js");
        const controls = new LiveControls();
        this.querySelector(".counter").before(controls);
        controls.reached(event);
      } catch {
        // Offline, perhaps: the next reach asks again.
        this.#offerControls(player);
      }
    };
    reach.addEventListener("click", bring, { signal });
    reach.addEventListener("pointermove", (event) => event.pointerType === "mouse" && bring(event), { signal });
    document.addEventListener("keydown", (event) => isPlayerKey(event) && bring(event), { signal });
  }

  #showSound(muted) {
    const sound = part(this, "sound");
    const use = sound.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, muted ? "#mute" : "#sound"));
    sound.setAttribute("aria-label", t(muted ? "live.soundOn" : "live.soundOff"));
    sound.setAttribute("aria-pressed", String(!muted));
    say(part(this, "sound-words"), muted ? t("live.sound") : "");
  }

  /** A page that was open before the show begins to play without being loaded again. */
  #begin() {
    part(this, "curtain").hidden = true;
    part(this, "live").hidden = false;
    part(this, "viewers").hidden = false;
    const waiting = this.querySelector("live-player");
    if (waiting) return waiting.wake();
    const show = this.getAttribute("show");
    part(this, "reach").before(h("live-player", { show, src: `/live/${show}/`, muted: true }));
    return this.#followPlayer();
  }

  #end() {
    const curtain = part(this, "curtain");
    curtain.replaceChildren(curtain.firstElementChild, h("h2", {}, t("live.ended")), h("p", {}, t("live.endedHint")),
      h("a", { class: "button strong", href: location.pathname }, t("live.watchAgain")),
      h("a", { class: "button", href: this.data.seller.url }, t("live.moreFrom")));
    curtain.hidden = false;
    part(this, "live").hidden = true;
    part(this, "viewers").hidden = true;
  }

  /** The card of a coupon, a giveaway, an auction or the chat's rules is fetched with the first one. */
  async #tell(kind, detail) {
    if (!detail && !this.#cards[kind]) return;
    this.#cards[kind] ??= import(`./${kind}-card.js`).then(({ make }) => make(this));
    try {
      (await this.#cards[kind]).tell(detail);
    } catch {
      // Offline, perhaps: the next word of it asks again.
      this.#cards[kind] = null;
    }
  }

  /** That nothing is sold is said by a module which is fetched when it is so, as it seldom is. */
  #sell(why) {
    if (why || this.stopped) import("./sales-stop.js").then(({ tell }) => tell(this, why)).catch(() => {});
  }

  #countBag() {
    const count = part(this, "bag-count");
    count.hidden = this.bag.count === 0;
    say(count, number(this.bag.count));
    part(this, "bag").setAttribute(
      "aria-label", this.bag.count === 0 ? t("live.bag") : plural("live.bagCount", this.bag.count));
  }
}

/** Whether the viewer turned the sound on last time; told, it remembers. */
function wantsSound(isWanted) {
  try {
    if (isWanted !== undefined) localStorage.setItem("haat.sound", isWanted ? "on" : "off");
    return localStorage.getItem("haat.sound") === "on";
  } catch {
    return false;
  }
}

customElements.define("live-room", LiveRoom);

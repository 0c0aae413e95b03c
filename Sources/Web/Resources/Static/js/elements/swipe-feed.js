import { call, insist } from "../lib/api.js";
import { h, icon, part, say } from "../lib/dom.js";
import { money } from "../lib/money.js";
import { t } from "../lib/strings.js";

/** How long a film is in view before it is more than a picture that moves. */
const settleMilliseconds = 350;
const inView = 0.55;
/** So many before the end more are asked for. */
const aheadMax = 3;
const pageMax = 6;
/** Films beyond so many behind give back what they hold. */
const keptMax = 4;

const stillness = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * Shows on air and clips, one at a time: what is in view plays, and is then the whole of its own page, with its chat and
 * its checkout; the next one is fetched ahead. The address is that of the film in view, and going back leaves the feed.
 */
class SwipeFeed extends HTMLElement {
  #list;
  #active = null;
  /** What stands in the place of the active film's card, and that card. */
  #room = null;
  #card = null;
  #timer = 0;
  #pages = new Map();
  #isAsking = false;
  #watching;

  connectedCallback() {
    this.#list = this.querySelector(".films");
    if (this.#films.length === 0) return;
    const steps = this.querySelector(".steps");
    steps.hidden = false;
    part(steps, "before").addEventListener("click", () => this.#go(-1));
    part(steps, "after").addEventListener("click", () => this.#go(1));
    this.#watching = new IntersectionObserver((entries) => {
      for (const { target, intersectionRatio } of entries) if (intersectionRatio > inView) this.#arrive(target);
    }, { root: this.#list, threshold: inView + 0.05 });
    for (const film of this.#films) this.#prepare(film);
    document.addEventListener("keydown", (event) => this.#key(event), { capture: true });
    this.#list.addEventListener("click", (event) => this.#click(event));
    document.addEventListener("visibilitychange", () => {
      const video = this.#card?.querySelector("video");
      if (document.hidden) video?.pause();
      else if (this.#active && !this.#room) this.#play(this.#active);
    });
  }

  get #films() {
    return [...this.#list.children];
  }

  #prepare(film) {
    const video = film.querySelector("video");
    if (video) video.controls = false;
    this.#watching.observe(film);
  }

  // MARK: From one to the next

  #arrive(film) {
    if (film === this.#active) return;
    this.#leave();
    this.#active = film;
    const { swipe, title, by } = film.dataset;
    const query = new URLSearchParams(location.search);
    query.delete("after");
    history.replaceState(history.state, "", query.size > 0 ? `${swipe}?${query}` : swipe);
    document.title = `${title} · ${by}`;
    say(part(this, "announcer"), `${title} · ${by}`);
    const films = this.#films;
    const at = films.indexOf(film);
    part(this, "before").disabled = at === 0;
    part(this, "after").disabled = at === films.length - 1 && !this.getAttribute("next");
    films.forEach((other, index) => {
      const video = other.querySelector("video");
      if (video) video.preload = index === at || index === at + 1 ? "auto" : "none";
      if (video && Math.abs(index - at) > keptMax && video.readyState > 0) video.load();
    });
    if (films.length - at <= aheadMax) this.#more();
    // Who wants things still starts each film.
    if (stillness.matches) return;
    this.#play(film);
    this.#timer = setTimeout(() => {
      this.#enter(film);
      if (films[at + 1]) this.#fetch(films[at + 1]);
    }, settleMilliseconds);
  }

  #leave() {
    clearTimeout(this.#timer);
    this.#active?.querySelector("video")?.pause();
    const [room, card] = [this.#room, this.#card];
    [this.#room, this.#card] = [null, null];
    if (room) this.#rooms.then(({ leave }) => leave(room, card));
  }

  async #play(film) {
    const video = film.querySelector(".stage > video");
    if (!video) return;
    video.muted = !wantsSound();
    try {
      await video.play();
    } catch {
      // Sound wants a gesture first; the picture does not.
      video.muted = true;
      video.play().catch(() => {});
    }
  }

  #go(step) {
    const films = this.#films;
    const next = films[Math.max(0, films.indexOf(this.#active)) + step];
    if (!next) return;
    next.scrollIntoView({ behavior: stillness.matches ? "auto" : "smooth" });
    next.focus({ preventScroll: true });
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, dialog, .messages, [contenteditable]")) return;
    const step = { ArrowDown: 1, PageDown: 1, j: 1, ArrowUp: -1, PageUp: -1, k: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    // A clip knows one of these keys too.
    event.stopImmediatePropagation();
    this.#go(step);
  }

  // MARK: The whole of a film's page

  get #rooms() {
    return import("../lib/swipe-room.js");
  }

  /** What its own page has, asked for once; not again when that failed. */
  #fetch(film) {
    const { page } = film.dataset;
    const market = this.getAttribute("market");
    if (!this.#pages.has(page)) {
      const address = market ? `${page}?market=${encodeURIComponent(market)}` : page;
      this.#pages.set(page, this.#rooms.then(({ fetchRoom }) => fetchRoom(address)).catch(() => null));
      // What it says of prices and bags is of now: it is used once, and soon.
      if (this.#pages.size > 3) this.#pages.delete(this.#pages.keys().next().value);
    }
    return this.#pages.get(page);
  }

  /** The card gives way to the room. Null where it cannot: the card leads to the page. */
  async #enter(film) {
    const found = await this.#fetch(film);
    this.#pages.delete(film.dataset.page);
    if (film !== this.#active || this.#room) return this.#room;
    // A show that has ended meanwhile is another page altogether.
    if (!found?.room || (film.dataset.kind === "show" && found.room.hasAttribute("replay"))) return null;
    const { enter } = await this.#rooms;
    if (film !== this.#active || this.#room) return this.#room;
    this.#card = film.querySelector("article.room");
    const hadFocus = this.#card.contains(document.activeElement);
    this.#room = enter(this.#card, found);
    if (hadFocus) film.focus({ preventScroll: true });
    return this.#room;
  }

  async #click(event) {
    const wish = event.target.closest("[data-part=open], [data-part=buy], article.room video");
    const film = event.target.closest(".film");
    if (!wish || !film || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (film !== this.#active) this.#arrive(film);
    const room = await this.#enter(film);
    if (!room) return location.assign(wish.href ?? film.dataset.page);
    if (wish.dataset.part !== "buy") return;
    const { product } = wish.closest("[data-product]").dataset;
    const { goods } = room.room;
    if (goods.product(product)) return room.drawer.openProduct(product);
    goods.addEventListener("change", () => room.drawer.openProduct(product), { once: true });
  }

  // MARK: More of them

  async #more() {
    const next = this.getAttribute("next");
    if (!next || this.#isAsking) return;
    this.#isAsking = true;
    try {
      const market = this.getAttribute("market");
      const query = new URLSearchParams({ after: next, limit: String(pageMax), ...(market && { market }) });
      const page = await insist(() => call("GET", `/api/v1/feed?${query}`));
      const known = new Set(this.#films.map(({ dataset }) => dataset.page));
      for (const film of page.items.filter(({ page }) => !known.has(page))) {
        const element = card(film);
        this.#list.append(element);
        this.#prepare(element);
      }
      if (page.next) this.setAttribute("next", page.next);
      else this.removeAttribute("next");
      part(this, "after").disabled = !this.#active?.nextElementSibling;
    } catch {
      // Offline, perhaps: the next step asks again.
    } finally {
      this.#isAsking = false;
    }
  }
}

/** One of eight colours, as the server gives them: by the last byte of the id. */
const tone = (id) => Number.parseInt(id.slice(-2), 16) & 7;

/** A film as `parts/film.mustache` writes it. */
function card({ kind, id, title, page, poster, video, channel, show, product }) {
  const colour = `tone-${tone(channel.id)}`;
  return h("li", {
    class: "film watch", tabindex: -1, "data-kind": kind, "data-id": id, "data-page": page, "data-title": title,
    "data-by": channel.name, "data-swipe": `/swipe/${kind === "show" ? "shows" : "clips"}/${id}`,
  }, h("article", { class: `room ${colour}`, clip: Boolean(video), replay: Boolean(video) },
    h("section", { class: "stage", "aria-label": t("swipe.video") },
      poster && h("img", { class: "backdrop", src: poster, alt: "", loading: "lazy" }),
      video && h("video", { src: video, poster: poster ?? false, muted: true, loop: true, playsinline: true, preload: "none" }),
      !video && poster && h("img", { class: "still", src: poster, alt: "", loading: "lazy" })),
    h("header", { class: "marquee" },
      h("a", { class: "button round glass", href: "/", "aria-label": t("swipe.back") }, icon("back")),
      h("a", { class: "seller glass", href: `/@${channel.handle}` },
        h("span", { class: `monogram ${colour}`, "aria-hidden": "true" }, [...channel.name][0] ?? "·"),
        h("span", { class: "names" }, h("strong", {}, channel.name), h("span", {}, title))),
      kind === "show" && h("span", { class: "signs" }, h("span", { class: "badge live" }, t("swipe.live")))),
    h("div", { class: "clip-words" }, h("h2", {}, title),
      h("p", { class: "row" },
        h("a", { class: "button glass", href: page, "data-part": "open" }, icon("play"), t("swipe.watch")))),
    h("div", { class: "counter" }, product && h("div", { class: "pinned" }, goods(product, show)))));
}

function goods({ id, title, picture, price, isFrom, isSoldOut }, show) {
  const text = price ? money(price) : "";
  return h("article", { class: "offer settled", "data-product": id },
    picture && h("img", { class: "offer-photo", src: picture, alt: "", width: 72, height: 72, loading: "lazy" }),
    h("div", { class: "offer-words" }, h("h3", {}, title),
      h("p", { class: "row still" }, h("span", { class: "price" }, isFrom && price ? t("live.from", { price: text }) : text)),
      isSoldOut && h("p", { class: "small stock" }, t("live.soldOut"))),
    h("a", { class: "button buy", href: `/products/${id}?show=${show}`, "data-part": "buy" },
      t("live.buy"), h("span", { class: "unseen" }, ` ${title}`)));
}

function wantsSound() {
  try {
    return localStorage.getItem("haat.sound") === "on";
  } catch {
    return false;
  }
}

customElements.define("swipe-feed", SwipeFeed);

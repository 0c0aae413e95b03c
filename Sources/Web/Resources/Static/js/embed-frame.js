// A show, or a clip, in a frame in somebody else's page (docs/embed.md). It comes before the page's own script.
import { h, icon } from "./lib/dom.js";
import { t } from "./lib/strings.js";
import { uuid } from "./lib/uuid.js";

const { sites, via, warning, isPaused, isMuted } = JSON.parse(document.getElementById("embed").textContent);
const id = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

// As a guest, whatever cookies the browser would add: what is done in somebody else's page is not done in anybody's name.
const ask = window.fetch.bind(window);
window.fetch = (what, how) => ask(what, { ...how, credentials: "omit" });

// Without a cookie that says so, a connection that broke off and came back would be two viewers.
const viewer = uuid();
window.EventSource = class extends EventSource {
  constructor(url) {
    super(`${url}?viewer=${viewer}`);
  }
};

/** Whether a page of `origin` may hold this frame. Browsers see to it as well (`frame-ancestors`). */
const isAllowed = (origin) => origin === location.origin || !sites || sites.includes(origin);

/** The origin of the page around this one, as far as the browser tells. */
function around() {
  const told = location.ancestorOrigins?.[0];
  if (told) return told;
  return document.referrer ? new URL(document.referrer).origin : "";
}

/** What the page around it is told, and tells: one channel, with the first who asks and may. */
class Holder {
  #port = null;
  #waiting = [];
  onconnect = () => {};
  oncommand = () => {};

  constructor() {
    const listen = ({ source, origin, data, ports: [port] }) => {
      if (source !== parent || parent === window || data?.haat !== 1 || data.kind !== "connect" || !port) return;
      if (!isAllowed(origin)) return;
      removeEventListener("message", listen);
      this.#port = port;
      port.onmessage = (event) => this.oncommand(event.data ?? {});
      this.onconnect(origin);
      for (const message of this.#waiting.splice(0)) port.postMessage(message);
    };
    addEventListener("message", listen);
  }

  tell(kind, detail = {}) {
    if (this.#port) this.#port.postMessage({ kind, detail });
    else if (this.#waiting.length < 100) this.#waiting.push({ kind, detail });
  }
}

const holder = new Holder();

/** Links lead out of the frame, but for those to this very page. */
addEventListener("click", ({ target }) => {
  const link = target.closest?.("a[href]");
  if (!link || link.target) return;
  const isHere = link.origin === location.origin && link.pathname === location.pathname;
  if (!isHere && link.protocol.startsWith("http")) return;
  link.target = "_self";
  if (!isHere || link.hash) return;
  const query = new URLSearchParams(location.search);
  for (const [name, value] of new URLSearchParams(link.search)) query.set(name, value);
  link.search = query;
}, true);

addEventListener("DOMContentLoaded", () => {
  const live = document.querySelector("live-room");
  const { room, bag, checkout, drawer } = live;
  const player = () => live.querySelector("live-player, replay-player");
  const orders = rememberedOrders(live);

  /** Where orders come from. Our own pages hold it to show how it looks: what is bought there is nobody's. */
  function comesFrom(origin) {
    const { via: _, site: __, ...others } = checkout.from;
    checkout.from = origin === location.origin ? others : { ...others, ...(via && { via }), ...(origin && { site: origin }) };
  }

  comesFrom(around());
  holder.onconnect = (origin) => {
    comesFrom(origin);
    holder.tell("ready", { state: room.state, title: document.title, orientation: live.getAttribute("orientation") });
    if (warning) holder.tell("error", { code: warning });
    if (room.state === "live") holder.tell("live");
  };
  room.addEventListener("started", () => holder.tell("live"));
  room.addEventListener("ended", () => holder.tell("ended"));
  let count = bag.count;
  bag.addEventListener("change", () => {
    if (bag.count !== count) holder.tell("bag", { count: (count = bag.count) });
  });

  // Once for each time that it is opened, however many steps it has.
  let isBuying = false;
  drawer.querySelector("dialog").addEventListener("close", () => (isBuying = false));
  const [checkOut, finish] = [drawer.checkOut.bind(drawer), drawer.finish.bind(drawer)];
  drawer.checkOut = () => {
    if (!isBuying) holder.tell("buy");
    isBuying = true;
    return checkOut();
  };
  drawer.finish = (placed, isPaid, keepsBag) => {
    orders.add(placed, checkout.orderURL);
    for (const { number, total } of placed) {
      holder.tell("order", { number, total: total.minor, currency: total.currency, isPaid });
    }
    return finish(placed, isPaid, keepsBag);
  };

  if (isMuted && player()) player().muted = true;
  const begin = isPaused ? waitToBegin(live, player) : () => {};

  const commands = {
    play() {
      begin();
      player()?.video?.play().catch(() => {});
    },
    pause: () => player()?.video?.pause(),
    mute: () => player() && (player().muted = true),
    unmute: () => player() && (player().muted = false),
    openBag: () => drawer.openBag(),
    openProduct(product) {
      if (!id.test(product)) return holder.tell("error", { code: "no_product" });
      const { goods } = room;
      if (goods.product(product)) return drawer.openProduct(product);
      // Perhaps they have not come yet.
      if (goods.all.length > 0) return holder.tell("error", { code: "no_product" });
      return goods.addEventListener("change", () => goods.product(product) && drawer.openProduct(product), { once: true });
    },
  };
  holder.oncommand = ({ command, value }) => {
    if (Object.hasOwn(commands, command)) commands[command](value);
  };
});

/** A picture with a button, until somebody presses it or the page around says so. */
function waitToBegin(live, player) {
  const waiting = player();
  if (!waiting) return () => {};
  let hasBegun = false;
  const button = h("button", { class: "button round glass embed-play", type: "button", "aria-label": t("replay.play"), click: () => begin() }, icon("play"));
  live.querySelector(".stage").append(button);
  const stop = () => hasBegun || waiting.video.pause();
  waiting.video?.addEventListener("play", stop);
  stop();

  function begin() {
    if (hasBegun) return;
    hasBegun = true;
    button.remove();
    waiting.video?.removeEventListener("play", stop);
    if (waiting.localName === "live-player") waiting.setAttribute("src", `/live/${live.getAttribute("show")}/`);
    waiting.video?.play().catch(() => {});
  }
  return begin;
}

/**
 * What was ordered here, as long as the tab is open, with a way to each: its page opens in a tab of its own, with the
 * token that it was placed with, since there is no cookie to know the buyer by.
 */
function rememberedOrders(live) {
  const key = `haat.orders.${live.getAttribute("show")}`;
  let kept = [];
  try {
    kept = JSON.parse(sessionStorage.getItem(key)) ?? [];
  } catch {
    // Then they are known as long as this page is.
  }
  const place = h("span", { class: "embed-orders" });
  live.querySelector(".marquee").append(place);
  const show = () => place.replaceChildren(...kept.slice(-2).map(({ number, url }) =>
    h("a", { class: "badge glass", href: url, "aria-label": `${t("checkout.seeOrder")} ${number}` }, icon("check"), number)));
  show();
  return {
    add(orders, url) {
      kept.push({ number: orders[0].number, url });
      show();
      try {
        sessionStorage.setItem(key, JSON.stringify(kept));
      } catch {
        // As above.
      }
    },
  };
}

import { call } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { language, learn } from "../lib/strings.js";

let ready = null;

/** The words and looks of all cards, which a page without any does without. */
function prepare() {
  ready ??= Promise.all([call("GET", `/words/onscreen?lang=${language}`), looks()]).then(([words]) => learn(words)).catch((problem) => {
    ready = null;
    throw problem;
  });
  return ready;
}

function looks() {
  const link = h("link", { rel: "stylesheet", href: new URL("../../css/on-screen.css", import.meta.url).href });
  return new Promise((resume) => {
    for (const kind of ["load", "error"]) link.addEventListener(kind, resume, { once: true });
    document.head.append(link);
  });
}

/**
 * What the host puts on screen besides products: polls, and announcements and countdowns. Each card is fetched with the
 * first of its kind.
 */
export function follow(live) {
  const { room } = live;
  const cards = {};

  const tell = async (kind, detail) => {
    if (!detail && !cards[kind]) return;
    cards[kind] ??= prepare().then(() => import(`./${kind}-card.js`)).then(({ make }) => make(live));
    try {
      (await cards[kind]).tell(detail);
    } catch {
      // Offline, perhaps: the next word of it asks again.
      cards[kind] = null;
    }
  };

  const happened = (event) => {
    const kind = event.kind.split("_")[0];
    if (kind === "poll" || kind === "banner") tell(kind, event);
  };

  /** With messages it is the whole truth; else what was missed comes by itself, but for the sums. */
  const take = ({ poll = null, banner = null, messages }) => {
    if (!messages) return poll && tell("poll", { poll: poll.id, votes: poll.votes });
    tell("banner", banner);
    return tell("poll", poll);
  };

  room.addEventListener("happened", ({ detail }) => happened(detail));
  room.addEventListener("ended", () => tell("banner", null));
  // Of a replay: what was on screen at that moment, and how long it still was.
  room.addEventListener("jumped", ({ detail: { mediaTime, past } }) => {
    for (const kind of ["poll", "banner"]) {
      const last = past.findLast((event) => event.kind.startsWith(`${kind}_`));
      tell(kind, last ? { ...last, reached: mediaTime } : null);
    }
  });
  if (room.facts) take(room.facts);
  for (const event of room.others ?? []) happened(event);
  if (room.events) {
    room.events.hear("state", take);
    room.events.hear("poll", (sums) => tell("poll", sums));
  }
}

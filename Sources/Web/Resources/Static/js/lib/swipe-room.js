// All that a show's page and a clip's have, for one of them at a time. The rooms come first: the elements look for theirs.
import "./clip-room.js";
import "../elements/live-room.js";
import "../elements/live-player.js";
import "../elements/clip-player.js";
import "../elements/live-chat.js";
import "../elements/pinned-card.js";
import "../elements/product-shelf.js";
import "../elements/bag-drawer.js";
import "../elements/local-time.js";

/** The room of a film as its own page has it, not yet in this one; null where there is none any more. */
export async function fetchRoom(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(15_000) });
  if (!answer.ok) return null;
  // Our own page, as the browser would read it; scripts in what is read so do not run.
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return { room: page.querySelector("live-room"), sheets: [...page.querySelectorAll('link[rel="stylesheet"]')] };
}

/**
 * Puts a room in the place of `card`, whose video plays on in it.
 * @returns the room.
 */
export function enter(card, { room: found, sheets }) {
  const room = document.adoptNode(found);
  for (const sheet of sheets) addSheet(sheet.getAttribute("href"));
  const playing = card.querySelector("video");
  const own = room.querySelector("replay-player video");
  const isPlaying = playing && own;
  if (isPlaying) own.replaceWith(playing);
  // Before they are in the page: then each is whole when the first looks for the others.
  customElements.upgrade(room);
  card.replaceWith(room);
  const clip = room.getAttribute("clip");
  if (clip) room.checkout.from = { clip };
  // It has been playing, with or without its sound.
  if (isPlaying) room.querySelector("replay-player").dispatchEvent(new Event("volumechange"));
  return room;
}

/** Takes a room out again. */
export function leave(room, card) {
  const video = room.querySelector("replay-player video");
  if (video) {
    video.pause();
    // A new one: the player listens to the old one for good.
    card.querySelector(".stage").append(video.cloneNode());
  }
  room.replaceWith(card);
  tidy();
}

function addSheet(href) {
  if (!href || document.querySelector(`link[rel="stylesheet"][href="${CSS.escape(href)}"]`)) return;
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
}

/** Every room brings its sheets along: one of each is enough. */
function tidy() {
  const known = new Set();
  for (const link of document.head.querySelectorAll('link[rel="stylesheet"]')) {
    if (known.has(link.href)) link.remove();
    known.add(link.href);
  }
}

import { call, insist } from "./api.js";

const pageLength = 1000;
const eventsMax = 20_000;

/** What happened in a show, by media time, without what was said: the timeline that a replay or a look back follows. */
export async function loadMoments(show) {
  const known = new Map();
  let from = 0;
  while (known.size < eventsMax) {
    const query = new URLSearchParams({ from, limit: pageLength });
    const { items } = await insist(() => call("GET", `/api/v1/shows/${show}/moments?${query}`));
    for (const event of items) known.set(event.seq, event);
    if (items.length < pageLength || items.at(-1).mediaTime === from) break;
    from = items.at(-1).mediaTime;
  }
  return [...known.values()];
}

/** The product that was on screen at a moment; null for none. */
export function pinAt(moments, mediaTime) {
  const last = moments.findLast((event) =>
    event.mediaTime <= mediaTime && (event.kind === "pinned" || event.kind === "unpinned"));
  return last?.kind === "pinned" ? last.product : null;
}

/** The products in the order they came on screen, `[{ mediaTime, product }]`. */
export const chaptersOf = (moments) => moments.filter(({ kind }) => kind === "pinned")
  .map(({ mediaTime, product }) => ({ mediaTime, product }));

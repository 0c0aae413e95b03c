/**
 * A giveaway as the room tells of it: by its state when one comes in (as the API has it), by the events of the timeline
 * when they are reached, and by counts in between. Null for none.
 */
export class GiveawayState {
  value = null;

  /** Whether what was told is about the giveaway that is shown, or begins another. */
  take(told) {
    if (!told) this.value = null;
    else if (told.id && told.winnersMax) this.value = told;
    else if (told.kind === "giveaway_opened") this.value = opened(told);
    else if (this.value?.id === told.giveaway) this.value = { ...this.value, ...change(told) };
    else return false;
    return true;
  }
}

const opened = (event) => ({
  id: event.giveaway, prize: event.prize, entry: event.entry, keyword: event.keyword,
  watchSeconds: Number(event.watchSeconds), winnersMax: Number(event.winners), state: "open", openedAt: event.at,
  endsAt: event.endsAt, openMediaTime: event.mediaTime, endMediaTime: Number(event.endMediaTime), entrants: 0, winners: [],
});

function change({ kind, entrants, endsAt, endMediaTime, winners }) {
  switch (kind) {
    case "giveaway_closed":
      return { state: "closed", entrants: Number(entrants) };
    case "giveaway_drawn":
      return { state: "drawn", winners: winners.split("\n").filter(Boolean).map(winnerOf) };
    default:
      return { entrants, endsAt, endMediaTime };
  }
}

/** `3f2a91bc Asha`, or the code alone. */
const winnerOf = (line) => ({ code: line.slice(0, 8), name: line.slice(9) });

/** `Asha (3f2a91bc), 77c0e1d2` */
export const namesOf = (winners) =>
  winners.map(({ code, name }) => (name ? `${name} (${code})` : code)).join(", ");

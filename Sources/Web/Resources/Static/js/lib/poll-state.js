/** How long a result is on screen. */
const SHOWN_MILLISECONDS = 25_000;

/**
 * A poll as the room tells of it: by its state when one comes in (as the API has it), by the events of the timeline when
 * they are reached, and by sums in between. Null for none.
 */
export class PollState {
  value = null;

  /** Whether what was told is about the poll that is shown, or begins another. */
  take(told) {
    if (!told) this.value = null;
    else if (told.id && told.answers) this.value = told;
    else if (told.kind === "poll_removed") {
      if (this.value?.id !== told.poll) return false;
      this.value = null;
    } else if (told.kind) this.value = happened(told);
    else if (this.value?.id === told.poll && this.value.state === "open") this.value = { ...this.value, votes: told.votes };
    else return false;
    return true;
  }
}

/** What was removed since has nothing in its events. */
function happened({ kind, poll, question, answers, votes, endsAt, endMediaTime, mediaTime, reached = mediaTime }) {
  if (!poll) return null;
  const texts = JSON.parse(answers);
  const value = { id: poll, question, answers: texts, votes: texts.map(() => 0), state: "open", endsAt };
  if (kind === "poll_opened") return { ...value, endMediaTime: Number(endMediaTime) };
  return reached - mediaTime > SHOWN_MILLISECONDS ? null : { ...value, votes: JSON.parse(votes), state: "closed" };
}

/** Whole percents, which come to a hundred as far as rounding lets them; nothing of nothing. */
export function percents(votes) {
  const all = votes.reduce((sum, count) => sum + count, 0);
  return votes.map((count) => (all === 0 ? 0 : Math.round((count / all) * 100)));
}

export { SHOWN_MILLISECONDS };

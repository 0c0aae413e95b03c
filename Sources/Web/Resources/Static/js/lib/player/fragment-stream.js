import { Silence, ask } from "./answers.js";
import { MalformedMedia } from "./boxes.js";
import { MediaUnits } from "./media-units.js";

/** An answer may be held until the first keyframe is there. */
const answerMilliseconds = 8000;
/** Until the first bytes: longer, and something between collects them. */
const firstMilliseconds = 5000;
/** Between frames: longer, and the connection is dead without knowing it, as after a change of network. */
const silenceMilliseconds = 10_000;

/**
 * The endless fragment stream: the first and quickest way. Yields units as `MediaUnits` makes them, each as soon as its
 * last byte is here; returns when the server ends the stream.
 */
export async function* fragmentStream(url, signal) {
  const response = await ask(url, { signal, patience: answerMilliseconds });
  if (!response.body) throw new MalformedMedia("this browser cannot read a response as it comes");
  const reader = response.body.getReader();
  const units = new MediaUnits();
  let patience = firstMilliseconds;
  try {
    for (;;) {
      const { done, value } = await readOrSilence(reader, patience);
      patience = silenceMilliseconds;
      if (done) return;
      yield* units.push(value);
    }
  } finally {
    // Also when the reader of this generator stops: a response left open would hold one of six connections.
    reader.cancel().catch(() => {});
  }
}

function readOrSilence(reader, patience) {
  let timer;
  const silence = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Silence("the stream fell silent")), patience);
  });
  return Promise.race([reader.read(), silence]).finally(() => clearTimeout(timer));
}

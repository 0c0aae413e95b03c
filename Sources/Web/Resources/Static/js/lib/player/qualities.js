import { ask } from "./answers.js";
import { canBeFed, canPlay } from "./media-buffer.js";
import { readVariants } from "./playlist.js";

const patience = 8000;

/** The qualities a show is offered in, the best first; empty where there is no choice. */
export async function qualitiesOf(address, signal = AbortSignal.timeout(patience)) {
  const url = `${address}index.m3u8`;
  const text = await ask(url, { signal, patience }, (response) => response.text()).catch(() => null);
  if (!text || !canBeFed) return [];
  const found = readVariants(text, url, canPlay).map(({ quality }) => quality);
  return found.length > 1 ? found : [];
}

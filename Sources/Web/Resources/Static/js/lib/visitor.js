const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const KEY = "haat.visitor";

let made = null;

/** A secret by which this browser is known again in giveaways, without an account; made when it is first needed. */
export function visitor() {
  made ??= [...crypto.getRandomValues(new Uint8Array(40))].map((byte) => ALPHABET[byte & 31]).join("");
  try {
    const kept = localStorage.getItem(KEY);
    if (kept) return kept;
    localStorage.setItem(KEY, made);
  } catch {
    // Then it is another one when the page is opened again.
  }
  return made;
}

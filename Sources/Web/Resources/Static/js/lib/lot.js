/** The draw of a giveaway, done again from what everybody is told: docs/giveaways.md. */

const bytesOf = (text) => new TextEncoder().encode(text);
const bytesOfHex = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (two) => parseInt(two, 16));
const hexOf = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** SHA-256 of bytes, or of a text's UTF-8, in hexadecimal digits. */
export async function sha256(content) {
  return hexOf(await crypto.subtle.digest("SHA-256", typeof content === "string" ? bytesOf(content) : content));
}

/** Of the seed, as it was published at the opening. */
export const commitmentOf = (seed) => sha256(bytesOfHex(seed));

/** Of the list: each leaf on a line of its own, in order. */
export const rootOf = (leaves) => sha256([...leaves].sort().map((leaf) => `${leaf}\n`).join(""));

/** What an entrant stands in the list as. */
export const leafOf = (giveaway, { identity, salt }) => sha256(`${giveaway}\n${identity}\n${salt}\n`);

/** Places in the list, from 0, in the order in which they are drawn. */
export async function winnersOf({ leaves, winnersMax, seed, root, word }) {
  const count = BigInt(leaves.length);
  const key = await crypto.subtle.importKey("raw", bytesOfHex(seed), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const head = root + (await sha256(word));
  const limit = count === 0n ? 0n : 2n ** 64n - (2n ** 64n % count);
  const winners = [];
  for (let counter = 0; winners.length < Math.min(winnersMax, leaves.length); counter += 1) {
    const message = bytesOfHex(head + counter.toString(16).padStart(16, "0"));
    const block = new DataView(await crypto.subtle.sign("HMAC", key, message));
    const value = block.getBigUint64(0);
    // Without this the lower places would be likelier.
    if (value >= limit) continue;
    const place = Number(value % count);
    if (!winners.includes(place)) winners.push(place);
  }
  return winners;
}

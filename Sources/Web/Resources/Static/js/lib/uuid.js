import { serverNow } from "./server-time.js";

/** A UUIDv7 (RFC 9562 §5.7): the id of what we are about to make, and so the key that makes asking twice harmless. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const time = Math.floor(serverNow());
  for (let index = 0; index < 6; index += 1) bytes[index] = Math.floor(time / 2 ** (8 * (5 - index))) & 0xff;
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

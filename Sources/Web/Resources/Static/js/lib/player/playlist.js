import { MalformedMedia } from "./boxes.js";

/**
 * A media playlist (RFC 8216bis) as far as a live player needs it.
 *
 * - `items`: what can be fetched, in order: `{ url, init, duration, independent, gap, sequence }`; parts where a
 *   segment has them, else the segment.
 * - `next`: `{ sequence, part }` that a blocking reload asks for, null where the server does not offer it.
 * - `hint`: the URL of the part that comes next, or null.
 * - `targetMilliseconds`, `hasEnded`.
 */
export function readMediaPlaylist(text, base) {
  const playlist = { items: [], next: null, hint: null, targetMilliseconds: 0, hasEnded: false };
  let sequence = 0;
  let init = null;
  let parts = [];
  let duration = 0;
  let gap = false;
  let canBlock = false;
  for (const line of linesOf(text)) {
    const [tag, value] = split(line);
    switch (tag) {
      case "#EXT-X-TARGETDURATION":
        playlist.targetMilliseconds = Number(value) * 1000 || 0;
        break;
      case "#EXT-X-SERVER-CONTROL":
        canBlock = attributes(value)["CAN-BLOCK-RELOAD"] === "YES";
        break;
      case "#EXT-X-MEDIA-SEQUENCE":
        sequence = Number.parseInt(value, 10) || 0;
        break;
      case "#EXT-X-MAP":
        init = address(attributes(value).URI, base);
        break;
      case "#EXT-X-GAP":
        gap = true;
        break;
      case "#EXTINF":
        duration = Number.parseFloat(value) || 0;
        break;
      case "#EXT-X-PART": {
        const part = attributes(value);
        parts.push({
          url: address(part.URI, base), init, duration: Number(part.DURATION) || 0, sequence,
          independent: part.INDEPENDENT === "YES", gap: part.GAP === "YES",
        });
        break;
      }
      case "#EXT-X-PRELOAD-HINT": {
        const hint = attributes(value);
        if (hint.TYPE === "PART") playlist.hint = address(hint.URI, base);
        break;
      }
      case "#EXT-X-ENDLIST":
        playlist.hasEnded = true;
        break;
      default:
        if (line.startsWith("#")) break;
        playlist.items.push(...(parts.length > 0
          ? parts
          : [{ url: address(line, base), init, duration, sequence, independent: true, gap }]));
        [sequence, parts, duration, gap] = [sequence + 1, [], 0, false];
    }
  }
  playlist.items.push(...parts);
  if (canBlock && !playlist.hasEnded) playlist.next = { sequence, part: parts.length };
  return playlist;
}

/**
 * The address of the variant to play: the one of the wanted `quality`, else the best that `canPlay(codecs)`; null when
 * `text` is itself a media playlist.
 */
export function chooseVariant(text, base, canPlay, quality = null) {
  const variants = readVariants(text, base, canPlay);
  return (variants.find((variant) => variant.quality === quality) ?? variants[0])?.url ?? null;
}

/**
 * What `canPlay(codecs)` of a multivariant playlist, the best first and each quality once: `{ url, bandwidth, quality }`,
 * `quality` like `720p`, or `sound` where there is no picture.
 */
export function readVariants(text, base, canPlay) {
  const variants = [];
  let stream = null;
  for (const line of linesOf(text)) {
    const [tag, value] = split(line);
    if (tag === "#EXT-X-STREAM-INF") {
      stream = attributes(value);
    } else if (!line.startsWith("#") && stream) {
      const bandwidth = Number(stream.BANDWIDTH) || 0;
      const isPlayable = !stream.CODECS || canPlay(stream.CODECS);
      if (isPlayable) variants.push({ bandwidth, url: address(line, base), quality: qualityOf(stream) });
      stream = null;
    }
  }
  variants.sort((one, other) => other.bandwidth - one.bandwidth);
  return variants.filter(({ quality }, at) => variants.findIndex((variant) => variant.quality === quality) === at);
}

/** A picture on its side is as sharp as the same one upright: the shorter side counts. */
function qualityOf({ RESOLUTION, CODECS }) {
  const sides = /^(\d+)x(\d+)$/.exec(RESOLUTION ?? "");
  if (sides) return `${Math.min(Number(sides[1]), Number(sides[2]))}p`;
  return CODECS && CODECS.split(",").every((codec) => /^(mp4a|opus|ac-3|ec-3|fLaC)/.test(codec.trim())) ? "sound" : "video";
}

function linesOf(text) {
  const lines = text.split(/\r?\n/).filter((line) => line.length > 0);
  if (lines[0]?.trim() !== "#EXTM3U") throw new MalformedMedia("not a playlist");
  return lines;
}

function split(line) {
  const colon = line.indexOf(":");
  return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1)];
}

/** `NAME=value` pairs; quotes around a value are removed. */
function attributes(text) {
  const pairs = text.matchAll(/([A-Z0-9-]+)=("[^"]*"|[^",]*)/g);
  return Object.fromEntries(Array.from(pairs, ([, name, value]) => [name, value.replace(/^"|"$/g, "")]));
}

function address(uri, base) {
  try {
    return new URL(uri, base).href;
  } catch {
    throw new MalformedMedia("a playlist with an address that is none");
  }
}

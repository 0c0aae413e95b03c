import { MalformedMedia } from "./boxes.js";

/**
 * A recording's playlist: its segments in order, each with where it plays and which moment of the show it holds.
 *
 * Two times meet here, both of use to a viewer: the *position* in the recording, in seconds from its beginning, without
 * the holes in which nobody was on air; and the *media time* of the show, in milliseconds, by which pins and messages
 * are dated.
 */
export class ReplayTimeline {
  /** `{ url, init, position, duration, mediaTime, run }`; `run` counts the stretches without a break. */
  segments = [];

  /** @param epoch the wall clock at media time 0, in milliseconds */
  constructor(text, base, epoch) {
    const lines = text.split(/\r?\n/);
    if (lines[0]?.trim() !== "#EXTM3U") throw new MalformedMedia("not a playlist");
    let [init, duration, position, run] = [null, 0, 0, 0];
    let mediaTime = 0;
    for (const line of lines) {
      const value = line.slice(line.indexOf(":") + 1);
      if (line.startsWith("#EXT-X-MAP:")) init = new URL(/URI="([^"]+)"/.exec(line)?.[1] ?? "", base).href;
      else if (line === "#EXT-X-DISCONTINUITY") run += 1;
      else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) mediaTime = Date.parse(value) - epoch;
      else if (line.startsWith("#EXTINF:")) duration = Number.parseFloat(value) || 0;
      else if (line && !line.startsWith("#")) {
        this.segments.push({ url: new URL(line, base).href, init, position, duration, mediaTime, run });
        position += duration;
        mediaTime += duration * 1000;
      }
    }
    this.duration = position;
    if (!(this.duration > 0)) throw new MalformedMedia("a recording without segments");
  }

  /** The number of the segment that plays at a position. */
  indexAt(position) {
    let [low, high] = [0, this.segments.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.segments[middle].position <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The moment of the show, in milliseconds of media time, at a position in seconds. */
  mediaTimeAt(position) {
    const segment = this.segments[this.indexAt(position)];
    const within = Math.min(Math.max(0, position - segment.position), segment.duration);
    return segment.mediaTime + within * 1000;
  }

  /** Where a moment of the show plays, in seconds; one in a hole plays where the hole ends. */
  positionOf(mediaTime) {
    let found = this.segments[0];
    for (const segment of this.segments) {
      if (segment.mediaTime > mediaTime) break;
      found = segment;
    }
    const within = Math.min(Math.max(0, (mediaTime - found.mediaTime) / 1000), found.duration);
    return found.position + within;
  }
}

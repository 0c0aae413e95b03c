import { MalformedMedia } from "./boxes.js";

/**
 * A recording's playlist: its segments in order, each with where it plays and which moment of the show it holds.
 *
 * Two times meet here, both of use to a viewer: the *position* in the recording, in seconds from its beginning, without
 * the holes in which nobody was on air; and the *media time* of the show, in milliseconds, by which pins and messages
 * are dated.
 */
export class ReplayTimeline {
  #base;
  #epoch;

  /**
   * `{ url, init, position, duration, mediaTime, run, isDependent, isGap }`; `run` counts the stretches without a break,
   * what `isDependent` begins without a key frame, and of what `isGap` there is nothing.
   */
  segments = [];
  duration = 0;
  /** Nothing will be added to it. */
  hasEnded = false;

  /** @param epoch the wall clock at media time 0, in milliseconds; a playlist that says it itself knows better */
  constructor(text, base, epoch) {
    this.#base = base;
    this.#epoch = epoch;
    this.update(text);
  }

  /**
   * Takes a newer playlist of the same recording, which has grown at its end and may have lost its beginning. What both
   * have stays where it is.
   */
  update(text) {
    const segments = this.#read(text);
    const known = this.segments.find(({ url }) => url === segments[0].url);
    const [position, run] = known ? [known.position, known.run] : [this.duration, (this.segments.at(-1)?.run ?? -1) + 1];
    for (const segment of segments) {
      segment.position += position;
      segment.run += run;
    }
    this.segments = segments;
    this.duration = segments.at(-1).position + segments.at(-1).duration;
  }

  #read(text) {
    const lines = text.split(/\r?\n/);
    if (lines[0]?.trim() !== "#EXTM3U") throw new MalformedMedia("not a playlist");
    let [init, duration, position, run] = [null, 0, 0, 0];
    let mediaTime = 0;
    let [isDependent, isGap] = [false, false];
    const segments = [];
    for (const line of lines) {
      const value = line.slice(line.indexOf(":") + 1);
      if (line.startsWith("#HAAT-MEDIA-EPOCH:")) this.#epoch = Number(value) || 0;
      else if (line === "#EXT-X-ENDLIST") this.hasEnded = true;
      else if (line === "#HAAT-DEPENDENT") isDependent = true;
      else if (line === "#EXT-X-GAP") isGap = true;
      else if (line.startsWith("#EXT-X-MAP:")) init = new URL(/URI="([^"]+)"/.exec(line)?.[1] ?? "", this.#base).href;
      else if (line === "#EXT-X-DISCONTINUITY") run += 1;
      else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) mediaTime = Date.parse(value) - this.#epoch;
      else if (line.startsWith("#EXTINF:")) duration = Number.parseFloat(value) || 0;
      else if (line && !line.startsWith("#")) {
        const url = new URL(line, this.#base).href;
        segments.push({ url, init, position, duration, mediaTime, run, isDependent, isGap });
        [isDependent, isGap] = [false, false];
        position += duration;
        mediaTime += duration * 1000;
      }
    }
    if (!(position > 0)) throw new MalformedMedia("a recording without segments");
    return segments;
  }

  /** Where it begins, in seconds: later than 0 once the beginning was left behind. */
  get start() {
    return this.segments[0].position;
  }

  /** The moment of the show at its end, in milliseconds of media time. */
  get lastMediaTime() {
    return this.mediaTimeAt(this.duration);
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

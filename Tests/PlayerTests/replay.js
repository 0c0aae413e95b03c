import { MalformedMedia } from "../../Sources/Web/Resources/Static/js/lib/player/boxes.js";
import { RateChoice } from "../../Sources/Web/Resources/Static/js/lib/player/rate-choice.js";
import { ReplayTimeline } from "../../Sources/Web/Resources/Static/js/lib/player/replay-timeline.js";
import { equal, ok, test, throws } from "./testing.js";

const base = "https://haat.example/replay/1/index.m3u8";
const epoch = Date.parse("2026-11-22T18:00:00.000Z");

/** Two seconds from 5 s of the show on, a hole, one second from 60 s on. */
const playlist = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:1
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-MAP:URI="i1-0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T18:00:05.000Z
#EXTINF:1.00000,
s0-0.mp4
#EXTINF:1.00000,
s1-0.mp4
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="i2-0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T18:01:00.000Z
#EXTINF:1.00000,
s2-0.mp4
#EXT-X-ENDLIST
`;

test("a recording knows where it plays and which moment of the show that is", () => {
  const timeline = new ReplayTimeline(playlist, base, epoch);
  equal(timeline.duration, 3);
  equal(timeline.segments.map(({ position }) => position), [0, 1, 2]);
  equal(timeline.segments.map(({ mediaTime }) => mediaTime), [5000, 6000, 60000]);
  equal(timeline.segments.map(({ run }) => run), [0, 0, 1]);
  equal(timeline.segments.map(({ init }) => init.split("/").at(-1)), ["i1-0.mp4", "i1-0.mp4", "i2-0.mp4"]);
  equal([0, 0.5, 1, 1.999, 2, 99].map((at) => timeline.indexAt(at)), [0, 0, 1, 1, 2, 2]);
  equal([0, 1.5, 2.25, 99].map((at) => timeline.mediaTimeAt(at)), [5000, 6500, 60250, 61000]);
});

test("a moment in a hole plays where the hole ends", () => {
  const timeline = new ReplayTimeline(playlist, base, epoch);
  equal([0, 5000, 6500, 30000, 60500, 1e9].map((at) => timeline.positionOf(at)), [0, 0, 1.5, 2, 2.5, 3]);
});

test("what is no recording is refused", () => {
  throws(MalformedMedia, () => new ReplayTimeline("<html>", base, epoch));
  throws(MalformedMedia, () => new ReplayTimeline("#EXTM3U\n#EXT-X-ENDLIST\n", base, epoch));
});

test("what is missing in one quality is known, and keeps its place", () => {
  const gapped = new ReplayTimeline(playlist.replace("#EXTINF:1.00000,\ns1", "#EXT-X-GAP\n#EXTINF:1.00000,\ns1"), base, epoch);
  equal(gapped.segments.map(({ isGap }) => isGap), [false, true, false]);
  equal(gapped.segments.map(({ position }) => position), [0, 1, 2]);
});

const three = [3e6, 1.2e6, 5e5];

/** Segments of two seconds over a network of `rate(second)` bits a second, fetched one after the other. */
function watch(seconds, rate, level = 0) {
  const choice = new RateChoice();
  let [now, ahead, stalled] = [0, 0, 0];
  const levels = [];
  while (now < seconds) {
    level = choice.step(three, level, ahead);
    levels.push(level);
    const took = (three[level] * 2) / rate(now);
    choice.came((three[level] * 2) / 8, took * 1000);
    stalled += Math.max(0, took - ahead);
    ahead = Math.min(30, Math.max(0, ahead - took) + 2);
    now += Math.max(took, ahead >= 30 ? 2 : 0);
  }
  return { levels, stalled };
}

test("a network that carries the best gets the best", () => {
  ok(watch(120, () => 8e6).levels.every((level) => level === 0), "it went down");
});

test("one that carries little is at what it carries after one segment, and stands still no more", () => {
  const { levels } = watch(60, () => 8e5);
  equal(levels.slice(1).every((level) => level === 2), true);
});

test("when it carries more again, the picture is better again", () => {
  const { levels } = watch(120, (now) => (now < 30 ? 8e5 : 8e6));
  equal(levels.at(-1), 0);
});

test("a slow moment is waited out with what is at hand", () => {
  const { levels, stalled } = watch(120, (now) => (now > 60 && now < 63 ? 2e6 : 8e6));
  ok(levels.filter((level) => level > 0).length <= 4, "it went down for long");
  ok(stalled < 1, `it stood still for ${stalled} s`);
});

test("before anything came, the browser's own figure counts where it has one", () => {
  equal(new RateChoice().step(three, 0, 0), 0);
  equal(new RateChoice().step(three, 0, 0, 1.6e6), 1);
  equal(new RateChoice().step(three, 0, 0, 0), 2);
});

import { MalformedMedia } from "../../Sources/Web/Resources/Static/js/lib/player/boxes.js";
import { ReplayTimeline } from "../../Sources/Web/Resources/Static/js/lib/player/replay-timeline.js";
import { equal, test, throws } from "./testing.js";

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

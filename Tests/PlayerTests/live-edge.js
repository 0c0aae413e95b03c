import { LiveEdge, marginSeconds } from "../../Sources/Web/Resources/Static/js/lib/player/live-edge.js";
import { equal, ok, seeded, test } from "./testing.js";

/**
 * A network and a video, 5 ms a step: a frame of 1/30 s leaves every 33 ms and arrives `delay(number)` seconds later;
 * the video plays what is buffered at the rate it is told, and stalls at its end.
 */
function simulate({ seconds, delay, start = 100, keyframe = 1, edge = new LiveEdge(), each = () => {} }) {
  const result = { stalls: 0, seeks: [], rates: new Set(), aheads: [], edge };
  let [time, rate, end, sent, isStalled] = [0, 1, start, 0, false];
  const arriving = [];
  for (let now = 0; now < seconds * 1000; now += 5) {
    while (sent * (1000 / 30) <= now) {
      arriving.push({ at: now + delay(sent) * 1000, end: start + keyframe + (sent + 1) / 30 });
      sent += 1;
    }
    while (arriving.length > 0 && arriving[0].at <= now) end = Math.max(end, arriving.shift().end);
    const ranges = end > start ? [[start, end]] : [];
    each(now, { time, end });
    if (now % 20 === 0) {
      const step = edge.step(now, time, ranges);
      rate = step.rate;
      if (rate !== 1) result.rates.add(rate);
      if (step.seekTo !== null) {
        time = step.seekTo;
        result.seeks.push(now);
      }
    }
    if (time >= start) {
      const next = time + 0.005 * rate;
      if (next > end) {
        if (!isStalled) {
          result.stalls += 1;
          edge.stalled(now, end - time);
        }
        isStalled = true;
      } else {
        time = next;
        isStalled = false;
      }
      result.aheads.push(end - time);
    }
  }
  result.time = time;
  result.end = end;
  return result;
}

const late = (result, from) => result.aheads.slice(-from * 200);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

test("on a steady network it keeps the margin without a stall or a second seek", () => {
  const result = simulate({ seconds: 30, delay: () => 0.02 });
  equal([result.stalls, result.seeks.length], [0, 1]);
  const least = Math.min(...late(result, 10));
  ok(Math.abs(least - marginSeconds) < 0.05, `the least ahead is ${least}`);
});

test("it starts at the live edge although the keyframe lies seconds back", () => {
  const result = simulate({ seconds: 1, delay: () => 0.02, keyframe: 8 });
  ok(result.end - result.time < 0.35, `${result.end - result.time} behind after a second`);
});

test("jitter that once stalls it raises the margin until it stalls no more", () => {
  const random = seeded(11);
  const jitter = Array.from({ length: 4000 }, () => 0.02 + (random() < 0.05 ? 0.35 : 0));
  const result = simulate({ seconds: 120, delay: (number) => jitter[number] });
  ok(result.stalls >= 1, "the network was too kind for this test");
  ok(result.stalls <= 12, `${result.stalls} stalls`);
  ok(result.edge.margin > marginSeconds && result.edge.margin <= 2, `a margin of ${result.edge.margin}`);
});

test("when the network calms down, so does the margin", () => {
  const edge = new LiveEdge();
  const result = simulate({
    seconds: 240, edge, delay: (number) => 0.02 + (number > 60 && number < 300 && number % 40 === 0 ? 0.5 : 0),
  });
  ok(result.stalls > 0, "the network was too kind for this test");
  ok(edge.margin < marginSeconds + 0.02, `a margin of ${edge.margin}`);
  ok(mean(late(result, 10)) < 0.25, `${mean(late(result, 10))} behind at the end`);
});

test("it runs at most 15 % faster and 7 % slower, and holds only while it refills", () => {
  const random = seeded(5);
  const jitter = Array.from({ length: 4000 }, () => random() * 0.3);
  const { rates } = simulate({ seconds: 60, delay: (number) => jitter[number] });
  for (const rate of rates) ok(rate === 0 || (rate >= 0.93 && rate <= 1.15), `a rate of ${rate}`);
});

test("more than two seconds behind, it goes to the live edge at once", () => {
  const result = simulate({ seconds: 20, delay: (number) => (number > 150 && number < 270 ? 9 - number / 30 : 0.02) });
  ok(result.seeks.length >= 2, "it never sought");
  ok(result.end - result.time < 0.4, `${result.end - result.time} behind at the end`);
});

test("a publisher that was away teaches nothing about the network", () => {
  const away = (number) => number > 150 && number < 300;
  const result = simulate({ seconds: 20, delay: (number) => (away(number) ? 10.5 - number / 30 : 0.02) });
  ok(result.edge.margin < marginSeconds + 0.01, `a margin of ${result.edge.margin}`);
});

test("a browser that stands still before frames it has teaches nothing either", () => {
  const edge = new LiveEdge();
  simulate({ seconds: 10, edge, delay: () => 0.02, each: (now, { time, end }) => edge.stalled(now, end - time) });
  equal(edge.margin, marginSeconds);
});

test("a hole is jumped, to where media goes on", () => {
  const edge = new LiveEdge();
  edge.step(0, 0, [[10, 11]]);
  equal(edge.step(400, 0, [[10, 11]]).seekTo, 11 - marginSeconds);
  equal(edge.step(2000, 10.99, [[10, 11], [13, 13.1]]).seekTo, 13);
  equal(edge.step(4000, 13.05, [[13, 13.1], [13.5, 14.5]]).seekTo, null, "before the end of a range it plays on");
  equal(edge.step(4500, 13.08, [[13, 13.1], [13.5, 14.5]]).seekTo, 14.5 - marginSeconds);
});

test("a clock that was set back is followed", () => {
  const edge = new LiveEdge();
  edge.step(0, 0, [[10, 11]]);
  edge.step(400, 0, [[10, 11]]);
  equal(edge.step(2000, 50, [[10, 12]]).seekTo, 12 - marginSeconds);
});

test("whoever comes back to the page sees the live edge", () => {
  const edge = new LiveEdge();
  edge.step(0, 0, [[10, 11]]);
  edge.step(400, 0, [[10, 11]]);
  edge.seekToLive();
  equal(edge.step(3000, 11, [[10, 12.5]]).seekTo, 12.5 - marginSeconds);
  equal(edge.step(4000, 12.9, [[10, 13.1]]).seekTo, null, "it is there already");
});

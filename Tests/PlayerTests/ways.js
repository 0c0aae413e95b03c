import { NoMedia, Silence } from "../../Sources/Web/Resources/Static/js/lib/player/answers.js";
import { MalformedMedia } from "../../Sources/Web/Resources/Static/js/lib/player/boxes.js";
import { BackOff, Ending, Ways, endingOf } from "../../Sources/Web/Resources/Static/js/lib/player/ways.js";
import { equal, ok, test } from "./testing.js";

const answer = (status, headers = {}) => new NoMedia(new Response(null, { status, headers }));

test("the first way is taken until it fails twice, and again after a rest", () => {
  const ways = new Ways(["stream", "parts"]);
  equal(ways.choose(0), "stream");
  ways.failed("stream", 0);
  equal(ways.choose(0), "stream");
  ways.failed("stream", 0);
  equal(ways.choose(1), "parts");
  equal(ways.choose(30_000), "stream");
  ways.failed("stream", 30_000);
  ways.failed("stream", 30_000);
  equal(ways.choose(89_000), "parts");
  equal(ways.choose(90_000), "stream");
});

test("a way that worked in between has not failed in a row", () => {
  const ways = new Ways(["stream", "parts"]);
  ways.failed("stream", 0);
  ways.worked("stream");
  ways.failed("stream", 0);
  equal(ways.choose(0), "stream");
});

test("when every way has failed, the one that rested most is taken", () => {
  const ways = new Ways(["stream", "parts"]);
  for (const [name, now] of [["stream", 0], ["stream", 0], ["parts", 10], ["parts", 10]]) ways.failed(name, now);
  equal(ways.choose(20), "stream");
});

test("each answer means one thing", () => {
  equal([404, 425].map((status) => endingOf(answer(status), false)), [Ending.absent, Ending.absent]);
  equal(endingOf(answer(410), false), Ending.gone);
  equal([429, 502, 503].map((status) => endingOf(answer(status), false)), [Ending.busy, Ending.busy, Ending.busy]);
  equal(endingOf(answer(403), false), Ending.unusable);
  equal(endingOf(new TypeError("Failed to fetch"), true), Ending.unreachable);
  equal(endingOf(new MalformedMedia(), true), Ending.unusable);
  equal([endingOf(new Silence(), true), endingOf(new Silence(), false)], [Ending.over, Ending.unusable]);
});

test("the server's wish to wait is heard, within reason", () => {
  equal(answer(503, { "Retry-After": "3" }).retryAfter, 3000);
  equal(answer(503, { "Retry-After": "86400" }).retryAfter, 60_000);
  equal(answer(503, { "Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT" }).retryAfter, null);
  equal(answer(503).retryAfter, null);
});

test("what was there is looked for within a second, what never was more politely", () => {
  const backOff = new BackOff(() => 1);
  const waits = Array.from({ length: 10 }, () => backOff.next(Ending.absent));
  equal(waits.slice(0, 3), [100, 200, 400]);
  equal(waits.at(-1), 3000);
  backOff.worked();
  const soon = Array.from({ length: 30 }, () => backOff.next(Ending.absent));
  ok(soon.every((wait) => wait <= 600), `${Math.max(...soon)} ms`);
  backOff.hurry();
  equal(backOff.next(Ending.unreachable), 100);
});

test("a busy server is left alone for longer and longer, and viewers do not come back as one", () => {
  const backOff = new BackOff(() => 0);
  equal(Array.from({ length: 7 }, () => backOff.next(Ending.busy)), [500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
});

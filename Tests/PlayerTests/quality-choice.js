import { QualityChoice } from "../../Sources/Web/Resources/Static/js/lib/player/quality-choice.js";
import { equal, ok, test } from "./testing.js";

/**
 * Three qualities on a network that carries `carries(seconds)` of them (0 all, 2 only the last): too good a picture
 * stalls every 1.5 seconds. Tells the level at each second.
 */
function watch(seconds, carries) {
  const choice = new QualityChoice();
  const levels = [];
  for (let now = 0; now < seconds * 1000; now += 50) {
    if (choice.level < carries(now / 1000) && now % 1500 === 0) choice.stalled(now);
    choice.step(now, 3);
    if (now % 1000 === 0) levels.push(choice.level);
  }
  return levels;
}

test("a network that carries the best gets the best", () => {
  ok(watch(600, () => 0).every((level) => level === 0), "it went down");
});

test("one stall is chance", () => {
  const choice = new QualityChoice();
  choice.stalled(5000);
  equal(choice.step(5050, 3), 0);
  choice.stalled(16_000);
  equal(choice.step(16_050, 3), 0);
});

test("on a network that carries little it is at what that carries within half a minute", () => {
  const levels = watch(40, () => 2);
  equal(levels.at(-1), 2);
  ok(levels.indexOf(2) < 30, `after ${levels.indexOf(2)} s`);
});

test("it does not go beyond the last, nor anywhere where there is but one", () => {
  const choice = new QualityChoice();
  for (let now = 0; now < 60_000; now += 500) {
    choice.stalled(now);
    equal(choice.step(now, 1), 0);
  }
  equal(choice.step(60_000, 0), 0);
});

test("when the network is good again it is back at the best within a minute", () => {
  const levels = watch(120, (second) => (second < 40 ? 2 : 0));
  equal(levels[39], 2);
  ok(levels.slice(100).every((level) => level === 0), levels.join(""));
});

test("what fails is tried less and less often, and then found when it works", () => {
  const levels = watch(1800, (second) => (second < 1400 ? 1 : 0));
  const tries = levels.slice(0, 1400).map((level, at) => at > 30 && level === 0 && levels[at - 1] === 1 ? at : 0).filter(Boolean);
  const pauses = tries.slice(1).map((at, index) => at - tries[index]);
  ok(tries.length >= 3 && tries.length <= 8, `${tries}`);
  ok(pauses.every((pause, index) => index === 0 || pause >= pauses[index - 1] - 2), `${pauses}`);
  equal(levels.at(-1), 0);
});

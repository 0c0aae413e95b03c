import "../../Sources/Web/Resources/Static/js/elements/live-player.js";
import { LiveServer } from "./live-server.js";
import { equal, ok, test, until } from "./testing.js";

/** A player before a live server, both gone afterwards. */
async function watching(body) {
  const server = new LiveServer();
  const player = document.createElement("live-player");
  player.setAttribute("src", "https://haat.example/live/1/");
  player.muted = true;
  const states = [];
  player.addEventListener("playerstate", ({ detail }) => states.push(detail.state));
  document.body.append(player);
  try {
    await body({ server, player, states });
  } finally {
    player.remove();
    server.restore();
  }
}

const frames = (player) => player.video.getVideoPlaybackQuality().totalVideoFrames;

/** Waits until it moves: a second and a half of the show goes by in not much more. */
async function plays(player, what) {
  await until(() => player.state === "playing", `playing ${what}`);
  const from = player.mediaTime;
  const at = performance.now();
  await until(() => player.mediaTime > from + 1500, `1.5 s of ${what}`);
  ok(performance.now() - at < 3500, `${what} took ${performance.now() - at} ms for 1.5 s`);
}

const behind = (player) => player.video.buffered.end(player.video.buffered.length - 1) - player.video.currentTime;

test("it waits while nothing is live, and plays within a second of a word that something is", () =>
  watching(async ({ server, player, states }) => {
    await until(() => server.asked.length > 3, "asking");
    equal([player.state, player.mediaTime, states], ["waiting", null, ["waiting"]]);
    const at = performance.now();
    server.play("both", { at: 3600 });
    player.wake();
    await plays(player, "the show");
    ok(performance.now() - at < 4000, "it began late");
    ok(player.mediaTime > 3_600_000 && player.mediaTime < 3_610_000, `${player.mediaTime}`);
    ok(behind(player) < 0.5, `${behind(player)} s behind`);
    equal(player.video.duration, Infinity);
    equal(states, ["waiting", "playing"]);
  }));

test("it starts at the live edge, however long ago the keyframe was", () =>
  watching(async ({ server, player }) => {
    server.play("both", { at: 60, ahead: 3 });
    await until(() => player.state === "playing", "playing");
    const at = performance.now();
    await until(() => player.mediaTime > 62_500, "the live edge");
    ok(performance.now() - at < 1500, "it played its way there");
  }));

test("a picture alone plays, and sound alone", async () => {
  for (const name of ["picture", "sound"]) {
    await watching(async ({ server, player }) => {
      server.play(name, { at: 10 });
      await plays(player, name);
    });
  }
});

test("the publisher leaves and comes back: the last picture stays, and within a second it goes on", () =>
  watching(async ({ server, player, states }) => {
    server.play("both");
    await plays(player, "the show");
    const shown = frames(player);
    server.stop();
    await until(() => player.state === "waiting", "waiting");
    ok(player.video.readyState >= 2 && player.video.videoWidth > 0, "the last picture is gone");
    equal(player.mediaTime, null);
    server.play("both", { at: 30 });
    const at = performance.now();
    await until(() => player.mediaTime >= 30_000, "the show goes on");
    ok(performance.now() - at < 2500, `after ${performance.now() - at} ms`);
    ok(frames(player) > shown, "no new picture");
    await plays(player, "the rest");
    equal(states, ["waiting", "playing", "waiting", "playing"]);
  }));

test("a silent publisher who goes on in the same response is followed across the gap", () =>
  watching(async ({ server, player }) => {
    server.play("both");
    await plays(player, "the show");
    server.asked.length = 0;
    server.stop({ isSilent: true });
    await until(() => player.state === "waiting", "waiting");
    server.play("both", { at: 20 });
    await plays(player, "the rest");
    ok(player.mediaTime > 20_000, `${player.mediaTime}`);
    equal(server.asked, []);
  }));

test("a server that dies is offline, and needs no reload when it is back", () =>
  watching(async ({ server, player }) => {
    server.play("both");
    await plays(player, "the show");
    server.offAir = "unreachable";
    server.break();
    await until(() => player.state === "offline", "offline");
    server.play("both", { at: 9 });
    await plays(player, "the rest");
  }));

test("frames that never came are jumped over", () =>
  watching(async ({ server, player }) => {
    // The keyframe at 3 s is the first that can be shown after frames are missing.
    server.play("both", { skip: (time) => time > 2.2 && time < 3 });
    await until(() => player.mediaTime > 3500, "the other side");
    ok(behind(player) < 0.8, `${behind(player)} s behind`);
  }));

test("another size midway is another initialization segment in the same buffer", () =>
  watching(async ({ server, player }) => {
    server.play("both");
    await plays(player, "the show");
    const { src } = player.video;
    server.play("larger", { at: 5 });
    await until(() => player.video.videoWidth === 640, "the larger picture");
    await plays(player, "the rest");
    equal(player.video.src, src);
  }));

test("sound that joins midway is taken up", () =>
  watching(async ({ server, player }) => {
    server.play("picture");
    await plays(player, "the picture");
    server.play("both", { at: 6 });
    await until(() => player.mediaTime > 6000, "both");
    await plays(player, "both");
  }));

test("malformed bytes are let go of, and the next connection plays", () =>
  watching(async ({ server, player }) => {
    server.play("both");
    await plays(player, "the show");
    server.asked.length = 0;
    server.send(new Uint8Array(1000).fill(1));
    await until(() => server.asked.length > 0, "another connection");
    await plays(player, "the rest");
    equal(server.asked, ["stream"]);
  }));

test("a fragment that says nothing a decoder could use does not end the show", () =>
  watching(async ({ server, player }) => {
    server.play("both");
    await plays(player, "the show");
    const text = (type) => [...new TextEncoder().encode(type)];
    const traf = [0, 0, 0, 44, ...text("traf"), 0, 0, 0, 16, ...text("tfhd"), 0, 0, 0, 0, 0, 0, 0, 1,
      0, 0, 0, 20, ...text("tfdt"), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const from = player.mediaTime;
    server.send(Uint8Array.from([0, 0, 0, 52, ...text("moof"), ...traf, 0, 0, 0, 9, ...text("mdat"), 7]));
    // One browser passes over it, another gives up on the buffer, and then there is a new one.
    await until(() => player.mediaTime > from + 3000, "three more seconds");
  }));

test("a stream that cannot pass is tried twice, then parts are asked for", () =>
  watching(async ({ server, player }) => {
    server.answers.stream = () => new Response("<!doctype html><p>Welcome to our proxy</p>");
    server.asked.length = 0;
    await until(() => server.asked.includes("index.m3u8"), "asking for the playlist");
    equal(server.asked, ["stream", "stream", "index.m3u8"]);
    equal(player.state, "waiting");
  }));

test("a browser far behind goes to the live edge", () =>
  watching(async ({ server, player }) => {
    server.play("both");
    await plays(player, "the show");
    player.video.currentTime -= 3;
    await until(() => behind(player) > 0 && behind(player) < 0.6, "the live edge");
  }));

test("a pause is kept, however long, and whoever plays again is at the live edge", () =>
  watching(async ({ server, player }) => {
    server.play("both");
    await plays(player, "the show");
    player.video.pause();
    await until(() => player.state === "waiting", "standing still");
    server.play("both", { at: 30 });
    await until(() => player.video.currentTime >= 30, "following");
    ok(player.video.paused, "it plays against the viewer's will");
    await until(() => behind(player) > 1.5, "the show goes on");
    player.video.play();
    await until(() => player.state === "playing" && behind(player) < 0.6, "the live edge");
  }));

test("the show's end plays what is left, keeps the picture and asks no more", () =>
  watching(async ({ server, player, states }) => {
    server.play("both");
    await plays(player, "the show");
    server.stop();
    server.offAir = 410;
    await until(() => player.state === "ended", "ended");
    ok(player.video.readyState >= 2, "the last picture is gone");
    const asked = server.asked.length;
    await new Promise((resume) => setTimeout(resume, 1500));
    equal(server.asked.length, asked);
    equal(states.at(-1), "ended");
  }));

test("an element taken from the page leaves no connection behind", () =>
  watching(async ({ server, player }) => {
    server.play("both");
    await plays(player, "the show");
    equal(server.readers, 1);
    player.remove();
    await until(() => server.readers === 0, "the response was let go of");
    const asked = server.asked.length;
    await new Promise((resume) => setTimeout(resume, 1500));
    equal([server.asked.length, server.readers], [asked, 0]);
    document.body.append(player);
    await plays(player, "the show again");
  }));

test("no more than half a minute is kept", () =>
  watching(async ({ server, player }) => {
    server.play("both", { at: 0 });
    await plays(player, "the show");
    server.play("both", { at: 60 });
    await until(() => player.mediaTime > 60_000, "a minute later");
    await until(() => player.video.buffered.start(0) >= 40, "what is far back is gone");
  }));

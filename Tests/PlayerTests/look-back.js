import "../../Sources/Web/Resources/Static/js/elements/live-player.js";
import { ReplayTimeline } from "../../Sources/Web/Resources/Static/js/lib/player/replay-timeline.js";
import { Room } from "../../Sources/Web/Resources/Static/js/lib/room.js";
import { LiveServer, recorded } from "./live-server.js";
import { equal, ok, test, until } from "./testing.js";

const epoch = Date.parse("2026-11-22T18:00:00.000Z");

/** Segments `from` to `until` of one second each, the first at `at` seconds of the show. */
function playlist({ at, from = 0, until: end, hasEnded = false }) {
  const numbers = Array.from({ length: end - from }, (_, index) => from + index);
  return `#EXTM3U
#EXT-X-TARGETDURATION:1
#EXT-X-MEDIA-SEQUENCE:${from}
#HAAT-MEDIA-EPOCH:${epoch}
#EXT-X-MAP:URI="../../replay/1/i1.mp4"
#EXT-X-PROGRAM-DATE-TIME:${new Date(epoch + (at + from) * 1000).toISOString()}
${numbers.map((number) => `#EXTINF:1.00000,\n../../replay/1/s${number}.mp4\n`).join("")}${hasEnded ? "#EXT-X-ENDLIST\n" : ""}`;
}

/** A show on air at 3,608 s, eight seconds of which are recorded, and a player before it that plays. */
async function watching(body, { until: end = 8 } = {}) {
  const server = new LiveServer();
  const recording = recorded("both", 3600);
  server.recording = { at: 3600, until: end };
  server.answers["dvr.m3u8"] = () => new Response(playlist(server.recording));
  server.answers["i1.mp4"] = () => new Response(recording.init.slice());
  recording.segments.forEach((bytes, number) => {
    server.answers[`s${number}.mp4`] = () => new Response(bytes.slice());
  });
  server.play("both", { at: 3608 });
  const player = document.createElement("live-player");
  player.setAttribute("src", "https://haat.example/live/1/");
  player.muted = true;
  document.body.append(player);
  try {
    await until(() => player.state === "playing", "playing live");
    await body({ server, player });
  } finally {
    player.remove();
    server.restore();
  }
}

const plays = (player, from, to) =>
  until(() => player.state === "playing" && player.mediaTime >= from && player.mediaTime < to, `${from} to ${to} ms`);

test("a recording that grows keeps its places, also when its beginning is left behind", () => {
  const base = "https://haat.example/live/1/dvr.m3u8";
  const timeline = new ReplayTimeline(playlist({ at: 5, until: 3 }), base, 0);
  equal([timeline.start, timeline.duration, timeline.mediaTimeAt(0)], [0, 3, 5000]);
  timeline.update(playlist({ at: 5, from: 2, until: 6 }));
  equal([timeline.start, timeline.duration, timeline.hasEnded], [2, 6, false]);
  equal([timeline.mediaTimeAt(2.5), timeline.positionOf(7500), timeline.lastMediaTime], [7500, 2.5, 11_000]);
  timeline.update(playlist({ at: 5, from: 40, until: 42, hasEnded: true }));
  equal([timeline.start, timeline.duration, timeline.hasEnded], [6, 8, true]);
  equal([timeline.mediaTimeAt(6), timeline.segments[0].run], [45_000, 1]);
});

test("an earlier moment plays at its own media time, and live is one call away", () =>
  watching(async ({ server, player }) => {
    const told = [];
    player.addEventListener("lookback", ({ detail }) => told.push(detail.isLookingBack));
    const times = [];
    player.addEventListener("mediatime", ({ detail }) => times.push(detail.mediaTime));
    await player.lookBack(3_602_000);
    await plays(player, 3_602_000, 3_604_000);
    equal([player.way, server.readers, player.hasAttribute("looking")], ["past", 0, true]);
    // The sound may begin a frame or two before the picture.
    ok(times.at(-1) < 3_604_500 && times.at(-1) > 3_601_900, `an event at ${times.at(-1)}`);
    equal(player.video.playbackRate, 1);
    await player.lookBack(3_600_500);
    await plays(player, 3_600_500, 3_602_000);
    ok(player.liveMediaTime > 3_608_000, `live is at ${player.liveMediaTime}`);
    player.toLive();
    await plays(player, 3_608_000, 3_616_000);
    equal([player.way, server.readers, player.hasAttribute("looking"), told], ["stream", 1, false, [true, false]]);
    await until(() => !player.querySelector("canvas"), "the last picture of before is gone");
  }));

test("a moment far from the beginning is gone to at once, by nothing but what it needs", () =>
  watching(async ({ server, player }) => {
    const segment = server.answers["s4.mp4"];
    server.answers["s4.mp4"] = () => new Promise((resolve) => setTimeout(() => resolve(segment()), 300));
    await player.lookBack(3_604_200);
    await plays(player, 3_604_100, 3_607_000);
    equal(server.asked.filter((name) => /^s[0-3]\./.test(name)), []);
  }));

test("before the recording's beginning it plays the beginning", () =>
  watching(async ({ player }) => {
    await player.lookBack(0);
    await plays(player, 3_600_000, 3_602_000);
  }));

test("where nothing is recorded, or the moment is too near, it stays live", () =>
  watching(async ({ server, player }) => {
    await player.lookBack(3_607_000);
    equal([player.way, server.readers], ["stream", 1]);
    delete server.answers["dvr.m3u8"];
    const other = document.createElement("live-player");
    other.setAttribute("src", "https://haat.example/live/2/");
    other.muted = true;
    document.body.append(other);
    await other.lookBack(3_602_000);
    equal(other.isLookingBack, false);
    other.remove();
  }));

test("what was recorded since somebody last asked can be gone back to", () =>
  watching(async ({ server, player }) => {
    await player.past();
    server.recording = { at: 3600, until: 8 };
    await new Promise((resume) => setTimeout(resume, 2100));
    await player.lookBack(3_604_500);
    await plays(player, 3_604_400, 3_606_000);
  }, { until: 4 }));

test("it plays on into what was recorded meanwhile, and after the last of it live", () =>
  watching(async ({ server, player }) => {
    await player.lookBack(3_600_500);
    await plays(player, 3_600_500, 3_602_000);
    server.recording = { at: 3600, until: 7, hasEnded: true };
    player.video.currentTime = 3.2;
    await plays(player, 3_605_000, 3_606_000);
    await until(() => !player.isLookingBack, "live again");
  }, { until: 4 }));

test("sound alone comes as parts, and the best as the stream again", () =>
  watching(async ({ server, player }) => {
    server.answers["index.m3u8"] = () => new Response(
      '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="avc1.42c01e,mp4a.40.2",RESOLUTION=320x180\nlive.m3u8\n'
      + '#EXT-X-STREAM-INF:BANDWIDTH=90000,CODECS="mp4a.40.2"\nsound.m3u8\n');
    server.asked.length = 0;
    player.quality = "sound";
    await until(() => server.asked.includes("sound.m3u8"), "asking for the sound");
    equal(server.asked.slice(0, 2), ["index.m3u8", "sound.m3u8"]);
    player.quality = null;
    await plays(player, 3_608_000, 3_616_000);
    equal(player.way, "stream");
  }));

test("a page that slept takes another connection and is live again", () =>
  watching(async ({ server, player }) => {
    server.stop({ isSilent: true });
    await until(() => player.state === "waiting", "silence");
    await new Promise((resume) => setTimeout(resume, 2200));
    server.asked.length = 0;
    server.play("both", { at: 3640 });
    document.dispatchEvent(new Event("resume"));
    await until(() => server.asked.includes("stream"), "another connection");
    await plays(player, 3_640_000, 3_648_000);
  }));

/** A room whose events come from the test. */
async function inRoom(moments, body) {
  const [realSource, realFetch] = [globalThis.EventSource, globalThis.fetch];
  let source;
  globalThis.EventSource = class extends EventTarget {
    constructor() {
      super();
      source = this;
    }

    close() {}
  };
  globalThis.fetch = async (url) => (String(url).includes("/moments")
    ? new Response(JSON.stringify({ items: moments }), { headers: { "Content-Type": "application/json" } })
    : new Response("", { status: 404 }));
  const room = new Room("1", "IN", "live");
  const told = [];
  room.addEventListener("pin", ({ detail }) => told.push(detail));
  room.addEventListener("ended", () => told.push("ended"));
  const send = (event) => source.dispatchEvent(new MessageEvent("timeline", { data: JSON.stringify(event) }));
  try {
    room.open();
    await body({ room, told, send });
  } finally {
    room.close();
    [globalThis.EventSource, globalThis.fetch] = [realSource, realFetch];
  }
}

const pinned = (seq, mediaTime, product) => ({ seq, mediaTime, kind: "pinned", product });

test("who looks back sees what was pinned then, and live what is pinned now", () =>
  inRoom([pinned(1, 1000, "lamp"), pinned(2, 5000, "bowl"), { seq: 3, mediaTime: 8000, kind: "unpinned" }],
    async ({ room, told, send }) => {
      await room.remember();
      equal(room.chapters.map(({ product }) => product), ["lamp", "bowl"]);
      room.lookBack(true);
      for (const time of [500, 1000, 4999, 5000, 8000, 2000, null]) room.reached(time);
      equal(told, ["lamp", "bowl", null, "lamp"]);
      send(pinned(4, 20_000, "rug"));
      equal([room.pinned, room.chapters.at(-1).product], ["lamp", "rug"]);
      room.reached(21_000);
      equal(room.pinned, "rug");
      room.reached(6000);
      room.lookBack(false);
      equal([room.pinned, told.at(-1)], ["rug", "rug"]);
    }));

test("a show that ends while somebody looks back has ended once they are done", () =>
  inRoom([pinned(1, 1000, "lamp")], async ({ room, told, send }) => {
    await room.remember();
    room.lookBack(true);
    room.reached(1500);
    send({ seq: 2, mediaTime: 9000, kind: "show_ended" });
    equal([told, room.state], [["lamp"], "live"]);
    room.lookBack(false);
    equal([told.at(-1), room.state], ["ended", "ended"]);
  }));

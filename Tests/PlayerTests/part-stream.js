import { join } from "../../Sources/Web/Resources/Static/js/lib/player/boxes.js";
import { MediaUnits } from "../../Sources/Web/Resources/Static/js/lib/player/media-units.js";
import { partStream } from "../../Sources/Web/Resources/Static/js/lib/player/part-stream.js";
import { equal, film, ok, test } from "./testing.js";

const head = `#EXTM3U
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.6
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-MAP:URI="i1.mp4"
`;
const part = (number, independent = false) =>
  `#EXT-X-PART:DURATION=0.20000,URI="p${number}.mp4"${independent ? ",INDEPENDENT=YES" : ""}\n`;
const hint = (number) => `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p${number}.mp4"\n`;

/** A film's part `number` (two fragments), and its initialization segment. */
const [init, ...fragments] = new MediaUnits().push(film("picture"));
const bytesOf = (number) => join(fragments.slice(number * 2, number * 2 + 2).map((fragment) => fragment.bytes));

/**
 * What `partStream` yields when these playlists are answered in turn: `i` for an initialization segment, else the
 * part's number for each fragment. `missing`: parts not answered the first time they are asked for.
 */
async function played(playlists, { missing = [] } = {}) {
  const real = globalThis.fetch;
  const asked = [];
  const media = [...playlists];
  globalThis.fetch = async (url, { signal }) => {
    signal.throwIfAborted();
    const { pathname, search } = new URL(url);
    const name = pathname.split("/").at(-1);
    asked.push(name + search);
    if (name === "index.m3u8") return new Response("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlive.m3u8\n");
    if (name === "live.m3u8") return new Response(media.shift());
    if (name.startsWith("i")) return new Response(init.bytes.slice());
    const number = Number(name.slice(1, -4));
    if (missing.includes(number)) {
      missing.splice(missing.indexOf(number), 1);
      return new Response("", { status: 404 });
    }
    return new Response(bytesOf(number));
  };
  try {
    const found = [];
    const { signal } = new AbortController();
    for await (const unit of partStream("https://haat.example/live/1/index.m3u8", signal, () => true)) {
      found.push(unit.kind === "init" ? "i" : fragments.findIndex((fragment) => fragment.time === unit.time) >> 1);
    }
    return { found, asked };
  } finally {
    globalThis.fetch = real;
  }
}

test("playing begins at the newest keyframe, and each part is taken once, in order", async () => {
  const { found, asked } = await played([
    head + part(0, true) + part(1) + part(2, true) + part(3) + hint(4),
    head + part(0, true) + part(1) + part(2, true) + part(3) + part(4) + hint(5),
    head + part(0, true) + part(1) + part(2, true) + part(3) + part(4) + part(5) + "#EXT-X-ENDLIST\n",
  ]);
  equal(found, ["i", 2, 2, 3, 3, 4, 4, 5, 5]);
  equal(asked.filter((name) => name.startsWith("p")).sort(), ["p2.mp4", "p3.mp4", "p4.mp4", "p5.mp4"]);
  equal(asked.filter((name) => name.startsWith("live")),
    ["live.m3u8", "live.m3u8?_HLS_msn=0&_HLS_part=4", "live.m3u8?_HLS_msn=0&_HLS_part=5"]);
});

test("a hinted part that comes after a discontinuity goes with its own initialization segment", async () => {
  const change = '#EXTINF:0.2,\ns0.mp4\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="i2.mp4"\n';
  const { found, asked } = await played([
    head + part(0, true) + hint(1),
    head + part(0, true) + change + part(1, true) + hint(2),
    head + part(0, true) + change + part(1, true) + part(2) + "#EXT-X-ENDLIST\n",
  ]);
  equal(found, ["i", 0, 0, "i", 1, 1, 2, 2]);
  equal(asked.filter((name) => name.startsWith("i")), ["index.m3u8", "i1.mp4", "i2.mp4"]);
});

test("a hint that dies is replaced by what the playlist then lists", async () => {
  const { found } = await played([
    head + part(0, true) + hint(1),
    head + part(0, true) + part(1) + hint(2),
    head + part(0, true) + part(1) + part(3) + "#EXT-X-ENDLIST\n",
  ], { missing: [1, 2] });
  equal(found, ["i", 0, 0, 1, 1, 3, 3]);
});

test("a reader that fell behind goes on from the newest keyframe", async () => {
  const many = Array.from({ length: 14 }, (_, index) => part(index + 1, index === 11)).join("");
  const { found } = await played([head + part(0, true) + hint(1), `${head + part(0, true)}${many}#EXT-X-ENDLIST\n`]);
  equal(found, ["i", 0, 0, 12, 12, 13, 13, 14, 14]);
});

test("gaps are passed over", async () => {
  const { found } = await played([
    `${head + part(0, true)}#EXT-X-PART:DURATION=0.2,URI="p1.mp4",GAP=YES\n${part(2)}#EXT-X-ENDLIST\n`]);
  equal(found, ["i", 0, 0, 2, 2]);
});

test("a server that answers at once with what is known already is not asked without pause", async () => {
  const same = head + part(0, true) + hint(1);
  const began = performance.now();
  const { found, asked } = await played([same, same, same, `${head + part(0, true) + part(1)}#EXT-X-ENDLIST\n`]);
  equal(found, ["i", 0, 0, 1, 1]);
  const [pauses, least] = [2, 1000];
  ok(performance.now() - began > pauses * least * 0.9, `${pauses} pauses took ${performance.now() - began} ms`);
  equal(asked.filter((name) => name === "p1.mp4").length, 1, "how often the hint was asked for");
});

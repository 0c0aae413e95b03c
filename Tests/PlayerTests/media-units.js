import {
  BoxSplitter, MalformedMedia, boxBytesMax, join,
} from "../../Sources/Web/Resources/Static/js/lib/player/boxes.js";
import { MediaUnits } from "../../Sources/Web/Resources/Static/js/lib/player/media-units.js";
import { equal, film, ok, seeded, test, throws } from "./testing.js";

const unitsOf = (bytes) => new MediaUnits().push(bytes);
const word = (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const box = (type, ...content) => {
  const bytes = content.flat();
  return [...word(bytes.length + 8), ...new TextEncoder().encode(type), ...bytes];
};

test("a film is read into an initialization segment and one fragment a frame", () => {
  const [init, ...fragments] = unitsOf(film("both"));
  equal(init.kind, "init");
  equal(init.kinds, "audio,video");
  equal(init.mimeType, 'video/mp4; codecs="avc1.42c01e,mp4a.40.2"');
  ok(MediaSource.isTypeSupported(init.mimeType), "the browser does not know its own codecs");
  ok(fragments.length > 300, `${fragments.length} fragments`);
  equal(fragments[0].time, 0);
  ok(Math.abs(fragments.at(-1).time - 8) < 0.2, `the last fragment is at ${fragments.at(-1).time}`);
});

test("picture or sound alone is a film too", () => {
  equal(unitsOf(film("picture"))[0].mimeType, 'video/mp4; codecs="avc1.42c01e"');
  equal(unitsOf(film("sound"))[0].mimeType, 'audio/mp4; codecs="mp4a.40.2"');
});

test("pieces of any size give the same units", () => {
  const bytes = film("both").subarray(0, 200_000);
  const gist = (unit) => [unit.kind, unit.time, unit.bytes.length];
  const whole = unitsOf(bytes).map(gist);
  const random = seeded(7);
  for (const most of [1, 7, 100, 5000, 70_000]) {
    const units = new MediaUnits();
    const found = [];
    for (let at = 0; at < bytes.length; ) {
      const count = 1 + Math.floor(random() * most);
      found.push(...units.push(bytes.subarray(at, at + count)).map(gist));
      at += count;
    }
    equal(found, whole, `pieces up to ${most}`);
  }
});

test("a box beyond any frame, or smaller than its head, is malformed", () => {
  for (const size of [0, 1, 7, boxBytesMax + 1, 2 ** 32 - 1]) {
    throws(MalformedMedia, () => new BoxSplitter().push(Uint8Array.from([...word(size), 109, 100, 97, 116])));
  }
});

test("fragments before the initialization segment, or of no track, are malformed", () => {
  throws(MalformedMedia, () => unitsOf(Uint8Array.from(box("moof", box("mfhd", word(0), word(1))))));
  const head = film("both");
  const init = unitsOf(head)[0].bytes;
  const stray = box("moof", box("traf", box("tfhd", word(0), word(99)), box("tfdt", word(0), word(0))));
  throws(MalformedMedia, () => unitsOf(join([init, Uint8Array.from(stray)])));
});

test("damaged bytes are malformed or harmless, never another fault", () => {
  const good = film("both").subarray(0, 20_000);
  const random = seeded(3);
  for (let round = 0; round < 2000; round += 1) {
    const bytes = good.slice();
    // The first thousand rounds damage the initialization segment and the first fragment's head.
    const within = round < 1000 ? 1200 : bytes.length;
    for (let count = 0; count < 4; count += 1) bytes[Math.floor(random() * within)] = random() * 256;
    try {
      unitsOf(bytes);
    } catch (error) {
      if (!(error instanceof MalformedMedia)) throw error;
    }
  }
});

test("a producer reference time says which wall clock belongs to which media time", () => {
  const [init, fragment] = unitsOf(film("picture"));
  const seconds = 1_700_000_000 + 2_208_988_800;
  const time = box("prft", word(0x01000000), word(1), word(seconds), word(2 ** 31), word(0), word(15360 * 2));
  const units = unitsOf(join([init.bytes, Uint8Array.from(time), fragment.bytes]));
  equal(units[1].clock.wallClock, 1_700_000_000_500);
  equal(units[1].clock.mediaTime, 2000);
  equal(fragment.clock, null);
});

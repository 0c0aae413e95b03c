import { CaptionReader } from "../../Sources/Web/Resources/Static/js/lib/player/caption-reader.js";
import { Captions } from "../../Sources/Web/Resources/Static/js/lib/player/captions.js";
import { CEA608 } from "../../Sources/Web/Resources/Static/js/lib/player/cea608.js";
import { captionsOf } from "../../Sources/Web/Resources/Static/js/lib/player/screen.js";
import { equal, film, ok, seeded, test, until } from "./testing.js";
import { MediaUnits } from "../../Sources/Web/Resources/Static/js/lib/player/media-units.js";

// MARK: Codes

const parity = (byte) => {
  let ones = 0;
  for (let bit = 0; bit < 7; bit += 1) ones += (byte >> bit) & 1;
  return ones % 2 === 0 ? byte | 0x80 : byte;
};
const pair = (first, second) => [parity(first), parity(second)];
const code = (first, second) => [pair(first, second), pair(first, second)];
const letters = (text) => {
  const bytes = Array.from(text, (letter) => letter.charCodeAt(0));
  return bytes.flatMap((byte, at) => (at % 2 === 0 ? [pair(byte, bytes[at + 1] ?? 0)] : []));
};
const [popOn, erase, show, clear] = [code(0x14, 0x20), code(0x14, 0x2e), code(0x14, 0x2f), code(0x14, 0x2c)];
const [bottom, above] = [code(0x14, 0x70), code(0x14, 0x50)];

/** What was on screen, one after the other. */
function seen(pairs) {
  const decoder = new CEA608();
  const told = [];
  decoder.onscreen = (text) => told.push(text);
  for (const [first, second] of pairs) decoder.take(first, second);
  return told;
}

test("a caption that pops on is there whole, on two lines, and goes when it is told to", () => {
  const pairs = [...popOn, ...erase, ...above, ...letters("Good evening"), ...bottom, ...letters("from Jaipur"), ...show];
  equal(seen([...pairs, ...clear]), ["Good evening\nfrom Jaipur", ""]);
});

test("each code is sent twice, and one alone does as well", () => {
  const once = [popOn, erase, bottom].map(([first]) => first);
  equal(seen([...once, ...letters("Lamps"), show[0]]), ["Lamps"]);
});

test("rolling lines push the oldest out", () => {
  const line = (text) => [...code(0x14, 0x2d), ...bottom, ...letters(text)];
  const told = seen([...code(0x14, 0x25), ...line("one"), ...line("two"), ...line("three")]);
  equal(told.at(-1), "two\nthree");
  ok(told.includes("one\ntwo"), told.join("|"));
});

test("painted captions come a letter at a time", () => {
  equal(seen([...code(0x14, 0x29), ...bottom, ...letters("ab"), ...letters("cd")]), ["ab", "abcd"]);
});

test("accents, notes and signs are what they are, and a backspace takes one back", () => {
  const text = [...letters("cafe"), ...code(0x12, 0x21), ...code(0x14, 0x21), ...letters("\x5c "), ...code(0x11, 0x37)];
  equal(seen([...popOn, ...erase, ...bottom, ...text, ...show]), ["cafÉ".slice(0, 3) + "é ♪"]);
});

test("the second channel and text that is no caption are left out", () => {
  const other = [...code(0x1c, 0x20), ...code(0x1c, 0x70), ...letters("otro"), ...code(0x1c, 0x2f)];
  equal(seen([...popOn, ...erase, ...bottom, ...letters("ours"), ...other, ...show]), ["ours"]);
  equal(seen([...code(0x14, 0x2a), ...letters("http")]), []);
});

test("a letter whose parity is wrong is a block, and a code whose parity is wrong does nothing", () => {
  const [bad] = letters("ab");
  equal(seen([...popOn, ...erase, ...bottom, [bad[0] ^ 0x80, bad[1]], ...show]), ["█b"]);
  equal(seen([...popOn, ...erase, ...bottom, ...letters("ab"), ...show.map(([first, second]) => [first ^ 0x80, second])]), []);
});

test("whatever the bytes are, nothing is thrown", () => {
  const random = seeded(608);
  const decoder = new CEA608();
  for (let at = 0; at < 200_000; at += 1) decoder.take(Math.floor(random() * 256), Math.floor(random() * 256));
});

// MARK: In pictures

/** ATSC A/53 user data with one pair of field 1, as an SEI NAL unit with its length before it. */
function message([first, second]) {
  const payload = [0xb5, 0x00, 0x31, 0x47, 0x41, 0x39, 0x34, 0x03, 0x40 | 1, 0xff, 0xfc, first, second, 0xff];
  const unit = [0x06, 0x04, payload.length, ...payload, 0x80];
  return [0, 0, 0, unit.length, ...unit];
}

/** The film's fragments, its pictures with `pairs` in them, one each from the first on. */
function captioned(pairs) {
  const [init, ...fragments] = new MediaUnits().push(film("picture"));
  const rest = [...pairs];
  return [init, ...fragments.map((unit) => ({ ...unit, bytes: rest.length > 0 ? withMessage(unit.bytes, message(rest.shift())) : unit.bytes }))];
}

/** One sample a fragment, as ffmpeg writes it: what is put before it makes sample, `mdat` and size field longer. */
function withMessage(bytes, prefix) {
  const copy = new Uint8Array(bytes.length + prefix.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const moof = view.getUint32(0);
  copy.set(bytes.subarray(0, moof + 8));
  copy.set(prefix, moof + 8);
  copy.set(bytes.subarray(moof + 8), moof + 8 + prefix.length);
  const changed = new DataView(copy.buffer);
  const sample = view.getUint32(moof) - 8;
  for (let at = 8; at < moof; at += 1) if (view.getUint32(at) === sample) changed.setUint32(at, sample + prefix.length);
  changed.setUint32(moof, view.getUint32(moof) + prefix.length);
  return copy;
}

const sentence = [...popOn, ...erase, ...bottom, ...letters("Lamps <b>at</b> dusk"), ...show];

test("captions in the pictures become cues at their pictures' times, as text and nothing else", () => {
  const video = document.createElement("video");
  const track = video.addTextTrack("captions", "test");
  track.mode = "hidden";
  const reader = new CaptionReader(video, track);
  const [init, ...fragments] = captioned([...sentence, ...Array(30).fill([0x80, 0x80]), ...clear]);
  reader.begin(init.bytes);
  for (const { bytes } of fragments) reader.read(bytes, 10);
  equal(track.cues.length, 1);
  const [cue] = track.cues;
  equal(cue.getCueAsHTML().textContent, "Lamps <b>at</b> dusk");
  equal(cue.getCueAsHTML().childElementCount, 0);
  const shownAt = 10 + fragments[sentence.length - 2].time;
  ok(Math.abs(cue.startTime - shownAt) < 0.01, `${cue.startTime}, not ${shownAt}`);
  ok(Math.abs(cue.endTime - cue.startTime - 31 / 30) < 0.05, `it lasts ${cue.endTime - cue.startTime}`);
});

test("what reads them is fetched when there are some, and the track is there for who wants it", async () => {
  const video = document.createElement("video");
  const captions = new Captions(video);
  const [plain, ...without] = new MediaUnits().push(film("picture"));
  captions.begin(plain.bytes);
  for (const { bytes } of without) captions.see(bytes);
  equal(captionsOf(video).length, 0);
  const [init, ...fragments] = captioned(sentence);
  captions.begin(init.bytes);
  for (const { bytes } of fragments) captions.see(bytes);
  await until(() => captionsOf(video)[0]?.cues?.length === 1, "the cue is there");
  equal(captionsOf(video)[0].mode, "hidden");
});

test("another place in the show ends what was on screen, and seen twice it is there once", () => {
  const video = document.createElement("video");
  const track = video.addTextTrack("captions", "test");
  track.mode = "hidden";
  const reader = new CaptionReader(video, track);
  const [init, ...fragments] = captioned(sentence);
  reader.begin(init.bytes);
  for (const offset of [0, 100, 0]) for (const { bytes } of fragments) reader.read(bytes, offset);
  equal(track.cues.length, 2);
});

test("garbled fragments bring nothing and break nothing", () => {
  const random = seeded(42);
  const video = document.createElement("video");
  const reader = new CaptionReader(video, video.addTextTrack("captions", "test"));
  const [init, ...fragments] = captioned(sentence);
  reader.begin(init.bytes.map((byte) => (random() < 0.01 ? 0 : byte)));
  reader.begin(init.bytes);
  for (const { bytes } of fragments.slice(0, 60)) {
    reader.read(bytes.map((byte) => (random() < 0.05 ? Math.floor(random() * 256) : byte)), 0);
    reader.read(bytes.subarray(0, Math.floor(random() * bytes.length)), 0);
  }
});

import { MalformedMedia } from "../../Sources/Web/Resources/Static/js/lib/player/boxes.js";
import { chooseVariant, readMediaPlaylist, readVariants } from "../../Sources/Web/Resources/Static/js/lib/player/playlist.js";
import { equal, test, throws } from "./testing.js";

const base = "https://haat.example/live/1/live.m3u8";

const live = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.00000,HOLD-BACK=6.00000,PART-HOLD-BACK=0.60000
#EXT-X-PART-INF:PART-TARGET=0.20000
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-MAP:URI="k/i1.mp4"
#EXTINF:2.00000,
k/s7.mp4
#EXT-X-PART:DURATION=0.20000,URI="k/p70.mp4",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.20000,URI="k/p71.mp4",GAP=YES
#EXTINF:0.40000,
k/s8.mp4
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="k/i2.mp4"
#EXT-X-PART:DURATION=0.20000,URI="k/p72.mp4",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="k/p73.mp4"
`;

test("parts stand for their segments, and the next is known before it exists", () => {
  const playlist = readMediaPlaylist(live, base);
  equal(playlist.items.map((item) => item.url.split("/").at(-1)), ["s7.mp4", "p70.mp4", "p71.mp4", "p72.mp4"]);
  equal(playlist.items.map((item) => item.init.split("/").at(-1)), ["i1.mp4", "i1.mp4", "i1.mp4", "i2.mp4"]);
  equal(playlist.items.map((item) => item.independent), [true, true, false, true]);
  equal(playlist.items.map((item) => item.gap), [false, false, true, false]);
  equal(playlist.next, { sequence: 9, part: 1 });
  equal(playlist.hint, "https://haat.example/live/1/k/p73.mp4");
  equal([playlist.targetMilliseconds, playlist.hasEnded], [2000, false]);
});

test("a playlist at its end asks for nothing more", () => {
  const playlist = readMediaPlaylist(live.replace(/#EXT-X-PRELOAD.*\n/, "#EXT-X-ENDLIST\n"), base);
  equal([playlist.next, playlist.hint, playlist.hasEnded], [null, null, true]);
});

test("the best variant that the browser can play is chosen", () => {
  const text = `#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=800000,CODECS="avc1.42c01e,mp4a.40.2"
low.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2500000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720
high.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=9000000,CODECS="dvh1.05.06,ec-3"
best.m3u8
`;
  equal(chooseVariant(text, base, (codecs) => codecs.startsWith("avc1")), "https://haat.example/live/1/high.m3u8");
  equal(chooseVariant(text, base, () => false), null);
  equal(chooseVariant(live, base, () => true), null);
});

test("a quality that a viewer chose is played, and the best where it is not offered", () => {
  const text = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Sound",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2"
#EXT-X-STREAM-INF:BANDWIDTH=2500000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=720x1280,AUDIO="sound"
live.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=128000,CODECS="mp4a.40.2",AUDIO="sound"
sound.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=800000,CODECS="avc1.42c01e,mp4a.40.2",RESOLUTION=360x640,AUDIO="sound"
small.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="hvc1.1.6.L93.B0,mp4a.40.2",RESOLUTION=360x640,AUDIO="sound"
other.m3u8
`;
  const canPlay = (codecs) => !codecs.startsWith("hvc1");
  equal(readVariants(text, base, canPlay).map(({ quality }) => quality), ["720p", "360p", "sound"]);
  const chosen = (quality) => chooseVariant(text, base, canPlay, quality)?.split("/").at(-1);
  equal(["sound", "360p", "1080p", null].map(chosen), ["sound.m3u8", "small.m3u8", "live.m3u8", "live.m3u8"]);
});

test("what is no playlist is malformed, and odd lines are passed over", () => {
  throws(MalformedMedia, () => readMediaPlaylist("<!doctype html>", base));
  throws(MalformedMedia, () => readMediaPlaylist("", base));
  const text = "#EXTM3U\r\n#EXTINF:oops\r\n#EXT-X-PART:\r\n#EXT-X-MEDIA-SEQUENCE:x\r\na.mp4\r\n";
  const odd = readMediaPlaylist(text, base);
  equal(odd.targetMilliseconds, 0);
});

// Encodes pictures away from the page, so that a busy page drops none.
import { clock, frame, pictureConfiguration } from "./framing.js";

const KEY_EVERY_MICROSECONDS = 2_000_000;
const QUEUE_MAX = 2;
const DRIFT_MICROSECONDS = 100_000;

let settings = { short: 720, bits: 2_500_000, rate: 30, shape: "camera", origin: 0 };
let encoder = null;
let configured = "";
let wantsKey = true;
let isPaused = false;
let lastKey = -Infinity;
let lastTaken = -Infinity;
let base = null;
let reader = null;

const even = (value) => Math.max(2, Math.floor(value / 2) * 2);

/** Baseline for everything that plays H.264, at the level the size needs. */
const codecFor = (width, height) => (width * height > 1280 * 720 ? "avc1.42e028" : "avc1.42e01f");

function configure(width, height) {
  const name = `${width} ${height} ${settings.bits}`;
  if (configured === name && encoder?.state === "configured") return;
  // Another size is another encoder: one that goes on puts the old size's parameter sets before the new ones.
  if (encoder?.state === "configured" && !configured.startsWith(`${width} ${height} `)) encoder.close();
  if (!encoder || encoder.state === "closed") {
    encoder = new VideoEncoder({ output, error: ({ message }) => self.postMessage({ type: "fault", message }) });
    wantsKey = true;
  }
  encoder.configure({
    codec: codecFor(width, height),
    width,
    height,
    bitrate: settings.bits,
    framerate: settings.rate,
    latencyMode: "realtime",
    avc: { format: "avc" },
  });
  configured = name;
}

function output(chunk, metadata) {
  const configuration = metadata?.decoderConfig;
  if (configuration?.description) {
    self.postMessage({
      type: "configuration", message: pictureConfiguration(configuration.codec, configuration.description),
    });
  }
  const message = frame("picture", chunk, chunk.timestamp + base);
  self.postMessage({ type: "frame", isKey: chunk.type === "key", message }, [message]);
}

/** The part of the camera's picture that is shown: all of it, or its middle in another shape. */
function crop(picture) {
  const { x, y, width, height } = picture.visibleRect;
  const isTurned = picture.displayWidth !== picture.displayHeight && (picture.displayWidth > picture.displayHeight) !== (width > height);
  if (settings.shape === "camera" || isTurned || (settings.shape === "portrait") === (width < height)) return null;
  const across = settings.shape === "portrait" ? even((height * 9) / 16) : width;
  const down = settings.shape === "portrait" ? height : even((width * 9) / 16);
  const middle = (rest) => Math.floor(rest / 4) * 2;
  return { x: x + middle(width - across), y: y + middle(height - down), width: across, height: down };
}

function take(picture) {
  const now = clock(settings.origin);
  const time = picture.timestamp;
  if (base === null || Math.abs(now - (time + base)) > DRIFT_MICROSECONDS) base = now - time;
  // A camera faster than asked for; a little early is in time.
  if (time - lastTaken < 0.8 * (1_000_000 / settings.rate) && time > lastTaken) return;
  if (isPaused || (encoder?.encodeQueueSize ?? 0) > QUEUE_MAX) {
    self.postMessage({ type: "skipped" });
    return;
  }
  lastTaken = time;
  const rect = crop(picture);
  const shown = rect
    ? new VideoFrame(picture, { visibleRect: rect, displayWidth: rect.width, displayHeight: rect.height })
    : picture;
  const scale = Math.min(1, settings.short / Math.min(shown.displayWidth, shown.displayHeight));
  configure(even(shown.displayWidth * scale), even(shown.displayHeight * scale));
  const keyFrame = wantsKey || time - lastKey >= KEY_EVERY_MICROSECONDS || time < lastKey;
  encoder.encode(shown, { keyFrame });
  if (keyFrame) {
    wantsKey = false;
    lastKey = time;
  }
  if (rect) shown.close();
}

/** Whatever goes wrong with one picture, it is given back: a camera has only a few. */
function taken(picture) {
  try {
    take(picture);
  } catch ({ message }) {
    self.postMessage({ type: "fault", message });
  } finally {
    picture.close();
  }
}

async function read(readable) {
  reader?.cancel().catch(() => {});
  const mine = readable.getReader();
  reader = mine;
  base = null;
  lastTaken = -Infinity;
  wantsKey = true;
  for (;;) {
    const { done, value } = await mine.read().catch(() => ({ done: true }));
    if (done) return;
    if (reader === mine) taken(value);
    else value.close();
  }
}

self.onmessage = ({ data }) => {
  if (data.readable) read(data.readable);
  if (data.picture) taken(data.picture);
  if (data.settings) settings = { ...settings, ...data.settings };
  if (data.isPaused !== undefined) isPaused = data.isPaused;
  if (data.key) wantsKey = true;
};

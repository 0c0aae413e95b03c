import { Connection } from "./connection.js";
import { BACKLOG_PAUSE_SECONDS, Pace } from "./pace.js";
import { Picture } from "./picture.js";
import { Recorder, recordingType } from "./recorder.js";
import { Sound, soundCodec } from "./sound.js";

const LOOK_MILLISECONDS = 500;
/** So far behind, what waits is thrown away and the stream begins anew at now. */
const BACKLOG_RESTART_SECONDS = 8;

/**
 * How this browser can broadcast: `frames` (WebCodecs: soonest, and no work for the server), `recording`
 * (MediaRecorder, through the server's ffmpeg), or null. Also gives the sound's codec for `frames`.
 */
export async function bestWay(wanted) {
  const picture = { codec: "avc1.42e01f", width: 1280, height: 720, bitrate: 2_500_000, avc: { format: "avc" } };
  const canEncode = globalThis.VideoEncoder && globalThis.AudioWorkletNode
    && (globalThis.MediaStreamTrackProcessor || HTMLVideoElement.prototype.requestVideoFrameCallback)
    && (await VideoEncoder.isConfigSupported(picture).catch(() => null))?.supported;
  const codec = canEncode ? await soundCodec() : null;
  if (codec && wanted !== "recording") return { way: "frames", codec };
  return { way: recordingType() && wanted !== "none" ? "recording" : null, codec: null };
}

/**
 * A camera and a microphone, on their way to viewers.
 *
 * - `state`: the connection's, see `Connection`.
 * - `word`: what the server tells of the stream.
 * - `fault`: an encoder that does not work; a recording may.
 */
export class Broadcaster extends EventTarget {
  #show;
  #way;
  #origin = (performance.timeOrigin + performance.now()) * 1000;
  #sound = new Sound();
  #picture = null;
  #recorder = null;
  #connection = null;
  #pace;
  #tracks = {};
  #configurations = {};
  #isReady = false;
  #counted = { encoded: 0, skipped: 0 };
  #timer = 0;

  constructor(show, { way, codec }, { short, shape }) {
    super();
    this.#show = show;
    this.#way = way;
    this.#pace = new Pace(short);
    this.sounds = this.#sound.start(codec, this.#origin, (word) => this.#heard("sound", word));
    if (way === "frames") {
      this.#picture = new Picture(
        { short: this.#pace.short, bits: this.#pace.bits, shape, origin: this.#origin },
        (word) => this.#heard("picture", word),
      );
    } else this.#recorder = new Recorder();
  }

  get level() {
    return this.#sound.level;
  }

  get bits() {
    return this.#pace.bits;
  }

  set muted(muted) {
    this.#sound.muted = muted;
  }

  useCamera(track, video) {
    this.#tracks.camera = track;
    this.#picture?.use(track, video);
    if (this.#way === "recording" && this.#connection?.isOpen) this.#record();
  }

  useMicrophone(track) {
    this.#sound.use(track);
  }

  shape(shape) {
    this.#picture?.set({ shape });
  }

  /** The largest picture that may be sent. */
  limit(short) {
    this.#pace = new Pace(short);
    this.#picture?.set({ short: this.#pace.short, bits: this.#pace.bits });
  }

  /** Viewers see it from now on, as soon as the server has it. */
  go() {
    if (this.#connection) return;
    const connection = new Connection(this.#show);
    this.#connection = connection;
    connection.addEventListener("state", ({ detail }) => this.#changed(detail));
    connection.addEventListener("word", ({ detail }) => {
      if (detail.type === "key") this.#picture?.key();
      else this.#tell("word", detail);
    });
    connection.open();
    this.#timer = setInterval(() => this.#look(), LOOK_MILLISECONDS);
  }

  /** Viewers see it no longer; the camera stays on. */
  halt() {
    clearInterval(this.#timer);
    this.#recorder?.stop();
    const connection = this.#connection;
    this.#connection = null;
    this.#isReady = false;
    connection?.close();
  }

  /** For tests of what a lost network does. */
  drop() {
    this.#connection?.restart();
  }

  wake() {
    this.#sound.wake();
  }

  stop() {
    this.halt();
    this.#picture?.stop();
    this.#sound.stop();
  }

  #changed(detail) {
    // Accepted comes after the first frames; nothing begins anew by it.
    if (detail.state !== "accepted") this.#isReady = false;
    if (detail.state === "open") {
      if (this.#way === "recording") this.#record();
      else this.#picture.key();
    }
    if (detail.state === "waiting" || detail.state === "over") this.#recorder?.stop();
    if (detail.state === "over") {
      clearInterval(this.#timer);
      this.#connection = null;
    }
    this.#tell("state", detail);
  }

  #record() {
    this.#recorder.start([this.#tracks.camera, this.#sound.track], this.#pace.bits, (message) =>
      this.#connection?.send(message));
  }

  /** What an encoder made. Each connection begins with both configurations, and with a key frame. */
  #heard(track, word) {
    if (word.type === "fault") return this.#tell("fault", word);
    if (word.type === "skipped") {
      this.#counted.skipped += 1;
      return undefined;
    }
    const connection = this.#connection;
    if (word.type === "configuration") {
      this.#configurations[track] = word.message;
      if (this.#isReady) connection?.send(word.message);
      return undefined;
    }
    if (track === "picture") this.#counted.encoded += 1;
    if (!connection?.isOpen) return undefined;
    if (!this.#isReady) {
      const { picture, sound } = this.#configurations;
      if (track !== "picture" || !word.isKey || !picture || !sound) return undefined;
      connection.send(picture);
      connection.send(sound);
      this.#isReady = true;
    }
    connection.send(word.message);
    return undefined;
  }

  #look() {
    const connection = this.#connection;
    if (!connection?.isOpen) return;
    const waitingBytes = connection.waitingBytes;
    const backlog = this.#pace.backlog(waitingBytes);
    if (backlog > BACKLOG_RESTART_SECONDS) return connection.restart();
    this.#picture?.pause(backlog > BACKLOG_PAUSE_SECONDS);
    const counted = this.#counted;
    this.#counted = { encoded: 0, skipped: 0 };
    if (this.#pace.look({ waitingBytes, ...counted, now: performance.now() })) {
      this.#picture?.set({ bits: this.#pace.bits, short: this.#pace.short });
    }
    return undefined;
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

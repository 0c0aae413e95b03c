import { containerPiece, containerStart } from "./framing.js";

const types = [
  "video/webm;codecs=h264,opus", "video/mp4;codecs=avc1.42E01E,mp4a.40.2", "video/mp4;codecs=avc1,opus",
  "video/webm;codecs=vp8,opus", "video/mp4", "video/webm",
];
const PIECE_MILLISECONDS = 100;
const KEY_EVERY_MILLISECONDS = 1000;

/** The first kind of recording that this browser makes and the server can turn into a stream. */
export const recordingType = () => types.find((type) => globalThis.MediaRecorder?.isTypeSupported(type)) ?? null;

/** Sends what a MediaRecorder makes: for browsers without an encoder of frames. One recording per connection. */
export class Recorder {
  #recorder = null;
  #order = Promise.resolve();

  /** `send` is given whole messages. */
  start(tracks, bits, send) {
    this.stop();
    const type = recordingType();
    const recorder = new MediaRecorder(new MediaStream(tracks), {
      mimeType: type, videoBitsPerSecond: bits, audioBitsPerSecond: 128_000,
      videoKeyFrameIntervalDuration: KEY_EVERY_MILLISECONDS,
    });
    this.#recorder = recorder;
    send(containerStart(recorder.mimeType || type));
    recorder.ondataavailable = ({ data }) => {
      // Each piece is read by itself, and they may not overtake one another.
      this.#order = this.#order.then(async () => {
        const bytes = await data.arrayBuffer();
        if (this.#recorder === recorder && bytes.byteLength > 0) send(containerPiece(bytes));
      });
    };
    recorder.start(PIECE_MILLISECONDS);
  }

  stop() {
    const recorder = this.#recorder;
    this.#recorder = null;
    if (recorder && recorder.state !== "inactive") recorder.stop();
  }
}

import { clock, frame, opusHead, soundConfiguration } from "./framing.js";

const RATE = 48_000;
const CHANNELS = 2;
const BITS = 96_000;
const DRIFT_MICROSECONDS = 150_000;

/** AAC plays everywhere; Opus where the browser cannot make AAC. Null when it can make neither. */
export async function soundCodec() {
  for (const codec of ["mp4a.40.2", "opus"]) {
    const configuration = { codec, sampleRate: RATE, numberOfChannels: CHANNELS, bitrate: BITS };
    const answer = await globalThis.AudioEncoder?.isConfigSupported(configuration).catch(() => null);
    if (answer?.supported) return configuration;
  }
  return null;
}

/**
 * A microphone's sound: measured, muted, and encoded if there is a codec. It flows from the first to the last moment,
 * silent when there is nothing to hear, so that a change of microphone is not a change of stream.
 */
export class Sound {
  #context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
  #gain = this.#context.createGain();
  #meter = this.#context.createAnalyser();
  #out = this.#context.createMediaStreamDestination();
  #source = null;
  #encoder = null;
  #time = null;
  #samples = new Float32Array(1024);

  /** `onmessage` is given `{ type: "configuration" | "frame", message }`. */
  async start(codec, origin, onmessage) {
    this.#gain.channelCount = CHANNELS;
    this.#gain.channelCountMode = "explicit";
    this.#gain.connect(this.#meter);
    this.#gain.connect(this.#out);
    await this.#context.resume();
    if (!codec) return;
    await this.#context.audioWorklet.addModule(new URL("sound-worklet.js", import.meta.url));
    this.#encoder = new AudioEncoder({
      output: (chunk, metadata) => {
        const configuration = metadata?.decoderConfig;
        if (configuration) {
          const head = configuration.description ?? (codec.codec === "opus" ? opusHead(CHANNELS, RATE) : null);
          onmessage({ type: "configuration", message: soundConfiguration(configuration.codec, head) });
        }
        onmessage({ type: "frame", message: frame("sound", chunk, chunk.timestamp) });
      },
      error: ({ message }) => onmessage({ type: "fault", message }),
    });
    this.#encoder.configure(codec);
    const packets = new AudioWorkletNode(this.#context, "packets", {
      numberOfOutputs: 0, channelCount: CHANNELS, channelCountMode: "explicit",
    });
    packets.port.onmessage = ({ data }) => this.#encode(data, origin);
    this.#gain.connect(packets);
    // A source that is always there: without any, the graph would stop.
    const silence = this.#context.createConstantSource();
    silence.offset.value = 0;
    silence.connect(this.#gain);
    silence.start();
  }

  /** Takes its sound from this track from now on; none when null. */
  use(track) {
    this.#source?.disconnect();
    this.#source = track ? this.#context.createMediaStreamSource(new MediaStream([track])) : null;
    this.#source?.connect(this.#gain);
  }

  set muted(muted) {
    this.#gain.gain.value = muted ? 0 : 1;
  }

  /** 0 to 1, of what is heard now. */
  get level() {
    this.#meter.getFloatTimeDomainData(this.#samples);
    let peak = 0;
    for (const sample of this.#samples) peak = Math.max(peak, Math.abs(sample));
    // Decibels, from −60 up: loudness as it is heard.
    return peak === 0 ? 0 : Math.max(0, Math.min(1, 1 + Math.log10(peak) / 3));
  }

  /** The sound as a track, for a recorder. */
  get track() {
    return this.#out.stream.getAudioTracks()[0];
  }

  /** A page that was put to sleep wakes up. */
  wake() {
    if (this.#context.state !== "running") this.#context.resume().catch(() => {});
  }

  stop() {
    this.use(null);
    if (this.#encoder && this.#encoder.state !== "closed") this.#encoder.close();
    this.#context.close().catch(() => {});
  }

  #encode(samples, origin) {
    if (this.#encoder.state !== "configured") return;
    const frames = samples.length / CHANNELS;
    const duration = (frames * 1_000_000) / RATE;
    const began = clock(origin) - duration;
    if (this.#time === null || Math.abs(began - this.#time) > DRIFT_MICROSECONDS) this.#time = began;
    const data = new AudioData({
      format: "f32-planar", sampleRate: RATE, numberOfFrames: frames, numberOfChannels: CHANNELS,
      timestamp: Math.round(this.#time), data: samples,
    });
    this.#encoder.encode(data);
    data.close();
    this.#time += duration;
  }
}

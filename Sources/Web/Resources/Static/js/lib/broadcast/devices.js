const SIZES = { 1080: 1920, 720: 1280, 540: 960, 360: 640 };

/** Why there is no camera, as a word of the page's `camera.` strings. */
export class DeviceFault extends Error {
  constructor(word) {
    super(word);
    this.word = word;
  }
}

const words = {
  NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "none", DevicesNotFoundError: "none",
  NotReadableError: "taken", AbortError: "taken", TrackStartError: "taken",
};

async function get(constraints) {
  if (!navigator.mediaDevices?.getUserMedia) throw new DeviceFault(isSecureContext ? "unsupported" : "insecure");
  try {
    return await navigator.mediaDevices.getUserMedia(constraints);
  } catch ({ name }) {
    throw new DeviceFault(words[name] ?? "taken");
  }
}

/** A camera's track: this one, or one that looks this way, as near to `short` lines as it can be. */
export async function camera({ id, facing, short }) {
  const picture = { width: { ideal: SIZES[short] ?? 1280 }, height: { ideal: short }, frameRate: { ideal: 30, max: 60 } };
  if (id) picture.deviceId = { exact: id };
  else if (facing) picture.facingMode = { ideal: facing };
  return (await get({ video: picture })).getVideoTracks()[0];
}

/** A microphone's track. Music and goods sound best as they are, speech best cleaned: browsers clean by default. */
export async function microphone({ id }) {
  const sound = { echoCancellation: false, noiseSuppression: true, autoGainControl: true, channelCount: { ideal: 2 } };
  if (id) sound.deviceId = { exact: id };
  return (await get({ audio: sound })).getAudioTracks()[0];
}

/** Cameras and microphones; their names are known only once one of them was allowed. */
export async function list() {
  const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  const of = (kind) => all.filter((one) => one.kind === kind && one.deviceId);
  return { cameras: of("videoinput"), microphones: of("audioinput") };
}

const waitingMax = 200;

/**
 * Captions that come inside the pictures (ATSC A/53 in SEI), as a text track of the video. What reads them is fetched
 * when there are some.
 */
export class Captions {
  #video;
  #init = null;
  #reader = null;
  #isLoading = false;
  #waiting = [];

  constructor(video) {
    this.#video = video;
    const track = trackOf(video);
    if (track) for (const cue of Array.from(track.cues ?? [])) track.removeCue(cue);
  }

  /** What is seen from now on is set up so: the bytes of an initialization segment. */
  begin(init) {
    this.#init = init;
    if (this.#reader) this.#reader.begin(init);
    else if (this.#isLoading) this.#waiting.push({ init });
  }

  /**
   * Fragments, whole and in order.
   * @param offset seconds to add to their times to get the element's
   */
  see(bytes, offset = 0) {
    if (this.#reader) this.#reader.read(bytes, offset);
    else if (this.#isLoading) this.#waiting.length < waitingMax && this.#waiting.push({ bytes, offset });
    else if (hasCaptions(bytes)) this.#load(bytes, offset);
  }

  async #load(bytes, offset) {
    this.#isLoading = true;
    this.#waiting = [{ init: this.#init }, { bytes, offset }];
    try {
      const { CaptionReader } = await import("./caption-reader.js");
      this.#reader = new CaptionReader(this.#video, trackOf(this.#video) ?? makeTrack(this.#video));
      for (const { init, bytes: more, offset: by } of this.#waiting) {
        if (init) this.#reader.begin(init);
        else this.#reader.read(more, by);
      }
    } catch {
      // The next picture that has some tries again.
    }
    this.#isLoading = false;
    this.#waiting = [];
  }
}

const label = "CC1";
const trackOf = (video) => Array.from(video.textTracks).find((track) => track.label === label);

function makeTrack(video) {
  const track = video.addTextTrack("captions", label);
  track.mode = wantsCaptions() ? "showing" : "hidden";
  return track;
}

const key = "haat-captions";

/** What the viewer chose last, here. */
export const wantsCaptions = () => {
  try {
    return localStorage.getItem(key) === "on";
  } catch {
    return false;
  }
};

export const rememberCaptions = (isOn) => {
  try {
    localStorage.setItem(key, isOn ? "on" : "off");
  } catch {
    // Then it is forgotten.
  }
};

/** Looks for `GA94` alone: reading it right is the reader's affair. */
function hasCaptions(bytes) {
  for (let at = bytes.indexOf(0x47); at >= 0; at = bytes.indexOf(0x47, at + 1)) {
    if (bytes[at + 1] === 0x41 && bytes[at + 2] === 0x39 && bytes[at + 3] === 0x34) return true;
  }
  return false;
}

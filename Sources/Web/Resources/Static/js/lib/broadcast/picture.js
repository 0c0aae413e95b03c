/** A camera's pictures, encoded in a worker. `onmessage` is given what the worker says. */
export class Picture {
  #worker = new Worker(new URL("picture-worker.js", import.meta.url), { type: "module" });
  #video = null;
  #watch = 0;

  constructor(settings, onmessage) {
    this.#worker.onmessage = ({ data }) => onmessage(data);
    this.#worker.onerror = ({ message }) => onmessage({ type: "fault", message: message ?? "worker" });
    this.set(settings);
  }

  /** Takes its pictures from this track from now on; `video` shows the same track. */
  use(track, video) {
    this.#leave();
    if (globalThis.MediaStreamTrackProcessor) {
      // The worker reads a copy, so that the page's own preview is not held up.
      const { readable } = new MediaStreamTrackProcessor({ track: track.clone() });
      this.#worker.postMessage({ readable }, [readable]);
      return;
    }
    this.#video = video;
    const next = () => {
      if (this.#video !== video) return;
      if (video.readyState >= 2) {
        const picture = new VideoFrame(video, { timestamp: Math.round(performance.now() * 1000) });
        this.#worker.postMessage({ picture }, [picture]);
      }
      this.#watch = video.requestVideoFrameCallback(next);
    };
    this.#watch = video.requestVideoFrameCallback(next);
  }

  set(settings) {
    this.#worker.postMessage({ settings });
  }

  pause(isPaused) {
    this.#worker.postMessage({ isPaused });
  }

  key() {
    this.#worker.postMessage({ key: true });
  }

  stop() {
    this.#leave();
    this.#worker.terminate();
  }

  #leave() {
    this.#video?.cancelVideoFrameCallback?.(this.#watch);
    this.#video = null;
  }
}

// Gathers the audio thread's blocks of 128 samples into packets of 20 ms, and hands them to the page.
const PACKET = 960;

class Packets extends AudioWorkletProcessor {
  #left = new Float32Array(PACKET);
  #right = new Float32Array(PACKET);
  #filled = 0;

  process([input]) {
    const left = input[0];
    const length = left?.length ?? 128;
    for (let index = 0; index < length; index += 1) {
      this.#left[this.#filled] = left?.[index] ?? 0;
      this.#right[this.#filled] = (input[1] ?? left)?.[index] ?? 0;
      this.#filled += 1;
      if (this.#filled === PACKET) this.#hand();
    }
    return true;
  }

  #hand() {
    const samples = new Float32Array(2 * PACKET);
    samples.set(this.#left);
    samples.set(this.#right, PACKET);
    this.port.postMessage(samples, [samples.buffer]);
    this.#filled = 0;
  }
}

registerProcessor("packets", Packets);

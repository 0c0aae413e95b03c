import { call } from "../api.js";
import { end, protocol } from "./framing.js";

const WAITS = [300, 800, 1500, 3000, 5000];
const OPENING_MILLISECONDS = 10_000;
/** Words of the server after which trying again would change nothing. */
const FINAL = new Set(["refused", "taken_over", "ended", "finished"]);

/**
 * The WebSocket to the server, opened again and again until it is closed for good.
 *
 * - `state` `{ state, reason }`: `connecting`, `open` (what is sent counts), `accepted` (viewers can see it), `waiting`
 *   (lost; it comes back), `over` with the server's word for why.
 * - `word` with what else the server says.
 */
export class Connection extends EventTarget {
  #show;
  #socket = null;
  #tries = 0;
  #timer = 0;
  #isClosed = false;
  #online = () => this.#retry(0);

  constructor(show) {
    super();
    this.#show = show;
  }

  open() {
    addEventListener("online", this.#online);
    this.#connect();
  }

  /** Says good-bye; the stream waits no longer than its grace. */
  close() {
    this.send(end());
    this.#over("finished");
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Bytes that the network has not taken yet. */
  get waitingBytes() {
    return this.#socket?.bufferedAmount ?? 0;
  }

  send(message) {
    if (this.isOpen) this.#socket.send(message);
  }

  /** Begins anew: what waits to be sent is too old to be of use. */
  restart() {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    socket.close();
    this.#wait();
  }

  #connect() {
    if (this.#isClosed) return;
    this.#tell("state", { state: "connecting" });
    const address = new URL(`/api/v1/shows/${this.#show}/broadcast`, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address, [protocol]);
    this.#socket = socket;
    const patience = setTimeout(() => socket.close(), OPENING_MILLISECONDS);
    let wasOpen = false;
    let lastWord = null;
    socket.onopen = () => {
      clearTimeout(patience);
      wasOpen = true;
      this.#tell("state", { state: "open" });
    };
    socket.onmessage = ({ data }) => {
      const word = JSON.parse(data);
      if (word.type === "end") lastWord = word.reason;
      else if (word.type === "accepted") {
        this.#tries = 0;
        this.#tell("state", { state: "accepted", terms: word.terms });
      } else this.#tell("word", word);
    };
    socket.onclose = async () => {
      clearTimeout(patience);
      if (this.#socket !== socket || this.#isClosed) return;
      this.#socket = null;
      const reason = lastWord ?? (wasOpen ? null : await this.#refusal());
      if (this.#isClosed) return;
      if (FINAL.has(reason)) this.#over(reason);
      else this.#wait();
    };
  }

  /** A browser does not tell why a WebSocket was refused; the same address without one does. */
  async #refusal() {
    try {
      await call("GET", `/api/v1/shows/${this.#show}/broadcast`);
      return null;
    } catch (problem) {
      if (problem.isPassing || problem.status === 429 || problem.status === 500) return null;
      return problem.code === "show_ended" ? "ended" : "refused";
    }
  }

  #wait() {
    this.#tell("state", { state: "waiting" });
    const wait = WAITS[Math.min(this.#tries, WAITS.length - 1)];
    this.#tries += 1;
    this.#retry(wait * (0.8 + Math.random() * 0.4));
  }

  #retry(milliseconds) {
    if (this.#socket || this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), milliseconds);
  }

  #over(reason) {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    removeEventListener("online", this.#online);
    this.#socket?.close();
    this.#tell("state", { state: "over", reason });
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

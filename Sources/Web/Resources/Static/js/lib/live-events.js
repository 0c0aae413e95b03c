/**
 * The show's event stream: who asks to `hear` a kind of event (`state`, `timeline`, `stock` and others) is called with its data, and of `link` with
 * whether we are connected.
 *
 * The browser reconnects by itself and says what it saw last; we do so only when it gave up or when the server said
 * `reset`, and then without a past.
 */
export class LiveEvents extends EventTarget {
  #url;
  #source = null;
  #retry = 0;
  #timer = 0;
  #kinds = [];

  constructor(show) {
    super();
    this.#url = `/api/v1/shows/${show}/events`;
  }

  /** Asks for what is meant for those who run the show. Before `open`. */
  atDesk() {
    this.#url += "?desk=1";
  }

  open() {
    this.close();
    const source = new EventSource(this.#url);
    this.#source = source;
    this.#kinds.forEach((kind) => this.#listen(kind));
    source.addEventListener("open", () => {
      this.#retry = 0;
      this.#tell("link", true);
    });
    source.addEventListener("error", () => {
      this.#tell("link", false);
      if (source.readyState !== EventSource.CLOSED) return;
      this.#retry = Math.min(this.#retry + 1, 5);
      const wait = 500 * 2 ** this.#retry * (0.75 + Math.random() / 2);
      this.#timer = setTimeout(() => this.open(), wait);
    });
  }

  close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  /** Has `listener` called with the data of every event of a kind. */
  hear(kind, listener) {
    this.#kinds.push(kind);
    this.#listen(kind);
    this.addEventListener(kind, ({ detail }) => listener(detail));
  }

  #listen(kind) {
    this.#source?.addEventListener(kind, ({ data }) => this.#tell(kind, data ? JSON.parse(data) : {}));
  }

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

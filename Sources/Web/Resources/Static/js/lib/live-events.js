/**
 * The show's event stream. Dispatches `state`, `timeline`, `stock`, `offer`, `deal`, `coupon`, `giveaway`, `auction`, `chat`, `selling`, `viewers` and `reset` with the data as
 * `detail`, and `link` with whether we are connected.
 *
 * The browser reconnects by itself and says what it saw last; we do so only when it gave up or when the server said
 * `reset`, and then without a past.
 */
export class LiveEvents extends EventTarget {
  #url;
  #source = null;
  #retry = 0;
  #timer = 0;

  constructor(show) {
    super();
    this.#url = `/api/v1/shows/${show}/events`;
  }

  open() {
    this.close();
    const source = new EventSource(this.#url);
    this.#source = source;
    for (const kind of ["state", "timeline", "stock", "offer", "deal", "coupon", "giveaway", "auction", "chat", "selling", "viewers", "reset"]) {
      source.addEventListener(kind, ({ data }) => this.#tell(kind, data ? JSON.parse(data) : {}));
    }
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

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

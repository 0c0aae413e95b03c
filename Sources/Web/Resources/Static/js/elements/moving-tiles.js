/** How long a tile moves, how often one does while it is in view, and how many at a time. */
const shownMilliseconds = 5000;
const turnsMax = 3;
const patienceMilliseconds = 6000;
const inView = 0.6;
const atOnce = () => (matchMedia("(min-width: 60rem)").matches ? 2 : 1);

const stillness = matchMedia("(prefers-reduced-motion: reduce)");
const isSparing = () => navigator.connection?.saveData || /2g/.test(navigator.connection?.effectiveType ?? "");

/**
 * Shows some seconds of each tile's film (`data-film`) while it is in view, without sound, one or two at a time; nothing
 * where the reader wants it still, or pays for every byte. Its button stops all of it, and is remembered.
 */
class MovingTiles extends HTMLElement {
  /** How much of each tile in view is seen. */
  #seen = new Map();
  #turns = new Map();
  #shown = new Map();
  #watching = null;

  connectedCallback() {
    stillness.addEventListener("change", this.#look);
    document.addEventListener("visibilitychange", this.#look);
    this.#button.addEventListener("click", () => {
      keepStill(!wantsStill());
      this.#look();
    });
    this.#look();
  }

  disconnectedCallback() {
    stillness.removeEventListener("change", this.#look);
    document.removeEventListener("visibilitychange", this.#look);
    this.#stop();
  }

  get #button() {
    return this.querySelector("button");
  }

  #look = () => {
    const mayMove = !stillness.matches && !isSparing();
    // Its place is kept, so that nothing moves when it comes.
    this.toggleAttribute("ready", mayMove);
    this.#button.setAttribute("aria-pressed", String(wantsStill()));
    if (!mayMove || wantsStill() || document.hidden) this.#stop();
    else this.#begin();
  };

  #begin() {
    if (this.#watching) return;
    this.#watching = new IntersectionObserver((entries) => {
      for (const { target, intersectionRatio } of entries) {
        this.#seen.set(target, intersectionRatio);
        if (intersectionRatio >= inView) continue;
        this.#end(target);
        // Seen again, it moves again.
        if (intersectionRatio === 0) this.#turns.delete(target);
      }
      this.#next();
    }, { threshold: [0, inView] });
    for (const tile of document.querySelectorAll("[data-film]")) this.#watching.observe(tile);
  }

  #stop() {
    this.#watching?.disconnect();
    this.#watching = null;
    for (const tile of [...this.#shown.keys()]) this.#end(tile);
  }

  /** The one that moved least goes first, and then as they stand. */
  #next() {
    while (this.#watching && this.#shown.size < atOnce()) {
      const waiting = [...document.querySelectorAll("[data-film]")].filter((tile) =>
        (this.#seen.get(tile) ?? 0) >= inView && !this.#shown.has(tile) && this.#taken(tile) < turnsMax);
      if (waiting.length === 0) return;
      this.#show(waiting.reduce((first, tile) => (this.#taken(tile) < this.#taken(first) ? tile : first)));
    }
  }

  #taken(tile) {
    return this.#turns.get(tile) ?? 0;
  }

  #show(tile) {
    this.#turns.set(tile, this.#taken(tile) + 1);
    const video = document.createElement("video");
    video.muted = true;
    video.playsInline = true;
    video.disableRemotePlayback = true;
    video.tabIndex = -1;
    video.setAttribute("aria-hidden", "true");
    video.className = "moving";
    const over = () => {
      this.#end(tile);
      this.#next();
    };
    // What does not come soon is no reason for the others to wait, nor to try it again.
    let timer = setTimeout(() => {
      this.#turns.set(tile, turnsMax);
      over();
    }, patienceMilliseconds);
    video.addEventListener("playing", () => {
      clearTimeout(timer);
      video.classList.add("plays");
      timer = setTimeout(over, shownMilliseconds);
    }, { once: true });
    video.addEventListener("ended", over);
    video.addEventListener("error", () => {
      if (!this.#shown.has(tile)) return;
      this.#turns.set(tile, turnsMax);
      over();
    });
    this.#shown.set(tile, { video, stop: () => clearTimeout(timer) });
    video.src = tile.dataset.film;
    (tile.querySelector("img") ?? tile.firstElementChild).after(video);
    video.play().catch(() => {});
  }

  #end(tile) {
    const shown = this.#shown.get(tile);
    if (!shown) return;
    this.#shown.delete(tile);
    shown.stop();
    shown.video.remove();
    // So that nothing more of it is fetched.
    shown.video.removeAttribute("src");
    shown.video.load();
  }
}

function wantsStill() {
  try {
    return localStorage.getItem("haat.still") === "on";
  } catch {
    return false;
  }
}

function keepStill(isWanted) {
  try {
    localStorage.setItem("haat.still", isWanted ? "on" : "off");
  } catch {
    // Then it lasts as long as the page.
  }
}

customElements.define("moving-tiles", MovingTiles);

// A show in any page: `<haat-show show="…"></haat-show>` (docs/embed.md). Served as /embed.js; it stands alone.

/** Where this script is from, and so where the frame is from: who talks to anybody else is not heard. */
const home = new URL(import.meta.url).origin;
const id = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** How keys begin that nobody but their owner may have. */
const secret = /^(haat_|sk_|rk_|whsec_)/i;
const told = ["ready", "live", "ended", "buy", "bag", "order", "error"];
/** How long a frame that has loaded may take to answer. */
const patienceMilliseconds = 10_000;

/** The frame is as high as its width asks for, before it has said a word: what is below does not move. */
const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  :host { display: block; container-type: inline-size; min-inline-size: 280px; }
  :host([hidden]) { display: none; }
  iframe { display: block; inline-size: 100%; block-size: clamp(480px, 177.78cqi, max(480px, 92svh)); border: 0; border-radius: var(--corners, 16px); background: rgb(127 127 127 / 12%); color-scheme: normal; }
  .horizontal { block-size: clamp(480px, 150cqi, max(480px, 92svh)); }
  @container (min-width: 640px) { iframe { block-size: clamp(560px, 80cqi, 680px); } }
  @container (min-width: 960px) { iframe { block-size: clamp(560px, 62cqi, 820px); } }
`);

/**
 * The player, the chat and the checkout of a show, or of a clip, in a frame.
 *
 * Attributes: `show` or `clip`, `partner`, `theme` (`light`, `dark`), `accent` (`#rrggbb`), `corners` (pixels), `lang`, `market`, `muted`,
 * `autoplay` (`off`). Events, which bubble: `haat:ready`, `haat:live`, `haat:ended`, `haat:buy`, `haat:bag`, `haat:order`, `haat:error`.
 */
class HaatShow extends HTMLElement {
  static observedAttributes = ["show", "clip", "partner", "theme", "accent", "corners", "lang", "market", "muted", "autoplay"];

  #frame = null;
  #port = null;
  #waiting = [];
  #timer = 0;
  #isAsked = false;
  #isReady = false;
  #root = this.attachShadow({ mode: "open" });

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [sheet];
  }

  connectedCallback() {
    this.#ask();
  }

  disconnectedCallback() {
    this.#leave();
    this.#frame?.remove();
    this.#frame = null;
  }

  attributeChangedCallback(name, before, after) {
    if (before === after || !this.isConnected) return;
    if (name === "corners") this.#round();
    else if (name === "muted" && this.#frame) this.#command(after === null ? "unmute" : "mute");
    else this.#ask();
  }

  play() {
    this.#command("play");
  }

  pause() {
    this.#command("pause");
  }

  mute() {
    this.#command("mute");
  }

  /** A browser may want a gesture first, and then the show goes on without sound. */
  unmute() {
    this.#command("unmute");
  }

  openBag() {
    this.#command("openBag");
  }

  openProduct(product) {
    this.#command("openProduct", String(product));
  }

  /** Several attributes that change at once are one frame. */
  #ask() {
    if (this.#isAsked) return;
    this.#isAsked = true;
    queueMicrotask(() => {
      this.#isAsked = false;
      if (this.isConnected) this.#open();
    });
  }

  #open() {
    this.#leave();
    const frame = document.createElement("iframe");
    frame.src = this.#address;
    frame.title = this.title || "Haat";
    frame.allow = "autoplay; fullscreen; picture-in-picture; encrypted-media; clipboard-write";
    // The frame's server learns whose page this is, and no more, also where the page tells nobody.
    frame.referrerPolicy = "strict-origin";
    frame.loading = "lazy";
    frame.part = "frame";
    frame.addEventListener("load", () => this.#connect(frame));
    this.#frame?.remove();
    this.#frame = frame;
    this.#round();
    this.#root.append(frame);
  }

  get #address() {
    const [show, clip, partner] = ["show", "clip", "partner"].map((name) => this.getAttribute(name)?.trim() ?? "");
    const query = new URLSearchParams();
    const lang = (this.lang || this.parentElement?.closest("[lang]")?.lang || "").slice(0, 2).toLowerCase();
    if (/^[a-z]{2}$/.test(lang)) query.set("lang", lang);
    // It is not sent anywhere: it should not have been here.
    if (secret.test(partner)) return `${home}/embed/refused/secret_key?${query}`;
    if (!id.test(clip || show)) return `${home}/embed/refused/not_found?${query}`;
    const accent = /^#?([0-9a-f]{6}|[0-9a-f]{3})$/i.exec(this.getAttribute("accent") ?? "");
    const market = /^[a-z]{2}$/i.exec(this.getAttribute("market") ?? "");
    if (partner) query.set("partner", partner.slice(0, 100));
    if (["light", "dark"].includes(this.getAttribute("theme"))) query.set("theme", this.getAttribute("theme"));
    if (accent) query.set("accent", accent[1].toLowerCase());
    if (market) query.set("market", market[0].toUpperCase());
    if (this.hasAttribute("muted")) query.set("muted", "1");
    if (this.getAttribute("autoplay") === "off") query.set("autoplay", "0");
    return `${home}/embed/${clip ? `clips/${clip}` : show}?${query}`;
  }

  #round() {
    const corners = Number(this.getAttribute("corners") ?? 16);
    this.#frame?.style.setProperty("--corners", `${corners >= 0 && corners <= 40 ? corners : 16}px`);
  }

  /** Hands the frame one end of a channel; whoever is in it and is not from home cannot take it. */
  #connect(frame) {
    if (frame !== this.#frame) return;
    this.#leave();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }) => this.#heard(data);
    this.#timer = setTimeout(() => this.#tell("error", { code: "no_answer" }), patienceMilliseconds);
    frame.contentWindow.postMessage({ haat: 1, kind: "connect" }, home, [port2]);
  }

  #leave() {
    clearTimeout(this.#timer);
    this.#port?.close();
    this.#port = null;
    this.#isReady = false;
  }

  #heard(data) {
    if (!told.includes(data?.kind)) return;
    clearTimeout(this.#timer);
    const { kind, detail = {} } = data;
    if (kind === "ready") {
      if (!this.title && typeof detail.title === "string") this.#frame.title = detail.title;
      this.#frame.classList.toggle("horizontal", detail.orientation === "horizontal");
      for (const command of this.#waiting.splice(0)) this.#port.postMessage(command);
      this.#isReady = true;
    }
    this.#tell(kind, detail);
  }

  #command(command, value) {
    if (this.#isReady && this.#port) this.#port.postMessage({ command, value });
    else if (this.#waiting.length < 20) this.#waiting.push({ command, value });
  }

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(`haat:${kind}`, { detail, bubbles: true, composed: true }));
  }
}

if (!customElements.get("haat-show")) customElements.define("haat-show", HaatShow);

import { call, insist } from "../lib/api.js";
import { bestWay, Broadcaster } from "../lib/broadcast/broadcaster.js";
import { camera, DeviceFault, list, microphone } from "../lib/broadcast/devices.js";
import { busy, h, icon, part, say } from "../lib/dom.js";
import { number, refusal, t } from "../lib/strings.js";

const KEPT = "haat-camera";

/** Where a host turns on the camera, sees the picture alone, and then shows it to everyone. */
export class CameraDesk extends HTMLElement {
  #broadcaster = null;
  #tracks = {};
  #facing = "user";
  #isMuted = false;
  #isLive = false;
  #lock = null;
  #wanted = this.#kept();
  #leaving = (event) => {
    if (this.#isLive) event.preventDefault();
  };
  #seen = () => {
    if (document.hidden) return;
    this.#broadcaster?.wake();
    if (this.#isLive) this.#keepAwake();
  };

  connectedCallback() {
    const on = (name, work) => part(this, name).addEventListener("click", (event) =>
      busy(event.currentTarget, work).catch((problem) => this.#complain(problem)));
    on("turn-on", () => this.#turnOn());
    on("go", () => this.#go());
    on("halt", () => this.#halt());
    on("mute", () => this.#mute(!this.#isMuted));
    on("turn", () => this.#turn());
    part(this, "camera").addEventListener("change", ({ target }) => this.#chose({ camera: target.value }));
    part(this, "microphone").addEventListener("change", ({ target }) => this.#chose({ microphone: target.value }));
    part(this, "quality").addEventListener("change", ({ target }) => this.#chose({ short: Number(target.value) }));
    part(this, "shape").addEventListener("change", ({ target }) => this.#chose({ shape: target.value }));
    part(this, "quality").value = String(this.#wanted.short);
    part(this, "shape").value = this.#wanted.shape;
    addEventListener("beforeunload", this.#leaving);
    document.addEventListener("visibilitychange", this.#seen);
    part(this, "turn-on").disabled = false;
  }

  disconnectedCallback() {
    removeEventListener("beforeunload", this.#leaving);
    document.removeEventListener("visibilitychange", this.#seen);
    this.#broadcaster?.stop();
    for (const track of Object.values(this.#tracks)) track?.stop();
  }

  /** As a lost network would: the connection is cut, and comes back by itself. */
  drop() {
    this.#broadcaster?.drop();
  }

  get #show() {
    return this.getAttribute("show");
  }

  // The devices

  async #turnOn() {
    this.#complain(null);
    const way = await bestWay(this.getAttribute("way") ?? new URLSearchParams(location.search).get("way"));
    if (!way.way) throw new DeviceFault("unsupported");
    await this.#useCamera();
    this.#broadcaster = new Broadcaster(this.#show, way, this.#wanted);
    this.#broadcaster.addEventListener("state", ({ detail }) => this.#stateChanged(detail));
    this.#broadcaster.addEventListener("word", ({ detail }) => this.#told(detail));
    this.#broadcaster.addEventListener("fault", () => this.#complain(new DeviceFault("encoder")));
    this.#broadcaster.useCamera(this.#tracks.camera, part(this, "preview"));
    await this.#broadcaster.sounds;
    await this.#useMicrophone().catch((problem) => this.#complain(problem, "microphone"));
    await this.#listDevices();
    navigator.mediaDevices.addEventListener("devicechange", () => this.#listDevices());
    this.setAttribute("stage", "ready");
    this.setAttribute("chosen-way", way.way);
    this.#showLevel();
    part(this, "go").focus();
  }

  async #useCamera() {
    const { camera: id, short } = this.#wanted;
    // A phone has one camera open at a time: the old one is closed before the new one is asked for.
    this.#tracks.camera?.stop();
    this.#tracks.camera = await camera({ id, facing: this.#facing, short }).catch((problem) => {
      // The one that was chosen last time is not there today.
      if (!id || problem.word === "denied") throw problem;
      return camera({ facing: this.#facing, short });
    });
    const preview = part(this, "preview");
    preview.srcObject = new MediaStream([this.#tracks.camera]);
    await preview.play().catch(() => {});
    const { facingMode } = this.#tracks.camera.getSettings();
    // One sees oneself as in a mirror; viewers see what is.
    preview.toggleAttribute("data-mirrored", facingMode !== "environment");
    this.#broadcaster?.useCamera(this.#tracks.camera, preview);
    this.#tracks.camera.addEventListener("ended", () => this.#complain(new DeviceFault("taken")), { once: true });
  }

  async #useMicrophone() {
    const before = this.#tracks.microphone;
    const id = this.#wanted.microphone;
    this.#tracks.microphone = await microphone({ id }).catch((problem) => {
      if (!id || problem.word === "denied") throw problem;
      return microphone({});
    });
    before?.stop();
    this.#broadcaster.useMicrophone(this.#tracks.microphone);
  }

  async #listDevices() {
    const { cameras, microphones } = await list();
    const fill = (name, devices, track) => {
      const select = part(this, name);
      select.replaceChildren(...devices.map((device, index) =>
        h("option", { value: device.deviceId }, device.label || t(`camera.${name}Number`, { number: index + 1 }))));
      const chosen = track?.getSettings().deviceId;
      if (chosen) select.value = chosen;
      select.disabled = devices.length === 0;
    };
    fill("camera", cameras, this.#tracks.camera);
    fill("microphone", microphones, this.#tracks.microphone);
    part(this, "turn").hidden = cameras.length < 2;
  }

  async #chose(choice) {
    this.#wanted = { ...this.#wanted, ...choice };
    localStorage.setItem(KEPT, JSON.stringify(this.#wanted));
    if (!this.#broadcaster) return;
    try {
      if ("shape" in choice) this.#broadcaster.shape(choice.shape);
      if ("short" in choice) this.#broadcaster.limit(choice.short);
      if ("camera" in choice || "short" in choice) await this.#useCamera();
      if ("microphone" in choice) await this.#useMicrophone();
      this.#complain(null);
    } catch (problem) {
      this.#complain(problem);
    }
  }

  /** Front and back, on a phone; the next one elsewhere. */
  async #turn() {
    const { cameras } = await list();
    const now = this.#tracks.camera?.getSettings();
    this.#facing = now?.facingMode === "environment" ? "user" : "environment";
    const index = cameras.findIndex(({ deviceId }) => deviceId === now?.deviceId);
    this.#wanted.camera = now?.facingMode ? undefined : cameras[(index + 1) % cameras.length]?.deviceId;
    await this.#useCamera();
    await this.#listDevices();
  }

  #mute(isMuted) {
    this.#isMuted = isMuted;
    if (this.#broadcaster) this.#broadcaster.muted = isMuted;
    const button = part(this, "mute");
    button.setAttribute("aria-pressed", String(isMuted));
    say(part(button, "label"), t(isMuted ? "camera.unmute" : "camera.mute"));
  }

  #showLevel() {
    if (!this.isConnected || !this.#broadcaster) return;
    part(this, "level").value = this.#isMuted ? 0 : this.#broadcaster.level;
    requestAnimationFrame(() => this.#showLevel());
  }

  // On air

  async #go() {
    this.#complain(null);
    this.#isLive = true;
    this.setAttribute("stage", "live");
    this.#broadcaster.wake();
    this.#broadcaster.go();
    this.#keepAwake();
  }

  async #halt() {
    if (!confirm(t("camera.haltConfirm"))) return;
    this.#ended();
    this.#broadcaster.halt();
  }

  #ended() {
    this.#isLive = false;
    this.setAttribute("stage", "ready");
    this.#lock?.release().catch(() => {});
    this.#lock = null;
    say(part(this, "figures"), "");
    part(this, "state").className = "badge";
    say(part(this, "state"), t("camera.private"));
  }

  /** The show is over, for good: the camera goes off, and nothing here can turn it on again. */
  #close() {
    this.#broadcaster.stop();
    this.#broadcaster = null;
    for (const track of Object.values(this.#tracks)) track?.stop();
    this.setAttribute("stage", "over");
  }

  #stateChanged({ state, reason }) {
    if (state === "over") {
      if (this.#isLive) this.#ended();
      if (reason === "ended") this.#close();
      if (reason !== "finished") this.#complain(new DeviceFault(`over_${reason}`));
      return;
    }
    const isSeen = state === "accepted";
    part(this, "state").className = isSeen ? "badge live" : "badge warn";
    say(part(this, "state"), t(isSeen ? "camera.onAir" : state === "waiting" ? "camera.waiting" : "camera.connecting"));
    this.setAttribute("link", state);
    if (isSeen && this.getAttribute("state") === "scheduled") this.#startShow();
  }

  /** The picture is there; the show may begin. */
  #startShow() {
    this.setAttribute("state", "live");
    insist(() => call("PUT", `/api/v1/shows/${this.#show}/state`, { state: "live" })).catch((problem) => {
      this.setAttribute("state", "scheduled");
      this.#complain(problem);
    });
  }

  #told({ state, bitrateBitsPerSecond, framesPerSecond, viewers }) {
    if (!this.#isLive) return;
    this.toggleAttribute("data-flowing", state === "live");
    say(part(this, "figures"), t("camera.figures", {
      bits: (bitrateBitsPerSecond / 1e6).toFixed(1), rate: Math.round(framesPerSecond), viewers: number(viewers),
    }));
  }

  async #keepAwake() {
    this.#lock = await navigator.wakeLock?.request("screen").catch(() => null) ?? null;
  }

  #complain(problem, about) {
    const place = part(this, "complaint");
    place.hidden = !problem;
    if (!problem) return;
    const words = problem instanceof DeviceFault
      ? t(about && problem.word === "none" ? "camera.noMicrophone" : `camera.${problem.word}`)
      : "code" in problem ? refusal(problem) : t("camera.failed");
    place.replaceChildren(icon("warn"), h("span", {}, words));
  }

  #kept() {
    try {
      return { short: 720, shape: "camera", ...JSON.parse(localStorage.getItem(KEPT) ?? "{}") };
    } catch {
      return { short: 720, shape: "camera" };
    }
  }
}

customElements.define("camera-desk", CameraDesk);

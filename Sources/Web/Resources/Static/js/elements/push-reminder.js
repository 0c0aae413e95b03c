import { call, insist } from "../lib/api.js";
import { busy } from "../lib/dom.js";
import { refusal, t } from "../lib/strings.js";

/** By which the server knows this browser again; the reminder of each show is asked of it. */
const TOKEN = "haat-reminders";

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const same = (a, b) => a && text(a) === text(b);

/** Reminds of a show in this browser, where it can. Hidden where it cannot. */
class PushReminder extends HTMLElement {
  #reminder = null;

  connectedCallback() {
    if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return;
    this.hidden = false;
    this.#button.addEventListener("click", () => busy(this.#button, () => this.#press()));
    this.#look();
  }

  get #button() { return this.querySelector("button"); }
  get #note() { return this.querySelector("[data-part=note]"); }
  get #show() { return this.getAttribute("show"); }
  get #known() { return { token: localStorage.getItem(TOKEN) }; }

  #say(words) {
    this.#note.textContent = words;
    this.#note.hidden = !words;
  }

  #paint() {
    this.#button.textContent = t(this.#reminder ? "push.off" : "push.on");
    this.#button.classList.toggle("buy", !this.#reminder);
    if (this.#reminder) this.#say(t("push.isOn"));
  }

  /** Whether this browser is reminded already. */
  async #look() {
    const registration = await navigator.serviceWorker.getRegistration("/");
    const subscription = await registration?.pushManager.getSubscription();
    if (subscription && localStorage.getItem(TOKEN)) {
      try {
        const list = await insist(() => call("GET", "/api/v1/reminders", undefined, this.#known));
        this.#reminder = list.items.find((item) => item.show.id === this.#show && item.way === "push") ?? null;
      } catch {
        localStorage.removeItem(TOKEN);
      }
    }
    if (Notification.permission === "denied") this.#say(t("push.denied"));
    this.#paint();
  }

  async #press() {
    this.#say("");
    try {
      if (this.#reminder) await this.#end();
      else await this.#begin();
      this.#paint();
    } catch (problem) {
      this.#say(problem.code ? refusal(problem) : t("push.failed"));
    }
  }

  async #end() {
    await insist(() => call("DELETE", `/api/v1/reminders/${this.#reminder.id}`, undefined, this.#known));
    this.#reminder = null;
  }

  async #begin() {
    if (await Notification.requestPermission() !== "granted") {
      this.#say(t("push.denied"));
      return;
    }
    const { publicKey } = await insist(() => call("GET", "/api/v1/push"));
    await navigator.serviceWorker.register("/service-worker.js", { scope: "/" });
    const registration = await navigator.serviceWorker.ready;
    let subscription = await registration.pushManager.getSubscription();
    // One that was made with another key reaches nobody.
    if (subscription && !same(subscription.options.applicationServerKey, bytes(publicKey).buffer)) {
      await subscription.unsubscribe();
      subscription = null;
    }
    subscription ??= await registration.pushManager.subscribe({
      userVisibleOnly: true, applicationServerKey: bytes(publicKey),
    });
    const answer = await insist(() => call("POST", `/api/v1/shows/${this.#show}/reminders`, {
      way: "push",
      subscription: {
        endpoint: subscription.endpoint,
        keys: { p256dh: text(subscription.getKey("p256dh")), auth: text(subscription.getKey("auth")) },
      },
    }));
    localStorage.setItem(TOKEN, answer.token);
    this.#reminder = answer.reminder;
  }
}

customElements.define("push-reminder", PushReminder);

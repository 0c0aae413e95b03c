import { call, insist } from "../lib/api.js";
import { busy, h, icon, part, say } from "../lib/dom.js";
import { language, learn, refusal, t } from "../lib/strings.js";
import { visitor } from "../lib/visitor.js";

const REASONS = ["scam", "counterfeit", "dangerous", "abuse", "sexual", "privacy", "other"];

/** Offers to pass a show or a clip on, and to tell the operator of it. */
export async function offer(live) {
  document.head.append(h("link", { rel: "stylesheet", href: new URL("../../css/share.css", import.meta.url).href }));
  learn(await insist(() => call("GET", `/words/share?lang=${language}`)));
  const clip = live.getAttribute("clip");
  const path = clip ? `/clips/${clip}` : `/watch/${live.getAttribute("show")}`;
  const title = live.querySelector("h1")?.textContent ?? document.title;
  let dialog = null;

  const button = h("button", {
    class: "button round glass share", type: "button", "aria-label": t("share.title"), "aria-haspopup": "dialog",
    click: () => {
      dialog ??= sheet(live, clip, new URL(path, location.origin).href, title);
      dialog.showModal();
    },
  }, icon("share"));
  const signs = live.querySelector(".signs");
  if (signs) signs.append(button);
  else live.querySelector(".clip-words .row").append(button);
}

function sheet(live, clip, address, title) {
  const close = () => dialog.close();
  const note = h("p", { class: "small", role: "status", "data-part": "share-note" });
  const field = h("input", { class: "input", readonly: true, value: address, "aria-label": t("share.link"), focus: () => field.select() });

  async function copy() {
    try {
      await navigator.clipboard.writeText(address);
      say(note, t("share.copied"));
    } catch {
      // Without leave to write there, it can be taken by hand.
      field.select();
    }
  }

  const dialog = h("dialog", { class: "drawer share-sheet", "aria-labelledby": "share-title" },
    h("div", { class: "drawer-head" }, h("h2", { id: "share-title", tabindex: "-1" }, t("share.title")),
      h("button", { class: "button round quiet", type: "button", "aria-label": t("share.close"), click: close }, icon("close"))),
    h("div", { class: "drawer-body" },
      h("div", { class: "row still" }, field,
        h("button", { class: "button strong", type: "button", click: copy }, icon("copy"), t("share.copy"))),
      navigator.share && h("button", {
        class: "button buy whole", type: "button", click: () => navigator.share({ title, url: address }).catch(() => {}),
      }, icon("share"), t("share.withApp")),
      note, complaint(live, clip)));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) close();
  });
  live.append(dialog);
  return dialog;
}

/** The way to the operator: a reason, and what else there is to say. */
function complaint(live, clip) {
  const form = h("form", { class: "stack", submit: (event) => {
    event.preventDefault();
    busy(part(form, "send"), send);
  } },
    h("div", { class: "chips", role: "group", "aria-label": t("share.why") }, REASONS.map((reason) =>
      h("label", { class: "chip" },
        h("input", { type: "radio", name: "reason", value: reason, required: true }), h("span", {}, t(`share.reason_${reason}`))))),
    h("div", { class: "field" }, h("label", { for: "flag-note" }, t("share.note")),
      h("textarea", { id: "flag-note", name: "note", maxlength: 500 })),
    h("button", { class: "button danger", "data-part": "send" }, t("share.send")));
  const details = h("details", {}, h("summary", {}, t(clip ? "share.reportClip" : "share.reportShow")), form);

  async function send() {
    const { reason, note } = Object.fromEntries(new FormData(form));
    let words = t("share.thanks");
    try {
      await insist(() => call("PUT", clip ? `/api/v1/clips/${clip}/flag` : `/api/v1/shows/${live.getAttribute("show")}/flag`,
        { reason, note }, { visitor: visitor() }));
    } catch (problem) {
      words = refusal(problem);
    }
    details.replaceWith(h("p", { class: "notice", role: "status" }, words));
  }

  return details;
}

import { call } from "../lib/api.js";
import { language, learn } from "../lib/strings.js";

/** What a watch page does without in its first seconds. */
export function bring(live) {
  for (const name of ["follow-button", "share-sheet", "chat-report", "chat-talk"]) import(`./${name}.js`).then(({ offer }) => offer(live)).catch(() => {});
  // A show that is watched again has no crowd.
  if (live.room.events) import("./live-crowd.js").then(({ begin }) => begin(live)).catch(() => {});
  import("./show-interest.js").then(({ follow }) => follow(live)).catch(() => {});
  import("./on-screen.js").then(({ follow }) => follow(live)).catch(() => {});
  import("../lib/keep-offline.js").then(({ keepOffline }) => keepOffline()).catch(() => {});
  // What refusals mean: until somebody was refused something nobody needs it, and that takes longer than this.
  call("GET", `/words/refusals?lang=${language}`).then(learn, () => {});
}

/** What a watch page does without in its first seconds. */
export function bring(live) {
  for (const name of ["follow-button", "chat-report", "chat-talk"]) import(`./${name}.js`).then(({ offer }) => offer(live)).catch(() => {});
  // A show that is watched again has no crowd.
  if (live.room.events) import("./live-crowd.js").then(({ begin }) => begin(live)).catch(() => {});
  import("./on-screen.js").then(({ follow }) => follow(live)).catch(() => {});
}

import { call, insist } from "../lib/api.js";
import { busy, h, icon } from "../lib/dom.js";
import { language, learn, plural, refusal, t } from "../lib/strings.js";

/** By which the API knows the channel of a watch page. */
export const handleOf = (live) => live.data.seller.url.slice(2);

/** Where the header has no room for words, a sign stands for them. */
const narrow = matchMedia("(max-width: 30rem)");

/** Offers to follow the seller, in the player's header. A guest is led to sign in. */
export async function offer(live) {
  const path = `/api/v1/channels/${handleOf(live)}`;
  const [words, channel] = await Promise.all([
    insist(() => call("GET", `/words/follow?lang=${language}`)), insist(() => call("GET", path)),
  ]);
  learn(words);
  const button = live.data.account
    ? h("button", { class: "button glass follow", type: "button", click: () => busy(button, press) })
    : h("a", { class: "button glass follow", href: `/sign-in?return=${encodeURIComponent(location.pathname)}` });
  let following = channel;

  function show() {
    const { isFollowed, followers } = following;
    const words = t(isFollowed ? "follow.following" : "follow.follow");
    button.classList.toggle("round", narrow.matches);
    if (narrow.matches) button.replaceChildren(icon(isFollowed ? "check" : "plus"), h("span", { class: "unseen" }, words));
    else button.replaceChildren(words);
    button.title = plural("follow.count", followers);
    if (live.data.account) button.setAttribute("aria-pressed", String(isFollowed));
  }

  const notice = h("p", { class: "notice warn small", role: "status" });

  async function press() {
    notice.remove();
    try {
      const method = following.isFollowed ? "DELETE" : "PUT";
      const detail = await insist(() => call(method, `${path}/follow`));
      live.dispatchEvent(new CustomEvent("follow", { detail }));
    } catch (problem) {
      notice.textContent = problem.code === "too_many_follows" ? t("follow.tooMany") : refusal(problem);
      live.querySelector(".counter").prepend(notice);
    }
  }

  live.addEventListener("follow", ({ detail }) => {
    following = detail;
    show();
  });
  narrow.addEventListener("change", show);
  show();
  live.querySelector(".seller").after(button);
}

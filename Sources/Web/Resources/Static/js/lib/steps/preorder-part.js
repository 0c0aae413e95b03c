import { call } from "../api.js";
import { h, say } from "../dom.js";
import { money } from "../money.js";
import { language, learn, locale, t } from "../strings.js";

let fetched = null;

/** The words of preorders, fetched with the first. */
export const words = () => (fetched ??= call("GET", `/words/preorder?lang=${language}`).then(learn, () => {
  fetched = null;
}));

const dates = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" });
const expected = ({ shipsBy }) => t("preorder.expected", { date: dates.format(new Date(shipsBy)) });

/** What is paid now and later of one unit, where a product is chosen; the button says so unless it says a sum. It goes into no bag. */
export async function offer(preorder, stock, terms, add, buy) {
  add.disabled = true;
  const before = stock.textContent;
  await words();
  // Somebody has chosen another meanwhile.
  if (!fetched || stock.textContent !== before) return;
  const { deposit, balance, payDays } = preorder;
  const now = balance.minor === 0
    ? t("preorder.wholeNow", { amount: money(deposit) })
    : t("preorder.nowAndLater", { deposit: money(deposit), balance: money(balance), days: payDays });
  stock.classList.remove("low");
  say(stock, `${t("preorder.one")}. ${expected(preorder)}`);
  say(terms, `${now} ${t("preorder.mayCancel")}`);
  if (buy) say(buy, t("preorder.one"));
}

/** Rows below the sums of a quote: what is paid later, and when it is expected. */
export async function later(preorder, sums) {
  await words();
  if (!fetched || sums.querySelector("[data-later]")) return;
  const { total, shipping } = preorder;
  const row = (name, value, kind = "small") => h("div", { class: kind, "data-later": "" }, h("dt", {}, name), h("dd", {}, value));
  if (total.minor > 0) {
    sums.append(row(t("preorder.balance"), money(total), ""));
    if (shipping.minor > 0) {
      const now = [...sums.querySelectorAll("dt")].find((name) => name.textContent === t("checkout.shipping"));
      if (now) say(now.nextElementSibling, t("preorder.withBalance"));
      sums.append(row(t("preorder.balanceShipping"), money(shipping)));
    }
  }
  sums.append(row(t("preorder.shipsBy"), dates.format(new Date(preorder.shipsBy))),
    h("p", { class: "small soft", "data-later": "" }, t("preorder.mayCancel")));
}

import { h, icon } from "../lib/dom.js";
import { rememberedBuyer } from "../lib/buyer.js";
import { BagStep, ShelfStep } from "../lib/steps/bag-step.js";
import { ChooseStep } from "../lib/steps/choose-step.js";
import { DetailsStep } from "../lib/steps/details-step.js";
import { DoneStep } from "../lib/steps/done-step.js";
import { ReviewStep } from "../lib/steps/review-step.js";
import { t } from "../lib/strings.js";

/**
 * Buying, step by step, in a drawer over the video that plays on: product → details → review and pay → done.
 *
 * A step is an object with a `title`, a `body` and a `foot` (nodes), and may have `back` (where the arrow leads),
 * `refresh` (products or stock changed) and `left` (it is no longer shown).
 */
export class BagDrawer extends HTMLElement {
  #dialog;
  #title;
  #back;
  #body;
  #foot;
  #step = null;
  #wallet = null;

  connectedCallback() {
    this.live = this.closest("live-room");
    const { data } = this.live;
    /** The buyer as far as known: remembered on this device, or from the account. */
    this.buyer = rememberedBuyer() ?? (data.account && { email: data.account.email, name: data.account.name });
    this.#back = h("button", { class: "button round quiet", type: "button", "aria-label": t("checkout.back"), click: () => this.#goBack() }, icon("back"));
    this.#title = h("h2", { id: "drawer-title", tabindex: "-1" });
    this.#body = h("div", { class: "drawer-body" });
    this.#foot = h("div", { class: "drawer-foot" });
    this.#dialog = h("dialog", { class: "drawer", "aria-labelledby": "drawer-title", close: () => this.#closed() },
      h("div", { class: "drawer-head" },
        this.#back, this.#title,
        h("button", { class: "button round quiet", type: "button", "aria-label": t("checkout.close"), click: () => this.close() }, icon("close"))),
      this.#body, this.#foot);
    // A tap on the video closes the drawer: only the backdrop is the dialog itself.
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.close();
    });
    this.append(this.#dialog);
    this.live.room.goods.addEventListener("change", () => this.#step?.refresh?.());
  }

  /** What a signed-in buyer keeps, fetched when it is first needed; null for a guest. */
  get wallet() {
    this.#wallet ??= this.live.data.account
      ? import("../lib/wallet.js").then(({ openWallet }) => openWallet(), () => null) : Promise.resolve(null);
    return this.#wallet;
  }

  /** It has changed. */
  forgetWallet() {
    this.#wallet = null;
  }

  openProduct(product) {
    this.#show(new ChooseStep(this, product));
  }

  /** The bag, or what there is to put into it. */
  openBag() {
    this.#show(this.live.bag.count > 0 ? new BagStep(this) : new ShelfStep(this));
  }

  openShelf() {
    this.#show(new ShelfStep(this));
  }

  /** On to the next thing we do not know yet: the details, or else the review. */
  async checkOut() {
    const { account } = this.live.data;
    this.buyer = this.buyer?.address ? this.buyer : (await this.wallet)?.buyer(account, this.live.room.market) ?? this.buyer;
    this.#show(this.buyer?.address ? new ReviewStep(this) : new DetailsStep(this));
  }

  changeDetails() {
    this.#show(new DetailsStep(this));
  }

  finish(orders, isPaid, keepsBag) {
    this.#show(new DoneStep(this, orders, isPaid, keepsBag));
  }

  open(step) {
    this.#show(step);
  }

  close() {
    this.#dialog.close();
  }

  #show(step) {
    this.#step?.left?.();
    this.#step = step;
    this.#title.textContent = step.title;
    this.#back.disabled = !step.back;
    this.#body.replaceChildren(...[step.body].flat());
    this.#foot.replaceChildren(...[step.foot ?? []].flat());
    this.#body.scrollTop = 0;
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#title.focus();
  }

  #goBack() {
    this.#step?.back?.();
  }

  #closed() {
    this.#step?.left?.();
    this.#step = null;
  }
}

customElements.define("bag-drawer", BagDrawer);

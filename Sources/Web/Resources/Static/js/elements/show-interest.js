/**
 * Tells the show's numbers which products are looked at and put into the bag. Nobody waits for it, and what is not told is
 * not told again.
 */
export function follow(live) {
  const { room, bag, checkout } = live;
  const tell = (kind, product) => {
    fetch(`/api/v1/shows/${room.show}/interest`, {
      method: "POST",
      keepalive: true,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ kind, product, ...checkout.from }),
    }).catch(() => {});
  };
  live.addEventListener("click", ({ target }) => {
    // A link is counted where it leads.
    const card = target.closest("button")?.closest("[data-product]");
    if (card) tell("tap", card.dataset.product);
  }, true);
  let before = new Map(bag.lines.map((line) => [line.variant, line.quantity]));
  bag.addEventListener("change", () => {
    const now = new Map(bag.lines.map((line) => [line.variant, line.quantity]));
    for (const [variant, quantity] of now) {
      const product = quantity > (before.get(variant) ?? 0) && room.goods.productOf(variant);
      if (product) tell("bag", product.id);
    }
    before = now;
  });
}

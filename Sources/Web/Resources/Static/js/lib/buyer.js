const KEY = "haat.buyer";

/** What this device remembers of its buyer, or null. Only what they asked us to remember, and never a card. */
export function rememberedBuyer() {
  try {
    return JSON.parse(localStorage.getItem(KEY));
  } catch {
    return null;
  }
}

/** Null forgets. A browser that keeps nothing is no reason to fail. */
export function rememberBuyer(buyer) {
  try {
    if (buyer) localStorage.setItem(KEY, JSON.stringify(buyer));
    else localStorage.removeItem(KEY);
  } catch {
    // Private windows may refuse.
  }
}

import { h } from "../dom.js";
import { t } from "../strings.js";

/** A labelled input, and a place for what is wrong with it. `attributes` go to the input. */
export function field(name, label, attributes = {}, span = "") {
  const input = h("input", { id: `buy-${name}`, name, required: true, maxlength: 200, ...attributes });
  const error = h("p", { class: "error", id: `buy-${name}-error`, hidden: true });
  input.addEventListener("input", () => clear(input, error));
  return h("div", { class: `field ${span}` }, h("label", { for: input.id }, label), input, error);
}

function clear(input, error) {
  input.removeAttribute("aria-invalid");
  input.removeAttribute("aria-describedby");
  error.hidden = true;
}

/** Says what is wrong by field name (`{email: "badEmail"}`), and goes to the first. True when nothing is. */
export function showFaults(form, faults) {
  let first = null;
  for (const [name, key] of Object.entries(faults)) {
    const input = form.elements.namedItem(name);
    if (!input) continue;
    const error = input.parentElement.querySelector(".error");
    error.textContent = t(`checkout.${key}`);
    error.hidden = false;
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", error.id);
    first ??= input;
  }
  first?.focus();
  return first === null;
}

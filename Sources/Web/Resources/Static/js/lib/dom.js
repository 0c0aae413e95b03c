const icons = new URL("../../icons.svg", import.meta.url).href;

/**
 * Makes an element. Attributes that are `false`, null or undefined are left out, functions become listeners, and
 * children are nodes or text: nothing a person wrote is ever read as HTML.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** One of our icons, hidden from screen readers: the words beside it, or a label, say what it means. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `${icons}#${name}`);
  svg.append(use);
  return svg;
}

/** The element below `root` that the template calls `name`. */
export const part = (root, name) => root.querySelector(`[data-part="${name}"]`);

/** Sets text only when it differs, so that what did not change is not announced again. */
export function say(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/** Marks a button as working, so that a second tap does nothing, until `work` is done. */
export async function busy(button, work) {
  if (button.getAttribute("aria-busy") === "true") return undefined;
  button.setAttribute("aria-busy", "true");
  try {
    return await work();
  } finally {
    button.removeAttribute("aria-busy");
  }
}

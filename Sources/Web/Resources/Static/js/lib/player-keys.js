const keys = new Set([" ", "ArrowLeft", "ArrowRight", "m", "f", "l", "c", "p", "i"]);

/** Whether a key is meant for the player: not what somebody writes, nor what a button or a bar does with it itself. */
export function isPlayerKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !keys.has(keyOf(event))) return false;
  if (event.target.closest("input, textarea, select, dialog, [contenteditable]")) return false;
  return event.key !== " " || !event.target.closest("button, a");
}

export const keyOf = ({ key }) => (key.length === 1 ? key.toLowerCase() : key);

// What is shown instead of a show, in a frame: whoever holds it learns why. It has nothing to hide, and from whom.
addEventListener("message", ({ source, data, ports: [port] }) => {
  if (source !== parent || data?.haat !== 1 || !port) return;
  port.postMessage({ kind: "error", detail: { code: document.querySelector("main").dataset.code } });
});

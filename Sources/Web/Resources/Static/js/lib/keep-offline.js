/** Once the page has what it needs, the browser gets what it shows while there is no network. */
export function keepOffline(milliseconds = 2500) {
  // In a frame on another's page there is nothing to keep, and perhaps nowhere.
  if (window.top !== window || !("serviceWorker" in navigator)) return;
  setTimeout(() => navigator.serviceWorker.register("/service-worker.js", { scope: "/" }).catch(() => {}), milliseconds);
}

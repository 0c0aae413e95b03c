"""page.weight: what a phone fetches of a live show's page before its viewer can buy, and how still the page stands.

A real browser opens the page of a show that is on air, with a product pinned. What is counted are the bytes as they are
sent, packed: the page, its styles, its scripts, and the words and pictures of the interface; not the film, the products'
photographs and the show's events. Then Buy is pressed, and the same is said of the product sheet.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

from barcode import Source  # noqa: E402
from figure import need, progress, report  # noqa: E402
from glass_to_glass import wait_for  # noqa: E402
from haat_server import HaatServer  # noqa: E402
from latency import TO_RTMP  # noqa: E402
from stall import open_stall  # noqa: E402
from webdriver import Browser  # noqa: E402

GOAL_BYTES = 60 * 1024

# Runs in the page before its own scripts. A shift of what somebody has just touched is their own.
WATCHER = """
window.shift = 0
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value
}).observe({ type: "layout-shift", buffered: true })
window.firstFrame = null
function find() {
  const video = document.querySelector("live-player video")
  if (!video) return requestAnimationFrame(find)
  video.requestVideoFrameCallback(() => { window.firstFrame = performance.now() })
}
find()
"""

FETCHED = """
const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
const mine = all.filter(({ name }) => new URL(name).origin === location.origin)
const counted = mine.filter(({ name, entryType }) => {
  const { pathname } = new URL(name)
  return entryType === "navigation" || pathname.startsWith("/words/") || (pathname.startsWith("/static/")
    && /\\.(js|css|svg)$/.test(pathname))
})
return {
  bytes: counted.reduce((sum, entry) => sum + entry.encodedBodySize, 0),
  answers: counted.length,
  by_kind: counted.reduce((sums, { name, entryType, encodedBodySize }) => {
    const kind = entryType === "navigation" ? "html" : new URL(name).pathname.split(".").pop().split("/")[0]
    return { ...sums, [kind || "words"]: (sums[kind || "words"] ?? 0) + encodedBodySize }
  }, {}),
  elsewhere: all.length - mine.length,
}
"""


def main():
    need("ffmpeg", "chromium", "chromium-driver")
    with HaatServer() as haat:
        body = open_stall(haat)
        show = body["show"]
        lamp = haat.ask("GET", f"/api/v1/shows/{show}/products?market=IN")["items"][0]["id"]
        key = haat.ask("POST", f"/api/v1/shows/{show}/stream-key")["key"]
        source = Source([*TO_RTMP, f"rtmp://127.0.0.1:{haat.rtmp_port}/live/{key}"])
        try:
            wait_for(lambda: haat.ask("GET", f"/api/v1/shows/{show}/health")["state"] == "live", "our stream is live")
            haat.ask("PUT", f"/api/v1/shows/{show}/pin", {"product": lamp})
            with Browser() as browser:
                browser.chromium("Emulation.setDeviceMetricsOverride",
                                 {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
                browser.chromium("Page.addScriptToEvaluateOnNewDocument", {"source": WATCHER})
                browser.open(f"{haat.url}/watch/{show}?lang=en")
                wait_for(lambda: browser.run("return window.firstFrame !== null"), "a first frame")
                wait_for(lambda: browser.run("return document.querySelector('.offer .buy:not(:disabled)') !== null"), "Buy")
                wait_for(lambda: browser.run("return document.readyState === 'complete'"), "the page is loaded")
                page = browser.run(FETCHED)
                frame = browser.run("return window.firstFrame")
                browser.run("document.querySelector('.offer .buy').click()")
                wait_for(lambda: browser.run("return document.querySelector('.drawer-foot .buy') !== null"), "the sheet")
                sheet = browser.run(FETCHED)
                shift = browser.run("return window.shift")
        finally:
            source.stop()
    progress(f"page {page}, with the sheet {sheet}, first frame {frame:.0f} ms, shift {shift:.4f}")
    met = page["bytes"] <= GOAL_BYTES and page["elsewhere"] == sheet["elsewhere"] == 0
    report(
        "page.weight", page["bytes"], "bytes, packed", f"≤ {GOAL_BYTES}, nothing from elsewhere", met,
        notes={"page": page, "with_product_sheet": sheet, "first_frame_ms_cold": round(frame),
               "layout_shift": round(shift, 4)})


main()

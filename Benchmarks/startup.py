"""startup: how soon the first frame is on the screen: page opened warm, tab woken, publisher back."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

from barcode import Source  # noqa: E402
from figure import need, progress, report  # noqa: E402
from glass_to_glass import percentile, wait_for  # noqa: E402
from haat_server import HaatServer  # noqa: E402
from latency import PLAYER, TO_RTMP  # noqa: E402
from webdriver import Browser  # noqa: E402

OPENINGS = 15
SLEEPS = 5
SLEEP_SECONDS = 3
RETURNS = 5
GOALS = (500, 300, 1000)

# Runs in each page before its own scripts; `performance.now()` counts from the start of the navigation. `caught` is
# when the first frame beyond `awaited` seconds of the show was on the screen.
WATCHER = """
window.seen = { first: null, media: 0, awaited: Infinity, caught: null }
function follow(video) {
  video.requestVideoFrameCallback((now, { mediaTime }) => {
    seen.first ??= performance.now()
    seen.media = mediaTime
    if (mediaTime > seen.awaited) seen.caught ??= Date.now()
    follow(video)
  })
}
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return
  seen.woke = Date.now()
  seen.awaited += (seen.woke - seen.since) / 1000 - 1
  seen.caught = null
})
function find() {
  const video = document.querySelector("live-player video")
  if (video) follow(video)
  else requestAnimationFrame(find)
}
find()
"""


def opened(browser, page):
    """From the start of the navigation to the first frame, in milliseconds. The first opening fills the cache."""
    times = []
    for _ in range(OPENINGS + 1):
        browser.open("about:blank")
        browser.open(page)
        wait_for(lambda: browser.run("return seen.first !== null"), "a first frame")
        times.append(browser.run("return seen.first"))
    return times[1:]


def woken(browser):
    """From the return of a tab that another had covered to the first frame within a second of the live edge."""
    times = []
    for _ in range(SLEEPS):
        time.sleep(1)
        browser.run("Object.assign(seen, { awaited: seen.media, since: Date.now(), caught: null })")
        with browser.another_tab():
            time.sleep(SLEEP_SECONDS)
        times.append(caught(browser) - browser.run("return seen.woke"))
    return times


def returned(browser, haat, show, address, source):
    """From the server's having the publisher back to the first new frame."""
    times = []
    for _ in range(RETURNS):
        source.stop()
        wait_for(lambda: browser.run(f"return {PLAYER}.state") == "waiting", "the player waits")
        await_frame(browser, 1)
        source = Source([*TO_RTMP, address])
        wait_for(lambda: health(haat, show) == "live", "the publisher is back", pause=0.01)
        began = time.time() * 1000
        times.append(max(0, caught(browser) - began))
        time.sleep(3)
    return times, source


def await_frame(browser, seconds):
    browser.run("Object.assign(seen, { awaited: seen.media + arguments[0], caught: null })", seconds)


def caught(browser):
    wait_for(lambda: browser.run("return seen.caught !== null"), "the frame")
    return browser.run("return seen.caught")


def health(haat, show):
    return haat.ask("GET", f"/api/v1/shows/{show}/health")["state"]


def main():
    need("ffmpeg", "chromium", "chromium-driver")
    with HaatServer() as haat:
        haat.set_up()
        show, address = haat.show("Startup")
        source = Source([*TO_RTMP, address])
        try:
            wait_for(lambda: health(haat, show) == "live", "our stream is live")
            haat.go_live(show)
            with Browser() as browser:
                browser.chromium("Page.addScriptToEvaluateOnNewDocument", {"source": WATCHER})
                openings = opened(browser, f"{haat.url}/watch/{show}")
                progress(f"opened: {[round(time) for time in openings]}")
                wakings = woken(browser)
                progress(f"woken: {[round(time) for time in wakings]}")
                returns, source = returned(browser, haat, show, address, source)
                progress(f"back: {[round(time) for time in returns]}")
        finally:
            source.stop()
    p95 = [round(percentile(times, 0.95)) for times in (openings, wakings, returns)]
    report(
        "startup", p95[0], "ms p95", "p95 ≤ 500 warm, 300 woken, 1000 after the publisher is back",
        all(time <= goal for time, goal in zip(p95, GOALS)),
        notes={"woken_p95": p95[1], "publisher_back_p95": p95[2], "warm_p50": round(percentile(openings, 0.5)),
               "woken_p50": round(percentile(wakings, 0.5)), "publisher_back_p50": round(percentile(returns, 0.5)),
               "keyframes": "every 2 s"})


main()

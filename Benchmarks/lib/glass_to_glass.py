"""How old the picture on the screen is, from the moment it was drawn: see barcode.py.

The page's own clock and the generator's are one machine's. What a page shows is read in `requestVideoFrameCallback`,
and the time taken is when the browser expects that frame on the screen.
"""

import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from barcode import BLOCKS, STRIP_LINES
from figure import progress

PROBE = """
const [video, blocks, strip] = arguments
const canvas = new OffscreenCanvas(blocks * 4, 3)
const context = canvas.getContext("2d", { willReadFrequently: true })
const probe = window.glassToGlass = { ages: [], unread: 0, stalls: 0 }
video.addEventListener("waiting", () => { probe.stalls += 1 })
function read() {
  const height = video.videoHeight * strip
  context.drawImage(video, 0, height * 0.25, video.videoWidth, height * 0.5, 0, 0, blocks * 4, 3)
  const { data } = context.getImageData(0, 1, blocks * 4, 1)
  let code = 0n
  for (let bit = 0; bit < blocks; bit += 1) {
    const at = (bit * 4 + 1) * 4
    code = code << 1n | (data[at] + data[at + 4] > 255 ? 1n : 0n)
  }
  const time = Number(code >> 8n)
  const check = (time >> 16 ^ time >> 8 ^ time ^ 0xa5) & 0xff
  return Number(code & 0xffn) === check ? time : null
}
function look(now, { expectedDisplayTime }) {
  const wall = Date.now() + Math.max(0, expectedDisplayTime - performance.now())
  const drawn = read()
  if (drawn === null) probe.unread += 1
  else probe.ages.push((Math.round(wall) - drawn) & 0xffffff)
  video.requestVideoFrameCallback(look)
}
video.requestVideoFrameCallback(look)
"""


def watch(browser, video, seconds, settle=8, patience=30):
    """Ages in milliseconds of every frame shown within `seconds`, and how it went. `video`: a JavaScript expression."""
    browser.run(f"const video = {video};" + "(function() {" + PROBE + "})"
                + ".apply(null, [video, arguments[0], arguments[1]])", BLOCKS, STRIP_LINES / 720)
    deadline = time.monotonic() + patience
    while not browser.run("return glassToGlass.ages.length"):
        if time.monotonic() > deadline:
            raise RuntimeError("no frame with a readable clock was shown")
        time.sleep(0.1)
    time.sleep(settle)
    browser.run("Object.assign(glassToGlass, { ages: [], unread: 0, stalls: 0 })")
    time.sleep(seconds)
    return browser.run("return glassToGlass")


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@contextmanager
def other_streams(addresses):
    """Publishes one pre-encoded 720p loop of 2.5 Mb/s to every address, by one ffmpeg that only copies."""
    loop = Path("/tmp") / "haat-bench-loop.flv"
    if not loop.exists():
        progress("encoding the loop that the other streams send …")
        partial = loop.with_suffix(".part.flv")
        subprocess.run([
            "ffmpeg", "-hide_banner", "-loglevel", "error", "-y", "-f", "lavfi", "-i",
            "testsrc2=size=1280x720:rate=30:duration=20", "-f", "lavfi", "-i",
            "sine=frequency=330:sample_rate=48000:duration=20", "-c:v", "libx264", "-preset", "veryfast",
            "-b:v", "2500k", "-maxrate", "2500k", "-bufsize", "2500k", "-g", "60", "-pix_fmt", "yuv420p",
            "-c:a", "aac", "-b:a", "96k", str(partial)], check=True)
        partial.rename(loop)
    outputs = [part for address in addresses for part in ("-map", "0", "-c", "copy", "-f", "flv", address)]
    process = subprocess.Popen(["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-re", "-stream_loop", "-1",
                                "-i", str(loop), *outputs])
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_for(condition, what, seconds=30, pause=0.1):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(pause)
    raise RuntimeError(f"never: {what}")

"""clip: how long a host waits for an upright clip of fifteen seconds of a show, from asking to having it.

The peer is ffmpeg alone, cutting the same seconds out of the same recording, downloaded as one MP4, with the same
settings. Both take turns, three times; medians.
"""

import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

from figure import median, need, progress, report  # noqa: E402
from glass_to_glass import wait_for  # noqa: E402
from haat_server import HaatServer  # noqa: E402

ROUNDS = 3
RECORDED_SECONDS = 32
SECONDS = 15
FROM = 8
GOAL = 8
# 2.5 Mb/s and key frames every two seconds, as OBS sends it. A scene that moves, with a tone.
CAMERA = [
    "ffmpeg", "-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30",
    "-f", "lavfi", "-i", "sine=440", "-t", str(RECORDED_SECONDS), "-c:v", "libx264", "-preset", "veryfast",
    "-b:v", "2500k", "-maxrate", "2500k", "-bufsize", "2500k", "-g", "60", "-pix_fmt", "yuv420p", "-c:a", "aac",
    "-f", "flv"]
UPRIGHT = "crop=ih*9/16:ih,scale=720:1280:flags=bicubic,setsar=1,format=yuv420p"
ALONE = [
    "-map", "0:v:0", "-map", "0:a:0", "-t", str(SECONDS), "-vf", UPRIGHT, "-c:v", "libx264", "-preset", "veryfast",
    "-profile:v", "high", "-crf", "23", "-maxrate", "3M", "-bufsize", "6M", "-g", "60", "-c:a", "aac", "-b:a", "128k",
    "-ac", "2", "-movflags", "+faststart"]


def record(haat):
    """A show of some seconds; its product and where its recording begins, in milliseconds of media time."""
    haat.set_up()
    lamp = haat.ask("POST", "/api/v1/channels/bench/products", {
        "title": "Brass lamp", "variants": [{"sku": "LAMP-1", "prices": {"IN": 129900}, "onHand": 10}]})
    show, address = haat.show("Lamps")
    haat.ask("PUT", f"/api/v1/shows/{show}/run", {"products": [lamp["id"]]})
    haat.go_live(show)
    subprocess.run([*CAMERA, address], check=True)
    haat.ask("PUT", f"/api/v1/shows/{show}/state", {"state": "ended"})
    path = f"/api/v1/shows/{show}/recording"
    wait_for(lambda: haat.ask("GET", path)["state"] == "ready", "the recording is ready")
    return show, lamp["id"], haat.ask("GET", path)["startMediaTime"]


def ours(haat, show, product, start):
    began = time.monotonic()
    clip = haat.ask("POST", f"/api/v1/shows/{show}/clips", {
        "product": product, "fromMediaTime": start + FROM * 1000, "untilMediaTime": start + (FROM + SECONDS) * 1000})
    wait_for(lambda: haat.ask("GET", f"/api/v1/clips/{clip['id']}")["state"] != "making", "the clip is made", pause=0.05)
    took = time.monotonic() - began
    made = haat.ask("GET", f"/api/v1/clips/{clip['id']}")
    if made["state"] != "ready":
        raise RuntimeError(f"the clip is {made['state']}")
    return took, made["bytes"]


def alone(recording, directory):
    began = time.monotonic()
    subprocess.run(
        ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y", "-ss", str(FROM), "-i", recording, *ALONE,
         f"{directory}/alone.mp4"], check=True)
    return time.monotonic() - began


def main():
    need("ffmpeg")
    took, peer = [], []
    with HaatServer() as haat, tempfile.TemporaryDirectory(prefix="haat-bench-clip-") as directory:
        progress(f"recording {RECORDED_SECONDS} s …")
        show, product, start = record(haat)
        recording = f"{directory}/recording.mp4"
        request = urllib.request.Request(
            f"{haat.url}/api/v1/shows/{show}/recording/file", headers={"Cookie": haat.cookie})
        with urllib.request.urlopen(request) as answer, open(recording, "wb") as file:
            file.write(answer.read())
        for number in range(1, ROUNDS + 1):
            seconds, size = ours(haat, show, product, start)
            took.append(seconds)
            peer.append(alone(recording, directory))
            progress(f"round {number}: Haat {seconds:.2f} s, ffmpeg alone {peer[-1]:.2f} s")
    report(
        "clip", round(median(took), 2), "s", f"≤ {GOAL} s", median(took) <= GOAL, peer="ffmpeg alone",
        peer_value=round(median(peer), 2), notes={
            "clip": f"{SECONDS} s, 720x1280, H.264 veryfast crf 23, of 1280x720 at 30/s", "bytes": size,
            "longest": round(max(took), 2), "rounds": ROUNDS})


main()

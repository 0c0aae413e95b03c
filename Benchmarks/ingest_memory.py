"""ingest.memory: memory a stream takes beyond the bytes that its window holds for its viewers."""

import re
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

from figure import need, report  # noqa: E402
from glass_to_glass import other_streams, wait_for  # noqa: E402
from haat_server import HaatServer  # noqa: E402
from processes import resident_bytes  # noqa: E402

STREAMS = 20
# The window of 16 s fills, and what has left it is kept as long again (RFC 8216bis §6.2.2).
SECONDS = 60
SAMPLED = 6


def length(url):
    """Of what can be downloaded there; nothing when there is nothing."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD")) as answer:
            return int(answer.headers["Content-Length"])
    except urllib.error.HTTPError:
        return 0


def window_bytes(folder):
    """All that a viewer can download now: segments, those too that have left the playlist, and parts of the newest."""
    with urllib.request.urlopen(f"{folder}live.m3u8") as answer:
        text = answer.read().decode()
    segments = [line for line in text.splitlines() if not line.startswith("#")]
    # The parts after the last whole segment.
    parts = re.findall(r'#EXT-X-PART:.*?URI="([^"]+)"', text[text.rindex(segments[-1]):])
    prefix, first = re.fullmatch(r"(.*/s)(\d+)\.mp4", segments[0]).groups()
    total = sum(length(folder + name) for name in segments + parts)
    number, count = int(first) - 1, len(segments)
    while more := length(f"{folder}{prefix}{number}.mp4"):
        total, number, count = total + more, number - 1, count + 1
    return total, count


def main():
    need("ffmpeg")
    with HaatServer(POSTERS_EVERY_SECONDS=0) as haat:
        haat.set_up()
        shows = [haat.show(f"Stream {number}") for number in range(STREAMS)]
        haat.ask("GET", "/api/v1/markets")
        before = resident_bytes(haat.process.pid)
        with other_streams([address for _, address in shows]):
            for show, _ in shows:
                wait_for(lambda: haat.ask("GET", f"/api/v1/shows/{show}/health")["state"] == "live", "it is live")
            # Before its show a stream is its people's alone.
            for show, _ in shows[:SAMPLED]:
                haat.go_live(show)
            time.sleep(SECONDS)
            # In the middle of a segment there is less than at its end: both are asked at the same moments.
            resident, windows = [], []
            for show, _ in shows[:SAMPLED]:
                resident.append(resident_bytes(haat.process.pid))
                windows.append(window_bytes(f"{haat.url}/live/{show}/"))
                time.sleep(1.3)
    per_stream = (sum(resident) / SAMPLED - before) / STREAMS
    window = sum(total for total, _ in windows) / SAMPLED
    beyond = (per_stream - window) / 1024
    report(
        "ingest.memory", round(beyond), "KiB per stream beyond its window", "≤ 350 KiB", beyond <= 350,
        notes={"streams": STREAMS, "whole_per_stream_kib": round(per_stream / 1024),
               "window_kib": round(window / 1024), "segments_kept": [count for _, count in windows],
               "window": "all that can be downloaded, asked of six streams in turn; segments of two seconds",
               "counted": "anonymous resident memory, growth over an idle server",
               "picture": "1280x720, 30/s, 2.5 Mb/s, AAC"})


main()

"""ingest.memory: memory a stream takes beyond the bytes that its window holds for its viewers."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

from figure import need, report  # noqa: E402
from glass_to_glass import other_streams, wait_for  # noqa: E402
from haat_server import HaatServer  # noqa: E402
from processes import resident_bytes  # noqa: E402

STREAMS = 20
# The window fills, and what has left it is kept as long again (RFC 8216bis §6.2.2).
SECONDS = 60
KEPT_SECONDS = 2 * 16 + 2
BYTES_PER_SECOND = (2_500_000 + 96_000) / 8


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
            time.sleep(SECONDS)
            per_stream = (resident_bytes(haat.process.pid) - before) / STREAMS
    window = KEPT_SECONDS * BYTES_PER_SECOND
    beyond = (per_stream - window) / 1024
    report(
        "ingest.memory", round(beyond), "KiB per stream beyond its window", "≤ 350 KiB", beyond <= 350,
        notes={"streams": STREAMS, "whole_per_stream_kib": round(per_stream / 1024),
               "window_kib": round(window / 1024), "window_seconds_kept": KEPT_SECONDS,
               "counted": "anonymous resident memory, growth over an idle server",
               "picture": "1280x720, 30/s, 2.5 Mb/s, AAC"})


main()

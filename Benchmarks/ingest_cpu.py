"""ingest.cpu: processor seconds of the server per stream-minute that comes in, recorded and offered as LL-HLS."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

from figure import need, progress, report  # noqa: E402
from glass_to_glass import other_streams, wait_for  # noqa: E402
from haat_server import HaatServer  # noqa: E402
from nginx_rtmp import NginxRTMP  # noqa: E402
from processes import cpu_seconds  # noqa: E402

COUNTS = (1, 5, 20)
SETTLE_SECONDS = 6
SECONDS = 20


def per_stream_minute(pid, count):
    time.sleep(SETTLE_SECONDS)
    before, began = cpu_seconds(pid), time.monotonic()
    time.sleep(SECONDS)
    return (cpu_seconds(pid) - before) / (time.monotonic() - began) * 60 / count


def ours(count):
    # Posters are made by a program of their own and are counted with it: here it is about what every stream costs.
    with HaatServer(POSTERS_EVERY_SECONDS=0) as haat:
        haat.set_up()
        shows = [haat.show(f"Stream {number}") for number in range(count)]
        with other_streams([address for _, address in shows]):
            for show, _ in shows:
                wait_for(lambda: haat.ask("GET", f"/api/v1/shows/{show}/health")["state"] == "live", "it is live")
            return per_stream_minute(haat.process.pid, count)


def theirs(count, hls):
    with NginxRTMP(hls=hls) as peer:
        with other_streams([f"{peer.publish}{number}" for number in range(count)]):
            return per_stream_minute(peer.process.pid, count)


def main():
    need("ffmpeg", "nginx", "libnginx-mod-rtmp")
    figures = {}
    for count in COUNTS:
        figures[count] = {"haat": ours(count), "hls": theirs(count, True), "raw": theirs(count, False)}
        progress(f"{count} streams: {figures[count]}")
    most = figures[COUNTS[-1]]
    report(
        "ingest.cpu", round(most["haat"], 3), "CPU seconds per stream-minute",
        "≤ 1.0 × nginx-rtmp's HLS at 20; stretch: its raw relay", most["haat"] <= most["hls"],
        peer="nginx-rtmp HLS, 20 streams", peer_value=round(most["hls"], 3),
        notes={"picture": "1280x720, 30/s, 2.5 Mb/s, AAC", "raw_relay": round(most["raw"], 3),
               "by_streams": {count: {name: round(value, 3) for name, value in figure.items()}
                              for count, figure in figures.items()}})


main()

"""fanout.memory: what each connected viewer of a show takes of the server's memory, with 10,000 of them listening."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

from fanout import VIEWERS, Crowd, Nchan, Room, offer  # noqa: E402
from figure import need, report  # noqa: E402
from processes import family, resident_bytes  # noqa: E402

GOAL_BYTES = 8_000


def per_viewer(server, rate):
    # A few viewers first: what the first of them makes is nobody's in particular.
    with Crowd(server.port, server.path, viewers=64) as crowd:
        offer(server, crowd, rate, 2)
    time.sleep(1)
    before = sum(resident_bytes(pid) for pid in family(server.pid))
    with Crowd(server.port, server.path) as crowd:
        offer(server, crowd, rate, 4)
        return (sum(resident_bytes(pid) for pid in family(server.pid)) - before) / VIEWERS


def main():
    need("gcc", "libc6-dev", "nginx", "libnginx-mod-nchan")
    with Room() as haat:
        ours = per_viewer(haat, 50)
    with Nchan() as nchan:
        theirs = per_viewer(nchan, 5)
    report(
        "fanout.memory", round(ours), "bytes per viewer", f"≤ {GOAL_BYTES}", ours <= GOAL_BYTES, peer="nchan, 2 workers",
        peer_value=round(theirs), notes={"viewers": VIEWERS, "of": "the process's own pages, without the kernel's buffers"})


main()

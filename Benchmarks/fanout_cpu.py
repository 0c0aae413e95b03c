"""fanout.cpu: processor seconds of the server for each million deliveries, at 1,000,000 deliveries a second offered.

10,000 viewers, 100 events a second; what it costs to store, number and send them is in it. The peers are a server in C
that stores nothing and joins events as ours does, and nchan at what it can bear: 10 events a second.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

from fanout import VIEWERS, Crowd, Least, Nchan, Room, offer  # noqa: E402
from figure import median, need, progress, report  # noqa: E402
from processes import cpu_seconds  # noqa: E402

ROUNDS = 3
SECONDS = 6
GOAL = 1.2
GOAL_RATIO = 1.3


def cost(server, crowd, rate):
    before = cpu_seconds(server.pid)
    result = offer(server, crowd, rate, SECONDS)
    million = result["published"] * VIEWERS * result["arrived"] / 1e6
    return (cpu_seconds(server.pid) - before) / million, result


def main():
    need("gcc", "libc6-dev", "nginx", "libnginx-mod-nchan")
    ours, least, theirs = [], [], []
    with Room() as haat, Crowd(haat.port, haat.path) as crowd:
        offer(haat, crowd, 100, 2)
        for number in range(1, ROUNDS + 1):
            value, result = cost(haat, crowd, 100)
            ours.append(value)
            progress(f"round {number}: Haat {value:.2f} CPU s per million, {result}")
    with Least() as server, Crowd(server.port, server.path) as crowd:
        for number in range(1, ROUNDS + 1):
            value, result = cost(server, crowd, 100)
            least.append(value)
            progress(f"round {number}: C {value:.2f} CPU s per million, {result}")
    with Nchan() as nchan, Crowd(nchan.port, nchan.path) as crowd:
        for number in range(1, ROUNDS + 1):
            value, result = cost(nchan, crowd, 10)
            theirs.append(value)
            progress(f"round {number}: nchan {value:.2f} CPU s per million, {result}")
    ratio = median(ours) / median(least)
    report(
        "fanout.cpu", round(median(ours), 2), "CPU s per million deliveries",
        f"≤ {GOAL}, and ≤ {GOAL_RATIO} × a C server that joins events the same way",
        median(ours) <= GOAL and ratio <= GOAL_RATIO, peer="a C epoll server", peer_value=round(median(least), 2),
        notes={"nchan_at_100_000_per_second": round(median(theirs), 2), "viewers": VIEWERS,
               "offered_per_second": 1_000_000, "rounds": ROUNDS})


main()

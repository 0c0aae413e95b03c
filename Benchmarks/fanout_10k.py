"""fanout.10k: events delivered per second to 10,000 viewers of one show, by server-sent events, at p99 < 500 ms.

What is published is what is said in the show's chat: each message is stored, numbered and sent, as in a show. The rate
is raised step by step; what counts is the highest at which every event arrived and 99 of 100 within 500 ms of when
its author sent it. The peer is nchan, two workers, one publication for each event. The crowd is a C program that shares
the two cores.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

from fanout import VIEWERS, Crowd, Nchan, Room, offer  # noqa: E402
from figure import need, progress, report  # noqa: E402

SECONDS = 5
RATES = (100, 200, 400, 600, 800, 1_000)
PEER_RATES = (5, 10, 15, 20, 30)


def best(server, rates, name):
    found = None
    steps = []
    with server, Crowd(server.port, server.path) as crowd:
        offer(server, crowd, rates[0], 2)
        for rate in rates:
            result = offer(server, crowd, rate, SECONDS)
            steps.append(result)
            good = result["p99_ms"] < 500 and result["arrived"] > 0.99
            progress(f"{name}, {rate} events/s: {result}")
            if not good:
                break
            found = result
    return found, steps


def main():
    need("gcc", "libc6-dev", "nginx", "libnginx-mod-nchan")
    haat, steps = best(Room(), RATES, "Haat")
    peer, _ = best(Nchan(), PEER_RATES, "nchan")
    value = haat["deliveries_per_second"] if haat else 0
    peer_value = peer["deliveries_per_second"] if peer else 0
    report(
        "fanout.10k", round(value), "deliveries/s", "≥ 4,000,000/s at p99 < 500 ms, ≥ 25 × nchan; stretch 8,000,000",
        value >= 4_000_000 and value >= 25 * peer_value, peer="nchan, 2 workers, one publication per event",
        peer_value=round(peer_value), notes={"viewers": VIEWERS, "haat": haat, "nchan": peer, "steps": len(steps)})


main()

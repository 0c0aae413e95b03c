"""all.at.once: 10,000 viewers of a show at 1,000,000 deliveries a second while orders are placed in it, by one process.

Crowd, publisher and buyers share the two cores with the server: what the goals were set beside was measured so too.
Medians of three rounds.
"""

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

from checkout import build_client, order  # noqa: E402
from fanout import VIEWERS, Crowd, Room, offer  # noqa: E402
from figure import median, need, progress, report  # noqa: E402
from stall import open_stall  # noqa: E402

ROUNDS = 3
SECONDS = 6
CONNECTIONS = 64
EVENTS = 100


class Stall(Room):
    """A room in whose show something is sold."""

    def __enter__(self):
        self.server.__enter__()
        self.body = open_stall(self.server)
        self.watch(self.body["show"])
        return self


def together(room, crowd, client):
    """Events and orders at once: what came of both."""
    placed = {}
    buyers = threading.Thread(
        target=lambda: placed.update(order(room.server, client, room.body, CONNECTIONS, SECONDS)))
    buyers.start()
    events = offer(room, crowd, EVENTS, SECONDS)
    buyers.join()
    if not placed:
        raise RuntimeError("no order was placed")
    return placed, events


def main():
    need("gcc", "libc6-dev")
    client = build_client()
    orders, order_p99, event_p99, arrived, deliveries = [], [], [], [], []
    with Stall() as room, Crowd(room.port, room.path) as crowd:
        order(room.server, client, room.body, CONNECTIONS, 1)
        for number in range(1, ROUNDS + 1):
            placed, events = together(room, crowd, client)
            orders.append(placed["orders_per_second"])
            order_p99.append(placed["p99_ms"])
            event_p99.append(events["p99_ms"])
            arrived.append(events["arrived"])
            deliveries.append(events["deliveries_per_second"])
            progress(f"round {number}: {placed}, {events}")
    met = (
        median(orders) >= 5_000 and median(order_p99) < 100 and median(event_p99) < 500
        and median(arrived) > 0.99 and median(deliveries) >= 950_000)
    report(
        "all.at.once", round(median(orders)), "orders/s",
        "≥ 5,000 durable orders/s, order p99 < 100 ms, event p99 < 500 ms, at 1,000,000 deliveries/s", met,
        notes={
            "viewers": VIEWERS, "deliveries_per_second": round(median(deliveries)), "arrived": round(median(arrived), 3),
            "order_p99_ms": median(order_p99), "event_p99_ms": median(event_p99), "connections": CONNECTIONS,
            "rounds": ROUNDS, "seconds_each": SECONDS})


main()

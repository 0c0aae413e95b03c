"""flood: 500 clients offer 5,000 messages a second to one show's chat; what that does to orders in the same server, and
how long the host's pin takes to a viewer meanwhile.

Each client has an address of its own, and says ten messages a second whatever it is answered. The limits of the chat are as
in a shop: most of what is offered is refused, and whoever is refused is read from no faster than they may speak. Orders are asked for at a steady 200 a second, so that what is compared is how long they take.
"""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

from checkout import build_client  # noqa: E402
from figure import median, need, progress, report  # noqa: E402
from haat_server import HaatServer  # noqa: E402
from stall import open_stall  # noqa: E402

ROUNDS = 3
SECONDS = 6
CLIENTS = 500
MESSAGES = 5_000
ORDERS = 200
PINS = 20


class Watcher(threading.Thread):
    """A viewer who notes when a pin came or went."""

    def __init__(self, port, show):
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.connection.request("GET", f"/api/v1/shows/{show}/events")
        self.answer = self.connection.getresponse()
        self.seen = []
        self.news = threading.Condition()

    def run(self):
        for line in self.answer:
            if b'"kind":"pinned"' in line or b'"kind":"unpinned"' in line:
                with self.news:
                    self.seen.append(time.monotonic())
                    self.news.notify()

    def wait(self, count):
        with self.news:
            if not self.news.wait_for(lambda: len(self.seen) >= count, 30):
                raise RuntimeError("a pin never came")
            return self.seen[count - 1]


def load(client, port, connections, path, body, per_second, **more):
    file = tempfile.NamedTemporaryFile("w", suffix=".json")
    json.dump(body, file)
    file.flush()
    process = subprocess.Popen(
        [client, str(port), str(connections), str(SECONDS), path, file.name], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, env={**os.environ, "PER_SECOND": str(per_second), **more})
    return process, file


def told(job):
    process, file = job
    answer = process.communicate()[0]
    file.close()
    if process.returncode:
        raise RuntimeError("the load generator failed")
    return json.loads(answer)


def measure(client, server, watcher, body, product, chat):
    """Orders and pins, with a flood in the chat or without."""
    show = body["show"]
    crowd = None
    if chat:
        crowd = load(
            client, server.port, CLIENTS, f"/api/v1/shows/{show}/messages", chat, MESSAGES, CLIENTS="1",
            AFTER_MILLISECONDS="1500")
        # That five hundred connect at once is no part of it.
        time.sleep(1.5)
    buyers = load(client, server.port, 40, "/api/v1/orders", body, ORDERS)
    time.sleep(0.5)
    times = []
    for number in range(PINS):
        count = len(watcher.seen) + 1
        began = time.monotonic()
        if number % 2:
            server.ask("DELETE", f"/api/v1/shows/{show}/pin")
        else:
            server.ask("PUT", f"/api/v1/shows/{show}/pin", {"product": product})
        times.append((watcher.wait(count) - began) * 1000)
        time.sleep(0.15)
    orders = told(buyers)
    if orders["refused"]:
        raise RuntimeError(f"{orders['refused']} orders were refused")
    said = told(crowd) if crowd else None
    # Five hundred who go at once are no part of what comes next.
    time.sleep(3)
    return orders["p99_ms"], max(times), said


def main():
    need("gcc", "libc6-dev")
    client = build_client()
    quiet, flooded, quiet_pins, pins, offered, taken = [], [], [], [], [], []
    with HaatServer(HTTP_BEHIND_PROXY="true") as server:
        body = open_stall(server)
        product = server.ask("GET", f"/api/v1/shows/{body['show']}/products?market=IN")["items"][0]["id"]
        watcher = Watcher(server.port, body["show"])
        watcher.start()
        # As the page says it: with an id of its own.
        chat = {
            "id": "00000000-0000-7000-8000-000000000000", "name": "Asha", "text": "is this lamp still to be had"}
        for number in range(1, ROUNDS + 1):
            p99, pin, _ = measure(client, server, watcher, body, product, None)
            quiet.append(p99)
            quiet_pins.append(pin)
            p99, pin, said = measure(client, server, watcher, body, product, chat)
            flooded.append(p99)
            pins.append(pin)
            offered.append(said["sent"] / said["seconds"])
            taken.append(said["created"] / said["seconds"])
            progress(
                f"round {number}: orders' p99 {quiet[-1]:.1f} → {flooded[-1]:.1f} ms, slowest pin {quiet_pins[-1]:.0f} → "
                f"{pin:.0f} ms, {offered[-1]:.0f} messages/s offered, {taken[-1]:.0f} taken")
    change = median(flooded) / median(quiet) - 1
    report(
        "flood", round(change * 100), "% more for the slowest order of a hundred",
        "orders' p99 changes by less than half, the host's pin arrives within 250 ms, at 5,000 messages/s offered",
        change < 0.5 and median(pins) <= 250 and median(offered) >= 0.95 * MESSAGES,
        notes={
            "order_p99_ms": {"quiet": median(quiet), "flooded": median(flooded)},
            "slowest_pin_ms": {"quiet": round(median(quiet_pins)), "flooded": round(median(pins))},
            "messages_offered_per_second": round(median(offered)), "messages_taken_per_second": round(median(taken)),
            "orders_per_second": ORDERS, "clients": CLIENTS, "rounds": ROUNDS, "seconds_each": SECONDS})


main()

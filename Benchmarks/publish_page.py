"""publish.page: how long the server takes for the watch page of a live show, and for an order, with nothing else to do.

One connection asks one thing after the other; the floor in the same run is /healthz, which says “ok”. From the request's
last byte to the answer's last.
"""

import http.client
import json
import sys
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

from figure import progress, report  # noqa: E402
from haat_server import HaatServer  # noqa: E402
from stall import open_stall  # noqa: E402

TIMES = 500
GOAL_MS = 20


def percentile(values, part):
    return round(sorted(values)[min(len(values) - 1, int(len(values) * part))], 2)


def took(server, method, path, body=None, expected=200):
    """Milliseconds of each of `TIMES` requests, after some to warm up."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    times = []
    for number in range(TIMES + 50):
        headers = {"Host": f"localhost:{server.port}", "X-Forwarded-For": f"10.0.{number >> 8}.{number & 255}"}
        content = None
        if body is not None:
            text = json.dumps(body).replace("buyer00000000", f"buyer{number}")
            headers |= {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
            content = text.encode()
        else:
            headers |= {"Accept": "text/html", "Accept-Encoding": "gzip"}
        begin = time.monotonic()
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        answer.read()
        if number >= 50:
            times.append((time.monotonic() - begin) * 1000)
        if answer.status != expected:
            raise RuntimeError(f"{path} answered {answer.status}")
    progress(f"{method} {path}: p50 {percentile(times, 0.5)} ms, p99 {percentile(times, 0.99)} ms")
    return {"p50_ms": percentile(times, 0.5), "p99_ms": percentile(times, 0.99), "max_ms": percentile(times, 1)}


def main():
    with HaatServer(HTTP_BEHIND_PROXY="true") as server:
        body = open_stall(server)
        floor = took(server, "GET", "/healthz")
        page = took(server, "GET", f"/watch/{body['show']}")
        placed = took(server, "POST", "/api/v1/orders", body, expected=201)
    worst = max(page["p99_ms"], placed["p99_ms"])
    report(
        "publish.page", worst, "ms, p99 of the slower of the two", f"≤ {GOAL_MS} ms", worst <= GOAL_MS,
        peer="/healthz of the same server", peer_value=floor["p99_ms"],
        notes={"watch_page": page, "order": placed, "floor": floor, "times": TIMES})


main()

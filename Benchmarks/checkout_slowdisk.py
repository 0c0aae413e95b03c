"""checkout.slowdisk: checkout.hot with a disk on which a sync takes 2 ms longer.

A library that is loaded before all others makes fsync and fdatasync sleep, in Haat and in its peer. It is orders that
share a commit which keep the rate up: a server that commits each by itself waits for the disk each time. 64 and 256
connections on SQLite, 256 on PostgreSQL; the peer is pgbench with its better script at 64 clients. Medians of three
rounds.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "lib"))
from checkout import build, build_client, order
from figure import ROOT, median, need, progress, report
from haat_server import HaatServer
from private_postgres import PrivatePostgres
from stall import open_stall

ROUNDS = 3
SECONDS = 4
HERE = Path(__file__).parent
MEASURE = """
import os, sys, time
file = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
times = []
for _ in range(50):
    os.write(file, b"x" * 4096)
    began = time.perf_counter()
    os.fdatasync(file)
    times.append(time.perf_counter() - began)
print(sorted(times)[25] * 1000)
"""


def sync_milliseconds(library, directory):
    """What one sync takes with the library, as the programs that are measured have it."""
    environment = {**os.environ, "LD_PRELOAD": str(library)}
    answer = subprocess.run(
        [sys.executable, "-c", MEASURE, f"{directory}/probe"], env=environment, check=True, stdout=subprocess.PIPE,
        text=True)
    return float(answer.stdout)


def main():
    need("postgresql", "gcc", "libc6-dev")
    client = build_client()
    schema = sorted((ROOT / "Sources/Commerce/Schema").glob("*.sql"))
    haat = {64: [], 256: []}
    peers = []
    with tempfile.TemporaryDirectory(prefix="haat-bench-slow-") as directory:
        # PostgreSQL's user reads it too.
        os.chmod(directory, 0o755)
        library = Path(directory, "slow-sync.so")
        shutil.copy(build("slow_sync.c", "slow-sync.so", "-shared", "-fPIC", "-ldl"), library)
        sync = sync_milliseconds(library, directory)
        progress(f"a sync takes {sync:.1f} ms")
        with PrivatePostgres(preload=library) as peer:
            peer.create_database("shop")
            peer.load("shop", *schema, HERE / "peers/checkout.sql")
            with HaatServer(preload=library, HTTP_BEHIND_PROXY="true") as server:
                body = open_stall(server)
                order(server, client, body, 64, 1)
                for number in range(1, ROUNDS + 1):
                    for connections in haat:
                        haat[connections].append(order(server, client, body, connections, SECONDS))
                        progress(f"round {number}: Haat, {connections} connections: {haat[connections][-1]}")
                    peers.append(max(
                        peer.pgbench("shop", HERE / f"peers/{script}.sql", 64, SECONDS)[0]
                        for script in ("checkout_plain", "checkout_function")))
                    progress(f"round {number}: PostgreSQL, the better script: {peers[-1]:.0f} orders/s")
            url = peer.create_database("haat")
            with HaatServer(preload=library, HTTP_BEHIND_PROXY="true", DATABASE_URL=url) as server:
                on_postgres = order(server, client, open_stall(server), 256, SECONDS)
                progress(f"Haat on PostgreSQL, 256 connections: {on_postgres}")

    def of(connections):
        return {key: median([result[key] for result in haat[connections]]) for key in haat[connections][0]}

    crowd, few, peer_rate = of(256), of(64), median(peers)
    report(
        "checkout.slowdisk", round(crowd["orders_per_second"]), "orders/s", peer="pgbench, 64 clients, the better script",
        peer_value=round(peer_rate), met=crowd["orders_per_second"] >= 10_000, goal="≥ 10,000/s at 256 connections",
        notes={
            "sync_ms": round(sync, 2),
            "connections_64": {key: round(value, 3) for key, value in few.items()},
            "connections_256": {key: round(value, 3) for key, value in crowd.items()},
            "haat_on_postgresql_256": {key: round(value, 3) for key, value in on_postgres.items()},
            "rounds": ROUNDS, "seconds_each": SECONDS,
        })


main()

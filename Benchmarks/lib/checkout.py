"""Loads a Haat server with orders, and says what came of it."""

import json
import subprocess
import tempfile
from pathlib import Path

from stall import metric

HERE = Path(__file__).parent.parent


def build(source, name, *flags):
    """Compiles one of the C files beside the benchmarks; gives the binary."""
    binary = HERE / ".build" / name
    binary.parent.mkdir(exist_ok=True)
    subprocess.run(["cc", "-O2", *flags, "-o", binary, HERE / "load" / source], check=True)
    return binary


def build_client():
    return build("checkout.c", "checkout-load")


def order(server, client, body, connections, seconds):
    writes, commits = metric(server, "haat_store_writes"), metric(server, "haat_store_commits")
    processor = server.cpu_seconds()
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(body, file)
        file.flush()
        answer = subprocess.run(
            [client, str(server.port), str(connections), str(seconds), "/api/v1/orders", file.name],
            check=True, stdout=subprocess.PIPE, text=True)
    result = json.loads(answer.stdout)
    if result["refused"]:
        raise RuntimeError(f"{result['refused']} orders were refused")
    result["commits_per_order"] = (metric(server, "haat_store_commits") - commits) / result["created"]
    result["writes_per_order"] = (metric(server, "haat_store_writes") - writes) / result["created"]
    result["server_cpu_us_per_order"] = (server.cpu_seconds() - processor) * 1e6 / result["created"]
    return result

"""What every figure needs: to say what was measured, and under which circumstances."""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def need(*packages):
    """Installs the Debian packages that are missing."""
    subprocess.run([ROOT / "Scripts" / "need.sh", *packages], check=True, stdout=sys.stderr)


def progress(text):
    print(text, file=sys.stderr, flush=True)


def median(values):
    return statistics.median(values)


def circumstances():
    return {
        "cores": os.cpu_count(),
        "load_average": [round(load, 1) for load in os.getloadavg()],
    }


def report(figure, value, unit, goal, met, peer=None, peer_value=None, notes=None):
    """One line of JSON on standard output."""
    ratio = round(value / peer_value, 3) if peer_value else None
    line = {
        "figure": figure, "value": value, "unit": unit, "peer": peer, "peer_value": peer_value, "ratio": ratio,
        "goal": goal, "met": met, "notes": {**(notes or {}), **circumstances()},
    }
    print(json.dumps(line, ensure_ascii=False), flush=True)

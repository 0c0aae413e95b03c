"""latency.ll: glass to glass on the real watch page, over low-latency HLS parts."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

from latency import measure  # noqa: E402

measure("latency.ll", ways="parts", goal="p50 ≤ 400 ms, p95 ≤ 500 ms", p50_max=400, p95_max=500)

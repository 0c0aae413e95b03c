"""latency.stream: glass to glass on the real watch page, over the fragment stream."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

from latency import measure  # noqa: E402

measure("latency.stream", ways="stream parts native", goal="p50 ≤ 220 ms, p95 ≤ 300 ms", p50_max=220, p95_max=300)

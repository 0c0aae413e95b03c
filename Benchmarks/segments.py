"""segments: bytes a second of one live segment from memory, beside nginx's sendfile of the same bytes."""

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

from figure import median, need, progress, report  # noqa: E402
from glass_to_glass import wait_for  # noqa: E402
from haat_server import HaatServer, free_port  # noqa: E402
from processes import cpu_seconds  # noqa: E402

# A second of 2.4 Mb/s at a constant rate.
ENCODER = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-re", "-f", "lavfi", "-i",
           "testsrc2=size=1280x720:rate=30", "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "2400k", "-minrate",
           "2400k", "-maxrate", "2400k", "-bufsize", "300k", "-x264-params", "nal-hrd=cbr:keyint=30:scenecut=0",
           "-pix_fmt", "yuv420p", "-f", "flv"]
CONFIGURATION = """
daemon off; worker_processes 1; pid {directory}/nginx.pid; error_log {directory}/error.log; {user}
events {{ worker_connections 256; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; types {{ video/mp4 mp4; }}
  open_file_cache max=10;
  client_body_temp_path {directory}/t1; proxy_temp_path {directory}/t2; fastcgi_temp_path {directory}/t3;
  uwsgi_temp_path {directory}/t4; scgi_temp_path {directory}/t5;
  server {{ listen 127.0.0.1:{port}; root {directory}; }} }}
"""
CONNECTIONS = 64
SECONDS = 6
ROUNDS = 3
UNITS = {"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}


def wrk(url, process):
    before = cpu_seconds(process)
    text = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", url], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    cpu = cpu_seconds(process) - before
    if "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError(text)
    requests = int(re.search(r"(\d+) requests in", text)[1])
    rate = re.search(r"Transfer/sec:\s*([\d.]+)(KB|MB|GB)", text)
    return {"bytes": float(rate[1]) * UNITS[rate[2]], "microseconds": cpu / requests * 1e6}


@contextmanager
def nginx(directory):
    port = free_port()
    configuration = directory / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    configuration.write_text(CONFIGURATION.format(directory=directory, port=port, user=user))
    process = subprocess.Popen(["nginx", "-p", str(directory), "-c", str(configuration)], stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: (directory / "nginx.pid").exists(), "nginx listens")
        time.sleep(0.3)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait()


def newest_segment(haat, show):
    with urllib.request.urlopen(f"{haat.url}/live/{show}/live.m3u8") as answer:
        lines = answer.read().decode().splitlines()
    return f"{haat.url}/live/{show}/" + [line for line in lines if not line.startswith("#")][-1]


def main():
    need("ffmpeg", "wrk", "nginx")
    ours, theirs, sizes = [], [], []
    with HaatServer() as haat, tempfile.TemporaryDirectory(prefix="haat-bench-segments-") as scratch:
        directory = Path(scratch)
        directory.chmod(0o755)
        haat.set_up()
        show, address = haat.show("Segments")
        encoder = subprocess.Popen([*ENCODER, address])
        try:
            wait_for(lambda: haat.ask("GET", f"/api/v1/shows/{show}/health")["state"] == "live", "our stream is live")
            haat.go_live(show)
            time.sleep(4)
            with nginx(directory) as (peer, peer_process):
                for _ in range(ROUNDS):
                    url = newest_segment(haat, show)
                    with urllib.request.urlopen(url) as answer:
                        (directory / "segment.mp4").write_bytes(answer.read())
                    sizes.append((directory / "segment.mp4").stat().st_size)
                    ours.append(wrk(url, haat.process.pid))
                    progress(f"haat: {ours[-1]}")
                    theirs.append(wrk(f"{peer}/segment.mp4", peer_process))
                    progress(f"nginx: {theirs[-1]}")
        finally:
            encoder.terminate()
            encoder.wait()
    rate = median([run["bytes"] for run in ours])
    peer_rate = median([run["bytes"] for run in theirs])
    report(
        "segments", round(rate / 1e9, 3), "GB/s", "≥ 0.8 × nginx with sendfile; stretch 1.0", rate >= 0.8 * peer_rate,
        peer="nginx, sendfile, one worker", peer_value=round(peer_rate / 1e9, 3),
        notes={"cpu_microseconds_per_request": round(median([run["microseconds"] for run in ours]), 1),
               "peer_cpu_microseconds_per_request": round(median([run["microseconds"] for run in theirs]), 1),
               "segment_bytes": sizes, "connections": CONNECTIONS, "rounds_in_turn": ROUNDS,
               "beside": "the encoder of the stream"})


main()

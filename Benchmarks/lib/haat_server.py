"""The release binary, on a data directory and ports of its own, with an operator, a channel and shows."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from figure import ROOT


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class HaatServer:
    def __init__(self, preload=None, **settings):
        """`settings` are environment variables without their HAAT_, for example LOG_LEVEL; `preload` is a library that
        is loaded before all others."""
        self.preload = preload
        self.directory = tempfile.TemporaryDirectory(prefix="haat-bench-")
        self.port, self.rtmp_port = free_port(), free_port()
        self.url = f"http://localhost:{self.port}"
        self.settings = settings
        self.cookie = None
        self.token = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self.directory.cleanup()

    def start(self):
        settings = {
            "DATA_DIRECTORY": self.directory.name, "HTTP_PORT": self.port, "HTTP_HOST": "127.0.0.1",
            "RTMP_PORT": self.rtmp_port, "RTMP_HOST": "127.0.0.1", "LOG_LEVEL": "warning",
            **self.settings,
        }
        environment = {**os.environ, **{f"HAAT_{name}": str(value) for name, value in settings.items()}}
        if self.preload:
            environment["LD_PRELOAD"] = str(self.preload)
        program = os.environ.get("BENCH_BINARY", ROOT / ".build" / "release" / "haat")
        self.process = subprocess.Popen([program, "serve"], stdout=subprocess.PIPE, text=True, env=environment)
        for line in self.process.stdout:
            found = re.search(r"/setup\?token=(\S+)", line)
            if found:
                self.token = found[1]
            if "Ctrl-C" in line:
                return
        raise RuntimeError("haat ended before it listened")

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ask(self, method, path, body=None):
        headers = {"Content-Type": "application/json", "Origin": self.url}
        if self.cookie:
            headers["Cookie"] = self.cookie
        request = urllib.request.Request(
            self.url + path, method=method, headers=headers, data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request) as answer:
                cookie = answer.headers.get("Set-Cookie")
                if cookie:
                    self.cookie = cookie.split(";")[0]
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}") from None

    def set_up(self):
        """An operator who owns a channel in one market."""
        self.ask("POST", "/api/v1/setup", {
            "token": self.token, "email": "bench@haat.example", "name": "Bench", "password": "correct horse battery"})
        self.ask("PUT", "/api/v1/markets/IN", {
            "currency": "INR", "name": "India", "languages": ["en"], "isOpen": True, "commissionBasisPoints": 500,
            "taxIncludedBasisPoints": 1800, "shippingMinor": 0})
        self.ask("POST", "/api/v1/channels", {"handle": "bench", "name": "Bench", "about": "", "market": "IN"})

    def show(self, title):
        """A show's id and where to publish it."""
        soon = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 60))
        show = self.ask("POST", "/api/v1/channels/bench/shows", {
            "title": title, "scheduledAt": soon, "markets": ["IN"], "orientation": "horizontal"})["id"]
        key = self.ask("POST", f"/api/v1/shows/{show}/stream-key", {})["key"]
        return show, f"rtmp://127.0.0.1:{self.rtmp_port}/live/{key}"

    def go_live(self, show):
        self.ask("PUT", f"/api/v1/shows/{show}/state", {"state": "live"})

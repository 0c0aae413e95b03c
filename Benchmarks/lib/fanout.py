"""A show's event stream with ten thousand viewers, or nchan's with as many: who publishes, who watches, and a server."""

import http.client
import json
import os
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from checkout import build
from glass_to_glass import wait_for
from haat_server import HaatServer, free_port

VIEWERS = 10_000
# What is said, so that a whole event is of about two hundred bytes, as most are.
WORDS = "is this lamp still to be had"


def stamp():
    """When it was published, for the crowd to compare."""
    return f"@@{time.monotonic_ns() // 1000}"


class Publisher:
    """Publishes so many events a second, spread evenly, over some connections that are kept."""

    def __init__(self, send, rate, lanes=16):
        self.send, self.rate, self.lanes = send, rate, lanes
        self.published = 0
        self.troubles = []

    def run(self, seconds):
        end = time.monotonic() + seconds
        threads = [threading.Thread(target=self._lane, args=(lane, end)) for lane in range(self.lanes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.troubles:
            raise RuntimeError(self.troubles[0])

    def _lane(self, lane, end):
        try:
            connection = None
            pause = self.lanes / self.rate
            due = time.monotonic() + pause * lane / self.lanes
            number = lane
            while (now := time.monotonic()) < end:
                if due > now:
                    time.sleep(due - now)
                due += pause
                connection = self.send(connection, number)
                number += self.lanes
                self.published += 1
        except Exception as error:  # noqa: BLE001: told by `run`
            self.troubles.append(f"publishing: {error!r}")


class Crowd:
    """The C program that watches. `with` it, all viewers are there."""

    def __init__(self, port, path, viewers=VIEWERS):
        binary = build("fanout.c", "fanout-load")
        self.process = subprocess.Popen(
            [binary, str(port), str(viewers), path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def __enter__(self):
        self._expect("ready")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def _expect(self, word):
        line = self.process.stdout.readline().strip()
        if line != word:
            raise RuntimeError(f"the crowd said “{line}” and not “{word}”")

    def _say(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def begin(self):
        self._say("begin")
        self._expect("begun")

    def end(self):
        self._say("end")
        return json.loads(self.process.stdout.readline())

    def storm(self, seconds):
        self._say(f"storm {seconds}")
        return json.loads(self.process.stdout.readline())

    def stall(self, percent):
        self._say(f"stall {percent}")
        self._expect("stalled")


class Room:
    """Haat with a live show: `path` is its event stream, `send` says something in its chat."""

    def __init__(self):
        # What is measured is how much is delivered: nothing is left out, as it is where people are to read it.
        self.server = HaatServer(HTTP_BEHIND_PROXY="true", WEB_CHAT_PER_SECOND="0")

    def __enter__(self):
        self.server.__enter__()
        self.server.set_up()
        show, _ = self.server.show("Lamps")
        self.server.go_live(show)
        self.watch(show)
        return self

    def watch(self, show):
        self.path = f"/api/v1/shows/{show}/events"
        self.messages = f"/api/v1/shows/{show}/messages"
        self.port = self.server.port

    def __exit__(self, *arguments):
        self.server.__exit__(*arguments)

    @property
    def pid(self):
        return self.server.process.pid

    def cpu_seconds(self):
        return self.server.cpu_seconds()

    def send(self, connection, number):
        connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        body = json.dumps({"name": "Asha", "text": f"{WORDS} {stamp()}"})
        # Everybody says little: the limits for one address are not what is measured.
        connection.request("POST", self.messages, body, {
            "Content-Type": "application/json", "Host": f"localhost:{self.port}",
            "X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 201:
            raise RuntimeError(f"{answer.status} {text[:200]}")
        return connection


NCHAN = """
load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
daemon off; worker_processes 2; worker_rlimit_nofile 20000; pid {directory}/nginx.pid; error_log {directory}/error.log;
{user}
events {{ worker_connections 16000; }}
http {{ access_log off; nchan_max_reserved_memory 256M;
  client_body_temp_path {directory}/t1; proxy_temp_path {directory}/t2; fastcgi_temp_path {directory}/t3;
  uwsgi_temp_path {directory}/t4; scgi_temp_path {directory}/t5;
  server {{ listen 127.0.0.1:{port} backlog=4096 reuseport; keepalive_requests 1000000;
    location /sub {{ nchan_subscriber eventsource; nchan_channel_id show; nchan_subscriber_first_message newest; }}
    location /pub {{ nchan_publisher; nchan_channel_id show; nchan_message_buffer_length 1000; }} }} }}
"""


class Nchan:
    """nginx with nchan as packaged by Debian, two workers."""

    path = "/sub"

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="haat-bench-nchan-")
        self.port = free_port()

    def __enter__(self):
        directory = Path(self.directory.name)
        directory.chmod(0o755)
        user = "user root;" if os.geteuid() == 0 else ""
        (directory / "nginx.conf").write_text(NCHAN.format(directory=directory, port=self.port, user=user))
        self.process = subprocess.Popen(
            ["nginx", "-p", str(directory), "-c", str(directory / "nginx.conf")], stderr=subprocess.DEVNULL)
        wait_for(self._listens, "nchan listens")
        return self

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.directory.cleanup()

    @property
    def pid(self):
        return self.process.pid

    def send(self, connection, number):
        connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", "/pub", event_data(number), {"Content-Type": "text/plain"})
        answer = connection.getresponse()
        answer.read()
        if answer.status not in (200, 201, 202):
            raise RuntimeError(f"nchan answered {answer.status}")
        return connection


class Least:
    """The least that such a server can do, in C: peers/fanout_server.c."""

    path = "/"

    def __init__(self):
        self.port = free_port()

    def __enter__(self):
        binary = build("../peers/fanout_server.c", "fanout-server")
        self.process = subprocess.Popen([binary, str(self.port)])
        wait_for(self._listens, "the C server listens")
        return self

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    @property
    def pid(self):
        return self.process.pid

    def send(self, connection, number):
        connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", "/", event_data(number), {"Content-Type": "text/plain"})
        answer = connection.getresponse()
        answer.read()
        return connection


def event_data(number):
    """The same bytes as an event of ours has as its data."""
    return f'{{"seq":{number:06},"kind":"message","name":"Asha","role":"","text":"{WORDS} {stamp()}"}}'.ljust(170)


def offer(server, crowd, rate, seconds):
    """Publishes so many events a second, and what came of it."""
    crowd.begin()
    publisher = Publisher(server.send, rate)
    publisher.run(seconds)
    # What is under way arrives.
    time.sleep(0.4)
    result = crowd.end()
    result["published"] = publisher.published
    result["offered_per_second"] = round(publisher.published * VIEWERS / seconds)
    result["arrived"] = result["events_seen"] / publisher.published
    # Of the time in which was published: the rest was waited for.
    result["deliveries_per_second"] = result["deliveries_per_second"] * result["seconds"] / seconds
    return result

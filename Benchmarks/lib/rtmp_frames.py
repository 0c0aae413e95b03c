"""A publisher that knows when it sent each frame: enough of RTMP for one stream of pictures."""

import random
import socket
import struct
import subprocess
import time
from pathlib import Path

from figure import progress

CHUNK = 65_536


def film():
    """The pictures of a 720p film of 30 a second as FLV tags: (milliseconds, body), set-up first."""
    path = Path("/tmp") / "haat-bench-frames.flv"
    if not path.exists():
        progress("encoding the film whose frames are timed …")
        partial = path.with_suffix(".part.flv")
        subprocess.run([
            "ffmpeg", "-hide_banner", "-loglevel", "error", "-y", "-f", "lavfi", "-i",
            "testsrc2=size=1280x720:rate=30:duration=60", "-c:v", "libx264", "-preset", "veryfast", "-tune",
            "zerolatency", "-b:v", "2500k", "-maxrate", "2500k", "-bufsize", "2500k", "-g", "30", "-pix_fmt",
            "yuv420p", str(partial)], check=True)
        partial.rename(path)
    data = path.read_bytes()
    tags, place = [], 13
    while place + 11 <= len(data):
        kind, size = data[place], int.from_bytes(data[place + 1:place + 4], "big")
        milliseconds = int.from_bytes(data[place + 4:place + 7], "big") | data[place + 7] << 24
        if kind == 9:
            tags.append((milliseconds, data[place + 11:place + 11 + size]))
        place += 15 + size
    return tags


def text(value):
    return b"\x02" + struct.pack(">H", len(value)) + value.encode()


def number(value):
    return b"\x00" + struct.pack(">d", value)


def properties(**values):
    body = b"".join(struct.pack(">H", len(name)) + name.encode() + text(value) for name, value in values.items())
    return b"\x03" + body + b"\x00\x00\x09"


def message(kind, stream, body, milliseconds=0, channel=4):
    pieces = [body[place:place + CHUNK] for place in range(0, len(body), CHUNK)] or [b""]
    head = bytes([channel]) + min(milliseconds, 0xFFFFFF).to_bytes(3, "big") + len(body).to_bytes(3, "big")
    head += bytes([kind]) + struct.pack("<I", stream)
    return head + pieces[0] + b"".join(bytes([0xC0 | channel]) + piece for piece in pieces[1:])


def publish(address, tags, seconds, clock, begun):
    """Sends the film in its own time; gives of each frame: milliseconds, when its
    bytes were given to the system, whether it is a keyframe."""
    host, _, path = address.removeprefix("rtmp://").partition("/")
    name, _, port = host.partition(":")
    application, _, key = path.partition("/")
    connection = socket.create_connection((name, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(b"\x03" + b"\0" * 8 + random.randbytes(1528))
    answer = b""
    while len(answer) < 3073:
        answer += connection.recv(4096)
    connection.sendall(answer[1:1537])
    connection.sendall(
        message(1, 0, struct.pack(">I", CHUNK), channel=2)
        + message(20, 0, text("connect") + number(1) + properties(
            app=application, type="nonprivate", flashVer="bench", tcUrl=f"rtmp://{host}/{application}"), channel=3)
        + message(20, 0, text("createStream") + number(2) + b"\x05", channel=3))
    time.sleep(0.5)
    connection.sendall(message(20, 1, text("publish") + number(3) + b"\x05" + text(key) + text("live"), channel=3))
    time.sleep(0.5)
    connection.setblocking(True)
    begun()
    sent = []
    start = clock()
    for milliseconds, body in tags:
        if milliseconds > seconds * 1000:
            break
        pause = start + milliseconds / 1000 - clock()
        if pause > 0:
            time.sleep(pause)
        ready = message(9, 1, body, milliseconds)
        if body[1] == 1:
            sent.append((milliseconds, clock(), body[0] >> 4 == 1))
        connection.sendall(ready)
    connection.close()
    return sent

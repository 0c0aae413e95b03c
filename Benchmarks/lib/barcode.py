"""A test picture with the wall clock in it, so that a page can say how old the frame on the screen is.

Each frame carries, in a strip along its top, 32 blocks: the low 24 bits of the wall clock in milliseconds, then a check
byte. A block is black or white over 1/32 of the width, which survives any encoder. Tones follow the same clock:
ffmpeg's own sound generator beside piped pictures waits in its queue and would be measured as ours.

`Source` starts ffmpeg and feeds it; standard library only.
"""

import array
import math
import os
import subprocess
import threading
import time

BLOCKS = 32
STRIP_LINES = 48
SAMPLE_RATE = 48_000


def check(value):
    """The check byte of 24 bits: a frame half drawn, or a screen without a code, must not pass for a time."""
    return ((value >> 16) ^ (value >> 8) ^ value ^ 0xA5) & 0xFF


def strip(milliseconds, width):
    """One line of luma for that wall clock."""
    value = milliseconds & 0xFFFFFF
    code = value << 8 | check(value)
    block = width // BLOCKS
    return b"".join((b"\xeb" if code >> (BLOCKS - 1 - bit) & 1 else b"\x10") * block for bit in range(BLOCKS))


def backgrounds(width, height, count=30):
    """Frames that move, so that the encoder has something to do: a pattern sliding sideways under a fixed gradient."""
    chroma = bytes(128 + (x * 40 // width) for x in range(width // 2)) * (height // 2)
    frames = []
    for index in range(count):
        shift = index * width // count
        rows = []
        for y in range(height):
            row = bytes(
                60 + (((x + shift + y) * 7 // 16) % 97) + (y * 60 // height) for x in range(0, width, 8))
            rows.append(b"".join(bytes([value]) * 8 for value in row))
        frames.append((b"".join(rows), chroma + chroma))
    return frames


def tone(frame, frames_per_second):
    """One frame's worth of a 440 Hz tone, 16-bit mono."""
    count = SAMPLE_RATE // frames_per_second
    first = frame * count
    return array.array(
        "h", (int(3000 * math.sin(2 * math.pi * 440 * (first + index) / SAMPLE_RATE)) for index in range(count))
    ).tobytes()


class Source:
    """ffmpeg publishing the picture to `output` (its arguments after the encoding ones), from `start` to `stop`."""

    def __init__(self, output, width=1280, height=720, frames_per_second=30, keyframe_seconds=2, bitrate="2500k",
                 sound=True, stdout=None):
        self.width, self.height, self.rate = width, height, frames_per_second
        video_in, self.video = os.pipe()
        audio_in, self.audio = os.pipe() if sound else (None, None)
        self.stopping = threading.Event()
        quick = ["-probesize", "32", "-analyzeduration", "0", "-fflags", "nobuffer", "-thread_queue_size", "64"]
        arguments = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", *quick,
                     "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}", "-r", str(self.rate),
                     "-i", f"pipe:{video_in}"]
        if sound:
            arguments += [*quick, "-f", "s16le", "-ar", str(SAMPLE_RATE), "-ac", "1", "-i", f"pipe:{audio_in}"]
        arguments += ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency",
                      "-threads", "1", "-b:v", bitrate, "-maxrate", bitrate, "-bufsize", bitrate,
                      "-g", str(keyframe_seconds * self.rate), "-pix_fmt", "yuv420p"]
        if sound:
            arguments += ["-c:a", "aac", "-b:a", "96k"]
        inputs = [end for end in (video_in, audio_in) if end is not None]
        self.ffmpeg = subprocess.Popen(
            arguments + output, pass_fds=inputs, stdin=subprocess.DEVNULL, stdout=stdout)
        for end in inputs:
            os.close(end)
        self.frames = backgrounds(width, height)
        self.tones = [tone(index, self.rate) for index in range(self.rate)]
        self.thread = threading.Thread(target=self._feed, daemon=True)
        self.thread.start()

    def stop(self):
        self.stopping.set()
        self.thread.join()
        self.ffmpeg.terminate()
        self.ffmpeg.wait()

    def _feed(self):
        if self.audio is not None:
            threading.Thread(target=self._feed_sound, daemon=True).start()
        first = time.monotonic()
        number = 0
        try:
            while not self.stopping.is_set() and self.ffmpeg.poll() is None:
                pause = first + number / self.rate - time.monotonic()
                if pause > 0 and self.stopping.wait(pause):
                    break
                luma, chroma = self.frames[number % len(self.frames)]
                line = strip(int(time.time() * 1000), self.width)
                self._write(line * STRIP_LINES + luma[len(line) * STRIP_LINES:] + chroma)
                number += 1
        except BrokenPipeError:
            pass
        finally:
            os.close(self.video)

    def _write(self, data):
        view = memoryview(data)
        while view:
            view = view[os.write(self.video, view):]

    def _feed_sound(self):
        first = time.monotonic()
        number = 0
        try:
            while not self.stopping.is_set():
                pause = first + number / self.rate - time.monotonic()
                if pause > 0 and self.stopping.wait(pause):
                    break
                os.write(self.audio, self.tones[number % len(self.tones)])
                number += 1
        except BrokenPipeError:
            pass
        finally:
            os.close(self.audio)

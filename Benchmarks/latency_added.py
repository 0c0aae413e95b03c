"""latency.added: from the last byte of an RTMP frame to its fragment at a viewer of the fragment stream.

A fragment tells how long its frame lasts, which only the next frame says: so it is the next frame's last byte from
which the time is counted. What the operating system and this program take on the way is counted too.
"""

import multiprocessing
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

from figure import need, progress, report  # noqa: E402
from glass_to_glass import other_streams, percentile, wait_for  # noqa: E402
from haat_server import HaatServer  # noqa: E402
from rtmp_frames import film, publish  # noqa: E402
from fragment_reader import fragments  # noqa: E402

SECONDS = 30
OTHERS = 20
SKIPPED_SECONDS = 3


def sent_frames(address, film, pipe, go):
    # A clock that all processes read alike.
    pipe.send(publish(address, film, SECONDS + SKIPPED_SECONDS, time.monotonic, go.set))


def measure(others):
    with HaatServer() as haat:
        haat.set_up()
        more = [haat.show(f"Other {number}")[1] for number in range(others)]
        show, address = haat.show("Added")
        near, far = multiprocessing.Pipe()
        go = multiprocessing.Event()
        tags = film()
        with other_streams(more):
            sender = multiprocessing.Process(target=sent_frames, args=(address, tags, far, go))
            sender.start()
            go.wait(10)
            wait_for(lambda: haat.ask("GET", f"/api/v1/shows/{show}/health")["state"] == "live", "our stream is live")
            haat.go_live(show)
            time.sleep(SKIPPED_SECONDS)
            seen = fragments("127.0.0.1", haat.port, f"/live/{show}/stream", SECONDS - 4, time.monotonic)
            sent = near.recv()
            sender.join()
    return matched(sent, seen)


def matched(sent, seen):
    """Milliseconds from the sending of the frame after each to the arrival of its fragment."""
    # The show's clock is the source's plus something that stays: keyframes, one a second, tell what.
    key = next(media for media, _, is_key in seen if is_key)
    for timestamp, _, is_key in sent:
        offset = key - timestamp
        following = {one[0] + offset: two[1] for one, two in zip(sent, sent[1:])}
        waits = [(arrived - following[media]) * 1000 for media, arrived, _ in seen if media in following]
        # Of the places that fit, the one where nothing arrives before it was sent and all came within a second.
        if is_key and len(waits) == len(seen) and min(waits) >= 0 and percentile(waits, 0.5) < 1000:
            return waits
    progress(f"{seen[:5]} … {seen[-2:]}, sent {sent[:3]} … {sent[-2:]}")
    raise RuntimeError("the fragments are not those of the frames that were sent")


def main():
    need("ffmpeg")
    alone = measure(0)
    progress(f"alone: p50 {percentile(alone, 0.5):.2f} ms, p99 {percentile(alone, 0.99):.2f} ms")
    waits = measure(OTHERS)
    p50, p99 = percentile(waits, 0.5), percentile(waits, 0.99)
    report(
        "latency.added", round(p50, 2), "ms p50", "p50 ≤ 3, p99 ≤ 20 ms", p50 <= 3 and p99 <= 20,
        notes={"p99": round(p99, 2), "max": round(max(waits), 2), "frames": len(waits), "other_streams": OTHERS,
               "alone": {"p50": round(percentile(alone, 0.5), 2), "p99": round(percentile(alone, 0.99), 2)},
               "frame_held_back": "not counted: counted from the next frame, which tells how long this one lasts"})


if __name__ == "__main__":
    main()

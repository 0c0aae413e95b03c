"""The age of the picture on the watch page while other streams come in, and of nginx-rtmp's HLS in the same run."""

import time

from barcode import Source
from figure import need, progress, report
from glass_to_glass import other_streams, percentile, wait_for, watch
from haat_server import HaatServer
from nginx_rtmp import NginxRTMP
from webdriver import Browser

OTHERS = 20
# Haat and its peer in turn, so that a slow moment of the machine is not one's alone.
ROUNDS = 2
SECONDS = 12
PEER_SECONDS = 5
PLAYER = "document.querySelector('live-player')"
TO_RTMP = ["-f", "flv", "-flvflags", "no_duration_filesize"]


def measure(figure, ways, goal, p50_max, p95_max):
    need("ffmpeg", "chromium", "chromium-driver", "nginx", "libnginx-mod-rtmp")
    with HaatServer() as haat:
        haat.set_up()
        others = [haat.show(f"Other {number}")[1] for number in range(OTHERS)]
        show, address = haat.show("Glass to glass")
        ours, theirs = [], []
        with other_streams(others):
            for _ in range(ROUNDS):
                ours.append(ours_in(haat, show, address, ways))
                progress(f"{figure}: {summary(ours)}")
                peer = nginx()
                if peer:
                    theirs.append(peer)
                    progress(f"nginx-rtmp: {summary(theirs)}")
    ours, theirs = summary(ours), summary(theirs) if theirs else {}
    report(
        figure, ours["p50"], "ms p50", goal, ours["p50"] <= p50_max and ours["p95"] <= p95_max,
        peer="nginx-rtmp HLS, 1 s segments, Chromium's own player", peer_value=theirs.get("p50"),
        notes={**{name: value for name, value in ours.items() if name != "p50"}, "other_streams": OTHERS,
               "peer_p95": theirs.get("p95"), "picture": "1280x720, 30/s, 2.5 Mb/s, zero-latency x264"})


def ours_in(haat, show, address, ways):
    source = Source([*TO_RTMP, address])
    try:
        wait_for(lambda: haat.ask("GET", f"/api/v1/shows/{show}/health")["state"] == "live", "our stream is live")
        haat.go_live(show)
        with Browser() as browser:
            browser.open(f"{haat.url}/watch/{show}")
            browser.run(f"{PLAYER}.setAttribute('ways', arguments[0])", ways)
            before, began = haat.cpu_seconds(), time.monotonic()
            seen = watch(browser, f"{PLAYER}.video", SECONDS)
            cpu = (haat.cpu_seconds() - before) / (time.monotonic() - began)
            state = browser.run(f"const p = {PLAYER}; return {{ way: p.way, margin: p.marginMs }}")
    finally:
        source.stop()
    return {**seen, **state, "server_cpu_seconds_per_second": round(cpu, 2)}


def nginx():
    """None when Chromium's own player does not start, as happens to it on a busy machine."""
    with NginxRTMP() as peer:
        source = Source([*TO_RTMP, peer.publish])
        try:
            wait_for(lambda: peer.playlist.exists() and peer.playlist.read_text().count(".ts") >= 3, "nginx's playlist")
            with Browser() as browser:
                browser.open(peer.page)
                return watch(browser, "document.querySelector('video')", PEER_SECONDS, settle=2, patience=12)
        except RuntimeError as error:
            progress(f"nginx-rtmp: {error}")
            return None
        finally:
            source.stop()


def summary(rounds):
    """Over the frames of all rounds; what else was noted is the last round's."""
    ages = [age for seen in rounds for age in seen["ages"]]
    last = {name: value for name, value in rounds[-1].items() if name not in ("ages", "unread", "stalls")}
    return {
        "p50": percentile(ages, 0.5), "p95": percentile(ages, 0.95), "most": max(ages), "frames": len(ages),
        "unread": sum(seen["unread"] for seen in rounds), "stalls": sum(seen["stalls"] for seen in rounds), **last,
    }

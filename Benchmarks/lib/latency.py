"""The age of the picture on the watch page while other streams come in, and of nginx-rtmp's HLS in the same run."""

from barcode import Source
from figure import need, progress, report
from glass_to_glass import other_streams, percentile, wait_for, watch
from haat_server import HaatServer
from nginx_rtmp import NginxRTMP
from webdriver import Browser

OTHERS = 20
SECONDS = 20
PLAYER = "document.querySelector('live-player')"
TO_RTMP = ["-f", "flv", "-flvflags", "no_duration_filesize"]


def measure(figure, ways, goal, p50_max, p95_max):
    need("ffmpeg", "chromium", "chromium-driver", "nginx", "libnginx-mod-rtmp")
    with HaatServer() as haat:
        haat.set_up()
        others = [haat.show(f"Other {number}")[1] for number in range(OTHERS)]
        with other_streams(others):
            ours = ours_in(haat, ways)
            progress(f"{figure}: p50 {ours['p50']} ms, p95 {ours['p95']} ms; now nginx-rtmp …")
            theirs = nginx()
    report(
        figure, ours["p50"], "ms p50", goal, ours["p50"] <= p50_max and ours["p95"] <= p95_max,
        peer="nginx-rtmp HLS, 1 s segments, Chromium's own player", peer_value=theirs and theirs["p50"],
        notes={**{name: value for name, value in ours.items() if name != "p50"}, "other_streams": OTHERS,
               "peer_p95": theirs and theirs["p95"], "picture": "1280x720, 30/s, 2.5 Mb/s, zero-latency x264"})


def ours_in(haat, ways):
    show, address = haat.show("Glass to glass")
    source = Source([*TO_RTMP, address])
    try:
        wait_for(lambda: haat.ask("GET", f"/api/v1/shows/{show}/health")["state"] == "live", "our stream is live")
        haat.go_live(show)
        with Browser() as browser:
            browser.open(f"{haat.url}/watch/{show}")
            browser.run(f"{PLAYER}.setAttribute('ways', arguments[0])", ways)
            before = haat.cpu_seconds()
            seen = watch(browser, f"{PLAYER}.video", SECONDS)
            state = browser.run(f"const p = {PLAYER}; return {{ way: p.way, margin: p.marginMs }}")
    finally:
        source.stop()
    return {
        **summary(seen), **state,
        "server_cpu_seconds_per_second": round((haat.cpu_seconds() - before) / (SECONDS + 8), 2),
    }


def nginx():
    with NginxRTMP() as peer:
        source = Source([*TO_RTMP, peer.publish])
        try:
            wait_for(lambda: peer.playlist.exists() and peer.playlist.read_text().count(".ts") >= 3, "nginx's playlist")
            with Browser() as browser:
                browser.open(peer.page)
                return summary(watch(browser, "document.querySelector('video')", SECONDS // 2, settle=4))
        except RuntimeError as error:
            progress(f"the peer could not be measured: {error}")
            return None
        finally:
            source.stop()


def summary(seen):
    ages = seen["ages"]
    return {
        "p50": percentile(ages, 0.5), "p95": percentile(ages, 0.95), "most": max(ages), "frames": len(ages),
        "unread": seen["unread"], "stalls": seen["stalls"],
    }

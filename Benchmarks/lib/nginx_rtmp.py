"""nginx with its RTMP module as packaged by Debian: takes the same stream and serves it as HLS."""

import os
import socket
import subprocess
import tempfile
from pathlib import Path

from glass_to_glass import wait_for
from haat_server import free_port

CONFIGURATION = """
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
daemon off; worker_processes 1; pid {directory}/nginx.pid; error_log {directory}/error.log;
{user}
events {{ worker_connections 256; }}
rtmp {{ server {{ listen 127.0.0.1:{rtmp}; application live {{
  live on; {hls} hls_path {directory}/hls; hls_fragment 1s; hls_playlist_length 6s; }} }} }}
http {{ access_log off; types {{ text/html html; application/vnd.apple.mpegurl m3u8; video/mp2t ts; }}
  client_body_temp_path {directory}/t1; proxy_temp_path {directory}/t2; fastcgi_temp_path {directory}/t3;
  uwsgi_temp_path {directory}/t4; scgi_temp_path {directory}/t5;
  server {{ listen 127.0.0.1:{http}; root {directory}; add_header Cache-Control no-cache; }} }}
"""


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class NginxRTMP:
    def __init__(self, hls=True):
        self.hls = hls
        self.directory = tempfile.TemporaryDirectory(prefix="haat-bench-nginx-")
        self.rtmp_port, self.http_port = free_port(), free_port()

    def __enter__(self):
        directory = Path(self.directory.name)
        directory.chmod(0o755)
        (directory / "hls").mkdir()
        (directory / "page.html").write_text(
            '<!doctype html><title>peer</title><video muted autoplay playsinline src="hls/peer.m3u8"></video>')
        user = "user root;" if os.geteuid() == 0 else ""
        configuration = directory / "nginx.conf"
        configuration.write_text(CONFIGURATION.format(
            directory=directory, rtmp=self.rtmp_port, http=self.http_port, user=user,
            hls="hls on;" if self.hls else ""))
        self.process = subprocess.Popen(["nginx", "-p", str(directory), "-c", str(configuration)],
                                        stderr=subprocess.DEVNULL)
        wait_for(lambda: listens(self.rtmp_port) and listens(self.http_port), "nginx listens")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.directory.cleanup()

    @property
    def publish(self):
        return f"rtmp://127.0.0.1:{self.rtmp_port}/live/peer"

    @property
    def playlist(self):
        return Path(self.directory.name) / "hls" / "peer.m3u8"

    @property
    def page(self):
        return f"http://127.0.0.1:{self.http_port}/page.html"

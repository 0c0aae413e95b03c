"""A seller's program for tests: takes webhooks over HTTP on a free port, and checks them with the library of Standard
Webhooks (PyPI's standardwebhooks).

The secret is the first line of its input. Prints a JSON object with its port, then one for each request, and ends when its input
does. What it answers depends on the last part of the path: moved leads to another path, broken is 503 the first time,
gone is 410."""

import http.server
import json
import sys
import threading

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

seen = {}
secret = {}
printing = threading.Lock()


def tell(said):
    """A line that is whole, whoever else tells something at the same moment: print writes the text and its end apart."""
    with printing:
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        name = self.path.rsplit("/", 1)[-1]
        seen[name] = seen.get(name, 0) + 1
        headers = {key.lower(): value for key, value in self.headers.items()}
        try:
            said, is_good = Webhook(secret["now"]).verify(body.decode(), headers), True
        except WebhookVerificationError as error:
            said, is_good = str(error), False
        tell({
            "path": self.path, "isGood": is_good, "said": said, "id": headers.get("webhook-id"),
            "type": headers.get("content-type"), "agent": headers.get("user-agent"),
            "signatures": len(headers.get("webhook-signature", "").split()),
        })
        status, more = 204, {}
        if name == "moved":
            status, more = 307, {"Location": "/elsewhere"}
        elif name == "broken" and seen[name] == 1:
            status = 503
        elif name == "gone":
            status = 410
        self.send_response(status)
        for key, value in more.items():
            self.send_header(key, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
tell({"port": server.server_address[1]})
threading.Thread(target=server.serve_forever, daemon=True).start()
for line in sys.stdin:
    secret["now"] = line.strip()
    tell({"secret": "taken"})

"""A push service and a browser for tests: takes messages over HTTPS on a free port of localhost, and decrypts them as the
browser would, with PyPI's http_ece.

Prints a JSON object with its port and the keys of the subscription, then one for each request, and ends when its input
does. What it answers depends on the last part of the path: gone is 410, lost is 404, busy is 429 with Retry-After the
first time, broken is 503 the first time, moved leads to another path, large is 413, cross is 403."""

import argparse
import base64
import hashlib
import http.server
import json
import os
import ssl
import sys
import threading

import http_ece
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

parser = argparse.ArgumentParser()
parser.add_argument("--certificate", required=True)
parser.add_argument("--key", required=True)
options = parser.parse_args()

browser = ec.generate_private_key(ec.SECP256R1())
auth = os.urandom(16)
seen = {}
printing = threading.Lock()


def tell(said):
    """A line that is whole, whoever else tells something at the same moment: print writes the text and its end apart."""
    with printing:
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


def unpacked(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def packed(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims(header):
    """What the signature of RFC 8292 is for; None when it is none of the key's."""
    kind, _, rest = header.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    head, body, signature = parts["t"].split(".")
    assert kind == "vapid" and json.loads(unpacked(head))["alg"] == "ES256"
    raw = unpacked(signature)
    assert len(raw) == 64
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unpacked(parts["k"]))
    both = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    try:
        key.verify(both, f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return None
    return {**json.loads(unpacked(body)), "key": parts["k"]}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        name = self.path.rsplit("/", 1)[-1]
        seen[name] = seen.get(name, 0) + 1
        text = http_ece.decrypt(body, private_key=browser, auth_secret=auth, version="aes128gcm")
        tell({
            "path": self.path, "bytes": len(body), "digest": hashlib.sha256(body).hexdigest(),
            "encoding": self.headers["Content-Encoding"], "ttl": int(self.headers["TTL"]),
            "urgency": self.headers["Urgency"], "topic": self.headers["Topic"],
            "claims": claims(self.headers["Authorization"]), "text": json.loads(text),
        })
        status, more = 201, {}
        if name == "gone":
            status = 410
        elif name == "lost":
            status = 404
        elif name == "large":
            status = 413
        elif name == "cross":
            status = 403
        elif name == "moved":
            status, more = 307, {"Location": "/push/elsewhere"}
        elif name == "busy" and seen[name] == 1:
            status, more = 429, {"Retry-After": "1"}
        elif name == "broken" and seen[name] == 1:
            status = 503
        self.send_response(status)
        for key, value in more.items():
            self.send_header(key, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(options.certificate, options.key)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
# Whoever connects and says nothing keeps back nobody else: hands are shaken in the thread of the connection.
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
tell({
    "port": server.server_address[1], "auth": packed(auth),
    "p256dh": packed(browser.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)),
})
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()

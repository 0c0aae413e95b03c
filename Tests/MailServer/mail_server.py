"""A mail server for tests: PyPI's aiosmtpd on a free port of 127.0.0.1.

Prints `port N`, then a JSON object for each message it takes, and ends when its input does. What it does depends on whom a
message is for: nobody@ is refused, busy@ is answered 451 the first time, hasty@ loses the connection the first time it has
sent its message, heavy@ is refused after the message, slow@ never gets an answer to one."""

import argparse
import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

parser = argparse.ArgumentParser()
parser.add_argument("--certificate")
parser.add_argument("--key")
parser.add_argument("--implicit", action="store_true")
parser.add_argument("--user")
parser.add_argument("--password")
parser.add_argument("--only-login", action="store_true")
parser.add_argument("--ascii", action="store_true")
parser.add_argument("--size", type=int, default=33554432)
options = parser.parse_args()


class Handler:
    def __init__(self):
        self.seen = {}

    def times(self, name):
        self.seen[name] = self.seen.get(name, 0) + 1
        return self.seen[name]

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address.startswith("nobody@"):
            return "550 5.1.1 There is nobody of this name"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].split("@")[0]
        if name == "busy" and self.times(name) == 1:
            return "451 4.7.1 Come back later"
        if name == "heavy":
            return "554 5.6.0 Not with this content"
        if name == "slow":
            await asyncio.sleep(3600)
        if name == "hasty" and self.times(name) == 1:
            server.transport.abort()
            return "451 never read"
        print(json.dumps({
            "from": envelope.mail_from, "to": envelope.rcpt_tos, "utf8": envelope.smtp_utf8,
            "options": envelope.mail_options, "hello": session.host_name,
            "login": session.auth_data.login.decode() if session.auth_data else None,
            "secure": server.transport.get_extra_info("ssl_object") is not None,
            "content": envelope.content.decode("utf-8"),
        }), flush=True)
        return "250 2.0.0 Taken as 4711"


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == options.user.encode() and data.password == options.password.encode()
    return AuthResult(success=good, handled=False, auth_data=data)


async def main():
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)
    handler = Handler()

    def protocol():
        return SMTP(
            handler, hostname="mail.test", enable_SMTPUTF8=not options.ascii, data_size_limit=options.size,
            tls_context=None if options.implicit else context,
            require_starttls=bool(context and not options.implicit),
            authenticator=authenticate if options.user else None, auth_required=bool(options.user),
            auth_require_tls=bool(context) and not options.implicit,
            auth_exclude_mechanism=["PLAIN"] if options.only_login else [])

    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", 0, ssl=context if options.implicit else None)
    print(f"port {server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
